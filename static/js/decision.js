// The page of a decision, and that of a batch. Everything works without this.

// A draft that was not kept says so: nothing is ever « enregistré » before the server said it.
const drafted = document.querySelector("form[hx-post]");
const REASONS = {
  over: "votre session est terminée. Connectez-vous dans un nouvel onglet, puis continuez ici.",
  left: "vous n'avez plus accès à ce dossier. Copiez ce que vous avez écrit avant de quitter la page.",
  away: "eCaRE ne répond pas. Ce que vous avez écrit reste sur cette page.",
};
let typed = 0;
let sent = 0;
drafted?.addEventListener("input", () => (typed += 1));
drafted?.addEventListener("htmx:beforeRequest", () => (sent = typed));
drafted?.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, requestConfig } = event.detail;
  const here = xhr.responseURL && new URL(xhr.responseURL).pathname === new URL(requestConfig.path, location).pathname;
  if (here && xhr.status === 200) {
    if (sent === typed) drafted.dispatchEvent(new Event("care:saved"));
    return;
  }
  const reason = xhr.status === 404 ? "left" : xhr.status === 200 || xhr.status === 403 ? "over" : "away";
  document.getElementById("etat-brouillon").textContent = `Le brouillon n'est pas enregistré\u00a0: ${REASONS[reason]}`;
});

// The texts of the team, put in a message where the cursor is. Without this, the server puts them at its end.

for (const picker of document.querySelectorAll("[data-insert-into]")) {
  const select = picker.querySelector("select");
  const field = document.getElementById(picker.dataset.insertInto);
  // Of every field, the position that its cursor had last: the end until it was used.
  let place = field.value.length;
  field.addEventListener("blur", () => (place = field.selectionEnd));
  picker.querySelector("button").addEventListener("click", (event) => {
    const text = document.getElementById(`texte-type-${select.value}`)?.content.textContent;
    if (text === undefined) return; // the server says what is missing
    event.preventDefault();
    const before = field.value.slice(0, place).trimEnd();
    const after = field.value.slice(place).trimStart();
    const start = before ? `${before}\n\n${text}` : text;
    field.setRangeText(after ? `${start}\n\n${after}` : start, 0, field.value.length);
    field.focus();
    field.setSelectionRange(start.length, start.length);
    place = start.length;
    select.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
