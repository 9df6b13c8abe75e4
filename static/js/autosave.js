// Each answer is saved by itself (D6): htmx sends it, the server says what became of it and which questions are now
// asked. Here: when to send, what the states say, and what waits when the server cannot be reached. Nothing is ever
// « Enregistré » before the server said so. Without this script, the buttons of the form save everything.

const form = document.querySelector("form[data-dossier-form]");
const spoken = document.querySelector("[data-saving-status]");
// The storage of the tab, never of the machine: it may be shared.
const KEY = `ecare:${form.dataset.author}:${form.dataset.dossierForm}`;
const PAUSE = 1200;
// Pressing a button leaves the field first: its answer must not move the page under the pointer before the click ends.
const PRESS = 300;
const LONGEST_WAIT = 60_000;
const PATIENCE = 20_000;

const waiting = load();
const timers = new Map();
const failures = new Map();
const sent = new Map();
let submitting = null;
let leaving = false;

htmx.config.timeout = PATIENCE;

function load() {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith("ecare:") && !key.startsWith(`ecare:${form.dataset.author}:`)) sessionStorage.removeItem(key);
    }
    return new Map(Object.entries(JSON.parse(sessionStorage.getItem(KEY) ?? "{}")));
  } catch {
    return new Map();
  }
}

function store() {
  try {
    if (waiting.size) sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(waiting)));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Full, or forbidden: the page itself still holds what was typed.
  }
  if (!waiting.size) form.dispatchEvent(new Event("care:saved"));
}

const find = (code) => form.querySelector(`[data-question="${CSS.escape(code)}"][hx-post]`);
const owner = (element) => element.closest?.("[data-question][hx-post]");
const base = (code) => document.getElementById(`base-${code}`);

function fields(question) {
  const prefix = `${question.dataset.question}-`;
  return [...question.querySelectorAll("input, select, textarea")].filter(
    (field) => field.name.startsWith(prefix) && field.type !== "hidden" && field.type !== "file",
  );
}

function values(question) {
  const found = {};
  for (const field of fields(question)) {
    if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
    if (field.value) (found[field.name] ??= []).push(field.value);
  }
  return found;
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

const lineOf = (code) => document.getElementById(`etat-${code}`);

function say(code, template, reason = "") {
  const line = lineOf(code);
  const focusAgain = focusOf(line);
  line.replaceChildren(document.querySelector(`template[${template}]`).content.cloneNode(true));
  const slot = line.querySelector("[data-reason]");
  if (slot) slot.textContent = reason;
  focusAgain();
}

// A line drawn again takes its buttons away: the focus goes to the new one of the same name, or to the question.
function focusOf(line) {
  const name = line.contains(document.activeElement) && document.activeElement.textContent;
  if (!name) return () => {};
  return () => {
    const again = [...line.querySelectorAll("button, a")].find((each) => each.textContent === name);
    (again ?? line.closest("[data-question]")).focus({ preventScroll: true });
  };
}

// Said aloud once: a text that does not change is not repeated.
function announce(text) {
  if (spoken.textContent !== text) spoken.textContent = text;
}

function later(code, delay) {
  clearTimeout(timers.get(code));
  timers.set(code, setTimeout(() => save(code), delay));
}

function save(code) {
  clearTimeout(timers.get(code));
  timers.delete(code);
  find(code)?.dispatchEvent(new CustomEvent("care:save"));
}

function edited(event) {
  const question = owner(event.target);
  if (!question || !fields(question).includes(event.target)) return;
  const code = question.dataset.question;
  waiting.set(code, { values: values(question), base: waiting.get(code)?.base ?? base(code).value });
  store();
  later(code, event.type === "input" ? PAUSE : PRESS);
}
form.addEventListener("input", edited);
form.addEventListener("change", edited);
form.addEventListener("focusin", (event) => {
  const question = event.target.closest("[data-question]");
  if (question) form.elements.from.value = question.dataset.question;
});

function failed(code, reason, { again = true } = {}) {
  const times = (failures.get(code) ?? 0) + 1;
  failures.set(code, times);
  say(code, "data-not-saved", reason);
  announce(`Réponse non enregistrée\u00a0: ${reason}`);
  if (again) later(code, Math.min(1000 * 2 ** times, LONGEST_WAIT));
}

const OFFLINE = "la connexion est coupée. Votre saisie est gardée dans cet onglet, elle sera envoyée dès son retour.";
const REASONS = {
  413: "cette réponse est trop longue. Raccourcissez-la.",
  429: "trop de demandes à la fois. Nouvel essai dans un instant.",
  signIn: "votre session est terminée. Rechargez cette page pour vous connecter\u00a0: votre saisie est gardée dans cet onglet.",
  server: "le portail ne répond pas. Votre saisie est gardée dans cet onglet, un nouvel essai suit.",
  other: "la demande est refusée. Rechargez cette page\u00a0: votre saisie est gardée dans cet onglet.",
};

// htmx sends the whole form of the element: only this question is wanted.
form.addEventListener("htmx:configRequest", (event) => {
  const code = event.target.dataset.question;
  if (!code) return;
  if (leaving) return event.preventDefault();
  const kept = new Set(["csrfmiddlewaretoken", "saisie"]);
  const data = event.detail.formData;
  for (const name of new Set(data.keys())) {
    if (!kept.has(name) && (!name.startsWith(`${code}-`) || name === `${code}-files`)) data.delete(name);
  }
  sent.set(code, values(event.target));
  // A save that starts by itself takes no button away from under the keyboard.
  if (!lineOf(code).contains(document.activeElement)) say(code, "data-saving");
});

// A refusal, a conflict, a session that ended: the server says it in a fragment. A page of sign-in is no fragment.
form.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.target.id.startsWith("etat-")) return;
  const { xhr } = event.detail;
  if (xhr.status === 409 || xhr.status === 401) event.detail.shouldSwap = true;
  else if (!isAnswer(xhr, event.detail.requestConfig.path)) event.detail.shouldSwap = false;
  if (event.detail.shouldSwap) event.target.addEventListener("htmx:afterSwap", focusOf(event.target), { once: true });
});

const isAnswer = (xhr, path) => xhr.status === 200 && new URL(xhr.responseURL).pathname === path;

form.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, elt, requestConfig } = event.detail;
  const code = elt.dataset.question;
  if (!code) return;
  const wanted = sent.get(code);
  sent.delete(code);
  if (isAnswer(xhr, requestConfig.path)) saved(code, elt, wanted);
  else if (xhr.status === 409 || xhr.status === 401) refused(code);
  else if (xhr.status === 0) failed(code, OFFLINE);
  else if (xhr.status === 200) failed(code, REASONS.signIn, { again: false });
  else if (xhr.status >= 500) failed(code, REASONS.server);
  else failed(code, REASONS[xhr.status] ?? REASONS.other, { again: xhr.status === 429 });
  if (!submitting || sent.size) return;
  const button = submitting;
  submitting = null;
  leaving = true; // once: what the departure cuts short ends here too
  form.requestSubmit(button);
});

function saved(code, question, wanted) {
  failures.delete(code);
  question.classList.remove("care-question--parked");
  if (same(wanted, values(question))) waiting.delete(code);
  else waiting.set(code, { values: values(question), base: base(code).value });
  store();
  placeErrors(question);
  announce(document.querySelector(`#etat-${CSS.escape(code)} p`)?.textContent ?? "");
}

function refused(code) {
  const line = lineOf(code);
  announce(line.querySelector("p").textContent.trim());
}

// What is wrong goes beside its field; what has no place there stays under the question.
function placeErrors(question) {
  for (const messages of question.querySelectorAll(".fr-messages-group[id^='id_']")) messages.replaceChildren();
  for (const field of question.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const name of ["fr-input-group--error", "fr-select-group--error", "fr-fieldset--error", "fr-input--error"]) {
    for (const element of question.querySelectorAll(`.${name}`)) element.classList.remove(name);
  }
  const list = question.querySelector("[data-errors]");
  if (!list) return;
  for (const item of [...list.children]) {
    const field = document.getElementById(item.dataset.for);
    const messages = document.getElementById(`${item.dataset.for}-messages`);
    if (!field || !messages) continue;
    const message = document.createElement("p");
    message.className = "fr-message fr-message--error";
    message.textContent = item.textContent;
    messages.append(message);
    item.remove();
    if (!field.matches("fieldset") || field.getAttribute("role") === "radiogroup") field.setAttribute("aria-invalid", "true");
    if (field.matches("input, textarea")) field.classList.add("fr-input--error");
    field.closest(".fr-input-group")?.classList.add("fr-input-group--error");
  }
  if (!list.children.length) list.remove();
}

// The server alone knows which questions are asked.
form.addEventListener("care:asked", (event) => {
  const asked = new Set(event.detail.asked);
  for (const question of form.querySelectorAll("[data-conditional]")) question.hidden = !asked.has(question.dataset.question);
});

form.addEventListener("click", (event) => {
  const question = owner(event.target);
  if (!question) return;
  const code = question.dataset.question;
  if (event.target.closest("[data-retry]")) {
    question.focus({ preventScroll: true });
    save(code);
  }
  const mine = event.target.closest("[data-keep-mine]");
  if (mine) {
    base(code).value = mine.dataset.keepMine;
    question.focus({ preventScroll: true });
    waiting.set(code, { values: values(question), base: mine.dataset.keepMine });
    store();
    save(code);
  }
});

// « Reprendre la réponse enregistrée »: what waited for this question is not wanted any more.
document.addEventListener("htmx:afterSettle", (event) => {
  const question = event.target.closest?.("[data-question]");
  if (!question || event.target !== question) return;
  waiting.delete(question.dataset.question);
  store();
  question.focus({ preventScroll: true });
  announce("La réponse enregistrée est reprise.");
});

window.addEventListener("online", () => {
  for (const code of failures.keys()) save(code);
});

// A save on its way ends first: its fingerprint goes with the form, which would clash with itself otherwise.
form.addEventListener("submit", (event) => {
  for (const timer of timers.values()) clearTimeout(timer);
  if (!sent.size || leaving) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  submitting = event.submitter;
});
window.addEventListener("pageshow", () => (leaving = false));

// What waited when the page was left: put back in its fields, and sent again as the answer that it was.
for (const [code, { values: typed, base: known }] of [...waiting]) {
  const question = find(code);
  if (!question || same(typed, values(question))) {
    waiting.delete(code);
    continue;
  }
  for (const field of fields(question)) {
    const wanted = typed[field.name] ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = wanted.includes(field.value);
    else field.value = wanted[0] ?? "";
  }
  base(code).value = known;
  later(code, 0);
}
store();
