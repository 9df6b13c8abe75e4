// The form of a dossier: questions that depend on earlier answers appear as they are typed. The server decides the
// same way when the form is saved (dossiers/conditions.py), so that nothing here is needed.

const form = document.querySelector("form[data-dossier-form]");
const questions = [...form.querySelectorAll("[data-question]")];

// What conditions may ask of an answer: the same facts as on the server, null while unanswered or not shown.
function facts(code) {
  const question = questions.find((each) => each.dataset.question === code);
  if (!question || question.hidden) return null;
  const fields = [...question.querySelectorAll("input, select, textarea")].filter(
    (field) => field.name.startsWith(`${code}-`) && field.type !== "hidden" && field.type !== "file",
  );
  const sites = fields.filter((field) => field.name === `${code}-sites` && field.checked);
  if (fields.some((field) => field.name === `${code}-sites`)) {
    if (!sites.length) return null;
    const regions = new Set(sites.map((site) => site.dataset.region).filter(Boolean));
    return { value: sites.map((site) => site.value), regions: regions.size };
  }
  const values = fields
    .filter((field) => field.name === `${code}-value`)
    .filter((field) => (field.type === "radio" || field.type === "checkbox" ? field.checked : field.value.trim()))
    .map((field) => field.value);
  return values.length ? { value: values } : null;
}

function holds(condition) {
  if (condition.all) return condition.all.every(holds);
  if (condition.any) return condition.any.some(holds);
  const known = facts(condition.question);
  if (!known) return false;
  const fact = known[condition.fact ?? "value"];
  if (condition.in) return [fact].flat().some((value) => condition.in.includes(value));
  return fact > condition.above;
}

function update() {
  for (const question of questions) {
    if (question.dataset.shownWhen) question.hidden = !holds(JSON.parse(question.dataset.shownWhen));
  }
}

// The free text of « autre » is asked only with the choice that wants it.
function freeTexts() {
  for (const text of form.querySelectorAll("[data-free-text]")) {
    const wanted = JSON.parse(text.dataset.freeText);
    const question = text.closest("[data-question]");
    const chosen = question.querySelector("input[type=radio]:checked");
    text.hidden = !(chosen && wanted.includes(chosen.value));
  }
}

// « Équipée » only makes sense for a candidate site: ticking it makes the site a candidate.
form.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches(".care-sites input[name$='-equipped']") && box.checked) {
    const candidate = box.closest("tr").querySelector("input[name$='-sites']");
    if (!candidate.checked) {
      candidate.checked = true;
      candidate.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  if (box.matches(".care-sites input[name$='-sites']") && !box.checked) {
    box.closest("tr").querySelector("input[name$='-equipped']").checked = false;
  }
});
form.addEventListener("change", () => {
  update();
  freeTexts();
});
update();
freeTexts();

// On a narrow screen the list of questions is a summary that unfolds.
if (matchMedia("(max-width: 61.99em)").matches) document.querySelector("details.care-questions").open = false;

// A long perimeter: filter its lines by name, number or town, and tick them all at once.
for (const table of form.querySelectorAll(".care-sites")) {
  const tools = table.closest("fieldset").querySelector("[data-site-tools]");
  if (!tools) continue;
  tools.hidden = false;
  const rows = [...table.tBodies[0].rows];
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const search = tools.querySelector("input");
  const status = tools.querySelector("[role=status]");
  search.addEventListener("input", () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const found = words.every((word) => plain(row.cells[0].textContent).includes(word));
      row.hidden = !found;
      shown += found;
    }
    status.textContent = words.length ? `${shown} entité${shown > 1 ? "s" : ""} affichée${shown > 1 ? "s" : ""}` : "";
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-tick]");
    if (!button) return;
    for (const row of rows.filter((each) => !each.hidden)) {
      for (const name of button.dataset.tick.split(" ")) row.querySelector(`input[name$='-${name}']`).checked = true;
    }
    table.querySelector("input").dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// Slots for files: one drops anywhere on the zone; what was chosen is said until it is sent.
for (const zone of form.querySelectorAll("[data-drop]")) {
  const field = zone.querySelector("input[type=file]");
  const chosen = zone.parentElement.querySelector("[data-chosen]");
  zone.classList.add("care-drop--live");
  for (const name of ["dragenter", "dragover"]) field.addEventListener(name, () => zone.classList.add("care-drop--over"));
  for (const name of ["dragleave", "drop"]) field.addEventListener(name, () => zone.classList.remove("care-drop--over"));
  const tell = () => {
    const names = [...field.files].map((file) => `«\u00a0${file.name}\u00a0»`).join(", ");
    chosen.textContent = names && `À déposer\u00a0: ${names}. Pressez «\u00a0Déposer\u00a0», ou enregistrez le formulaire.`;
  };
  field.addEventListener("change", tell);
  window.addEventListener("pageshow", tell);
}
