// Slots for files: sent one by one as soon as they are chosen or dropped, each with its progress. Without this script
// they go with the form, by the same fields and buttons; the server decides what enters (dossiers/views/files.py).

const SENT_AT_ONCE = 2;
const waiting = [];
let sending = 0;
// The button pressed while files were on their way.
let held = null;
// How many answers each slot has had, and the last upload of each name.
const heard = new WeakMap();
const latest = new Map();
// What leaves the machine before a cancellation may still enter: seen by the server within so many milliseconds.
const SETTLED = 1500;

const form = document.querySelector("form[data-dossier-form]");
const answersOf = (slot) => heard.get(slot) ?? 0;
const quoted = (name) => `«\u00a0${name}\u00a0»`;
const megabytes = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 });

const CUT = "La connexion a été coupée avant la fin. Vérifiez votre accès à internet, puis réessayez.";
const FAILED = "Le portail n'a pas pu recevoir ce fichier. Réessayez dans un instant.";
const SIGNED_OUT = "Votre session a expiré. Reconnectez-vous dans un autre onglet, puis réessayez ici.";
const TOO_LARGE = "Cet envoi dépasse la taille acceptée.";

// What every request for a slot says.
function formData() {
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
  data.append("saisie", form.elements.saisie.value);
  return data;
}

// After a new sign-in in another tab, the page is known under another token.
async function renewToken() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("form[data-dossier-form] [name=csrfmiddlewaretoken]");
  if (!fresh) return;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = fresh.value;
}

// A slot as the server shows it now; null when the answer is another page, such as the sign-in.
function shown(slot, html) {
  return new DOMParser().parseFromString(html, "text/html").getElementById(slot.id);
}

// Why nothing enters the dossier any more, in a fragment that is no slot.
function refusedIn(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector("[data-refusal]")?.textContent ?? "";
}

function say(slot, text) {
  slot.querySelector("[data-status]").textContent = text;
}

function complain(slot, texts) {
  const messages = slot.querySelector("[data-messages]");
  messages.replaceChildren(
    ...texts.map((text) => {
      const message = document.createElement("p");
      message.className = "fr-message fr-message--error";
      message.textContent = text;
      return message;
    }),
  );
  slot.classList.toggle("fr-upload-group--error", texts.length > 0);
}

function reasons(fresh) {
  return [...fresh.querySelectorAll("[data-messages] .fr-message--error")].map((each) => each.textContent);
}

function renew(slot, fresh) {
  const active = document.activeElement;
  const focused = slot.contains(active) ? active.closest("[data-file]") : null;
  slot.querySelector("[data-files]").replaceWith(fresh.querySelector("[data-files]"));
  if (focused) {
    const kept = slot.querySelector(`[data-file="${focused.dataset.file}"]`);
    kept?.querySelector(active.name ? `[name="${active.name}"]` : "a")?.focus();
  }
  // What depends on the files, elsewhere in the page, comes along.
  for (const part of fresh.ownerDocument.querySelectorAll("[hx-swap-oob][id]")) {
    part.removeAttribute("hx-swap-oob");
    document.getElementById(part.id)?.replaceWith(part);
  }
}

// Answers cross on their way: the last to arrive may have been made first, and lack a file that is there. The slot is
// then asked for as it is now.
function hear(slot, fresh, since) {
  const before = answersOf(slot);
  heard.set(slot, before + 1);
  renew(slot, fresh);
  return before === since ? null : refresh(slot);
}

async function refresh(slot) {
  const since = answersOf(slot);
  try {
    const answer = await fetch(slot.dataset.upload, { method: "POST", body: formData(), credentials: "same-origin" });
    const fresh = shown(slot, await answer.text());
    if (fresh) await hear(slot, fresh, since);
  } catch {
    // What is shown stays, until the next answer.
  }
}

function filesNamed(slot, name) {
  return [...slot.querySelectorAll("[data-file] .care-file__name > :first-child")].filter((each) => each.textContent === name);
}

// One file on its way.
class Upload {
  constructor(slot, file, replaced) {
    this.slot = slot;
    this.file = file;
    this.replaced = replaced;
    latest.set(file.name, this);
    this.row = slot.querySelector("[data-row]").content.firstElementChild.cloneNode(true);
    this.part("name").textContent = file.name;
    for (const place of this.row.querySelectorAll("[data-of]")) place.textContent = quoted(file.name);
    this.part("progress").setAttribute("aria-label", `Envoi de ${quoted(file.name)}`);
    this.part("cancel").addEventListener("click", () => this.cancel());
    this.part("retry").addEventListener("click", () => this.retry());
    this.part("dismiss").addEventListener("click", () => this.leave());
    const list = slot.querySelector("[data-sending]");
    list.hidden = false;
    list.append(this.row);
    const refusal = this.refusal();
    if (refusal) this.refuse(refusal);
    else this.wait();
  }

  part(name) {
    return this.row.querySelector(`[data-${name}]`);
  }

  // What is known without sending it: the server would say the same after minutes.
  refusal() {
    const { size, name } = this.file;
    const types = this.slot.querySelector("input[type=file]").accept.split(",");
    if (!types.some((type) => name.toLowerCase().endsWith(type))) {
      return `Le fichier ${quoted(name)} n'est pas accepté\u00a0: ${this.slot.dataset.otherType}`;
    }
    if (size < Number(this.slot.dataset.maxBytes)) return "";
    const weight = megabytes.format(size / 1024 / 1024);
    return `Le fichier ${quoted(name)} pèse ${weight}\u00a0Mo\u00a0: ${this.slot.dataset.tooLarge}`;
  }

  show(text, { progress = false, cancel = false, retry = false, dismiss = false }) {
    this.part("state").textContent = text;
    this.part("progress").hidden = !progress;
    this.part("cancel").hidden = !cancel;
    this.part("retry").hidden = !retry;
    this.part("dismiss").hidden = !dismiss;
    this.row.classList.toggle("care-file--refused", dismiss);
  }

  wait() {
    this.part("progress").value = 0;
    this.show("En attente", { progress: true, cancel: true });
    waiting.push(this);
    next();
  }

  send() {
    const data = formData();
    if (this.replaced) data.append("replace", this.replaced);
    data.append(this.slot.querySelector("input[type=file]").name, this.file);
    this.since = answersOf(this.slot);
    this.request = new XMLHttpRequest();
    this.request.upload.addEventListener("progress", (event) => {
      const percent = Math.floor((event.loaded * 100) / event.total);
      this.part("progress").value = percent;
      this.show(`${percent}\u00a0% de ${megabytes.format(this.file.size / 1024 / 1024)}\u00a0Mo`, { progress: true, cancel: true });
    });
    // Once the server has it all, nothing can be taken back.
    this.request.upload.addEventListener("load", () => this.show("Vérification du fichier…", { progress: true }));
    this.request.addEventListener("load", () => this.answered());
    this.request.addEventListener("error", () => this.fail(CUT));
    this.request.addEventListener("loadend", () => {
      sending -= 1;
      next();
    });
    this.request.open("POST", this.slot.dataset.upload);
    this.request.send(data);
  }

  answered() {
    const { status, responseText } = this.request;
    const fresh = shown(this.slot, responseText);
    if (fresh) {
      hear(this.slot, fresh, this.since);
      const texts = reasons(fresh);
      if (texts.length) this.refuse(texts.join(" "));
      else this.leave(`${quoted(this.file.name)} est déposé.`);
    } else if (status === 409) {
      this.refuse(refusedIn(responseText) || FAILED);
    } else if (status === 413) {
      this.refuse(TOO_LARGE);
    } else if (status < 400 || status === 403) {
      this.signedOut = true;
      this.fail(SIGNED_OUT);
    } else {
      this.fail(FAILED);
    }
  }

  refuse(text) {
    this.show(text, { dismiss: true });
    say(this.slot, text);
  }

  fail(text) {
    this.show(text, { retry: true, dismiss: true });
    say(this.slot, `${quoted(this.file.name)}\u00a0: ${text}`);
  }

  async retry() {
    const focused = this.row.contains(document.activeElement);
    if (this.signedOut) await renewToken().catch(() => {});
    this.signedOut = false;
    this.wait();
    if (focused) this.part("cancel").focus();
  }

  cancel() {
    const place = waiting.indexOf(this);
    if (place >= 0) waiting.splice(place, 1);
    else this.abort();
    this.leave(`L'envoi de ${quoted(this.file.name)} est annulé.`);
  }

  // Its last bytes may have left already: what the server kept is then shown, and said.
  abort() {
    const { slot, file } = this;
    const before = filesNamed(slot, file.name).length;
    this.request.abort();
    setTimeout(async () => {
      await refresh(slot);
      if (latest.get(file.name) !== this || filesNamed(slot, file.name).length <= before) return;
      say(slot, `${quoted(file.name)} était déjà arrivé\u00a0: il est dans la liste, d'où vous pouvez l'archiver.`);
    }, SETTLED);
  }

  leave(text = "") {
    const focused = this.row.contains(document.activeElement);
    const list = this.row.parentElement;
    this.row.remove();
    list.hidden = !list.children.length;
    if (text) say(this.slot, text);
    if (focused) this.slot.querySelector("input[type=file]").focus();
  }
}

function next() {
  while (sending < SENT_AT_ONCE && waiting.length) {
    sending += 1;
    waiting.shift().send();
  }
  if (sending || !held) return;
  const button = held;
  held = null;
  // A file refused meanwhile is told here: leaving would hide why.
  const left = form.querySelector("[data-sending] li");
  if (left) left.scrollIntoView({ block: "center" });
  else form.requestSubmit(button);
}

function take(slot, files, replaced = "") {
  if (!files.length) return;
  complain(slot, []);
  say(slot, files.length > 1 ? `Envoi de ${files.length} fichiers.` : `Envoi de ${quoted(files[0].name)}.`);
  files.forEach((file, place) => new Upload(slot, file, place === 0 ? replaced : ""));
}

// A button beside a file: the slot is shown again, and the focus stays with the file.
async function press(slot, button) {
  const { name, value } = button;
  const row = button.closest("[data-file]");
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  const data = formData();
  data.append(name, value);
  button.setAttribute("aria-disabled", "true");
  const since = answersOf(slot);
  let fresh = null;
  let why = "";
  try {
    const answer = await fetch(slot.dataset.upload, { method: "POST", body: data, credentials: "same-origin" });
    const html = await answer.text();
    fresh = shown(slot, html);
    why = refusedIn(html);
  } catch {
    fresh = null;
  }
  if (!fresh) {
    button.removeAttribute("aria-disabled");
    complain(slot, [why || (navigator.onLine ? SIGNED_OUT : CUT)]);
    return;
  }
  hear(slot, fresh, since);
  complain(slot, reasons(fresh));
  const file = row.querySelector(".care-file__name > :first-child").textContent;
  if (name === "archive") say(slot, `${quoted(file)} est archivé.`);
  else say(slot, `${quoted(file)} est ${name === "up" ? "monté" : "descendu"}.`);
  const kept = slot.querySelector(`[data-file="${name === "archive" ? neighbour?.dataset.file : value}"]`);
  const target = kept?.querySelector(`[name=${name}]`) ?? kept?.querySelector("[name=up], [name=down]");
  (target ?? slot.querySelector("input[type=file]")).focus();
}

for (const slot of form?.querySelectorAll("[data-upload]") ?? []) {
  const zone = slot.querySelector("[data-drop]");
  const field = slot.querySelector("input[type=file]");
  const several = field.multiple;
  let replaced = "";

  zone.classList.add("care-drop--live");
  slot.querySelector("[data-send]").hidden = true;
  // Files are not a part of what is typed: they are sent by themselves.
  for (const name of ["input", "change"]) field.addEventListener(name, (event) => event.stopPropagation());
  field.addEventListener("change", () => {
    const files = [...field.files];
    field.value = "";
    take(slot, files, replaced);
    replaced = "";
    field.multiple = several;
  });
  field.addEventListener("cancel", () => {
    replaced = "";
    field.multiple = several;
  });

  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("care-drop--over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("care-drop--over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    take(slot, [...event.dataTransfer.files]);
  });

  slot.addEventListener("click", (event) => {
    const button = event.target.closest("[data-file] button");
    if (!button) return;
    event.preventDefault();
    if (button.ariaDisabled === "true") return;
    if (button.name === "replace") {
      replaced = button.value;
      field.multiple = false;
      field.click();
    } else {
      press(slot, button);
    }
  });
}

// A file dropped beside a zone must not take the place of the page.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}
// The form leaves once its files are there.
form?.addEventListener(
  "submit",
  (event) => {
    if (!sending) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held = event.submitter;
    for (const list of form.querySelectorAll("[data-sending]:not([hidden])")) {
      say(list.closest("[data-upload]"), "La suite attend la fin de l'envoi des fichiers.");
    }
  },
  true,
);
window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
