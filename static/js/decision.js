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
