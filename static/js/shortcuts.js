// One key alone, in the back-office: data-shortcut="v" is pressed by v. Loaded only for those who left them on.

const FIELDS = "input, textarea, select, [contenteditable]";
const named = [...document.querySelectorAll("[data-shortcut]")];
for (const element of named) element.setAttribute("aria-keyshortcuts", element.dataset.shortcut);

const rows = [...document.querySelectorAll("[data-row]")];
const atHand = () => rows.findIndex((link) => link.closest("tr").contains(document.activeElement));

// In the list, the row after or before the one at hand; in a dossier, the link to its neighbour.
const step = (by) => {
  if (!rows.length) return document.querySelector(`main a[rel~="${by > 0 ? "next" : "prev"}"]`)?.click();
  const here = atHand();
  const there = here < 0 ? (by > 0 ? 0 : -1) : here + by;
  return rows[there]?.focus();
};

const others = {
  j: () => step(1),
  k: () => step(-1),
  x: () => rows[atHand()]?.closest("tr").querySelector("input[type=checkbox]")?.click(),
  "/": () => document.querySelector('[role="search"] input[type="search"]')?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest(FIELDS) || document.querySelector("dialog[open]")) return;
  const act = others[event.key];
  const element = named.find((each) => each.dataset.shortcut === event.key);
  if (!act && (!element || event.repeat)) return;
  event.preventDefault();
  if (act) act();
  else element.click();
});
