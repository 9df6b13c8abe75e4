// The form of a dossier: comforts, nothing of which is needed. Which questions are asked, the server says (autosave.js).

const form = document.querySelector("form[data-dossier-form]");
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
form.addEventListener("change", freeTexts);
freeTexts();

// A long perimeter: filter its lines by name, number or town, and tick them all at once.
function siteTools(table) {
  const tools = table.closest("fieldset").querySelector("[data-site-tools]");
  if (!tools) return;
  tools.hidden = false;
  const rows = [...table.querySelectorAll("tbody tr:not(.care-row-group, .care-row-empty)")];
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
form.querySelectorAll(".care-sites").forEach(siteTools);

// A question shown again as it is stored is a new one.
document.addEventListener("htmx:afterSettle", (event) => {
  freeTexts();
  event.target.querySelectorAll?.(".care-sites").forEach(siteTools);
});

// Enter in the search of entities searches: it would save the form.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-search]")) {
    event.preventDefault();
    event.target.dispatchEvent(new Event("search"));
  }
});
