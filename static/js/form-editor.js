/* The form editor: rows dragged to their place, a code proposed while the label is typed. Everything works without. */

const OVER = "ge-row--before";
const INTO = "ge-rows--into";

/** Send the row to a rank of a section: the same form as « Placer ». */
function place(row, section, rank) {
  const form = row.querySelector("[data-move]");
  form.elements.section.value = section;
  form.elements.position.value = rank;
  form.submit();
}

function dragging(editor) {
  let dragged = null;

  const clear = () => {
    for (const each of editor.querySelectorAll(`.${OVER}`)) each.classList.remove(OVER);
    for (const each of editor.querySelectorAll(`.${INTO}`)) each.classList.remove(INTO);
  };

  /** The row before which the pointer would drop, in that list; null at its end. */
  const following = (list, y) =>
    [...list.querySelectorAll("[data-row]")].find((row) => {
      const box = row.getBoundingClientRect();
      return row !== dragged && y < box.top + box.height / 2;
    }) ?? null;

  for (const handle of editor.querySelectorAll("[data-handle]")) {
    const row = handle.closest("[data-row]");
    handle.hidden = false;
    handle.draggable = true;
    handle.addEventListener("dragstart", (event) => {
      dragged = row;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.id);
      event.dataTransfer.setDragImage(row, 0, 0);
      row.classList.add("ge-row--dragged");
    });
    handle.addEventListener("dragend", () => {
      row.classList.remove("ge-row--dragged");
      dragged = null;
      clear();
    });
  }

  for (const section of editor.querySelectorAll("[data-section]")) {
    const list = section.querySelector("[data-rows]");
    section.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      clear();
      const next = following(list, event.clientY);
      (next ?? list).classList.add(next ? OVER : INTO);
    });
    section.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const next = following(list, event.clientY);
      const others = [...list.querySelectorAll("[data-row]")].filter((row) => row !== dragged);
      place(dragged, section.dataset.section, next ? others.indexOf(next) + 1 : others.length + 1);
    });
  }
}

/** The same code as the server proposes when the field is left blank. */
function codeOf(label) {
  const code = label
    .replace(/['’]/g, " ")
    .normalize("NFKD")
    .replace(/[^\w\s-]/g, "")
    .toLowerCase()
    .trim()
    .replace(/[-\s]+/g, "_")
    .slice(0, 36)
    .replace(/^_+|_+$/g, "");
  return !code || /^[a-z]/.test(code) ? code : `question_${code}`;
}

function proposing(form) {
  const { label, short_label: shortLabel, code } = form.elements;
  let untouched = code.value === "";
  code.addEventListener("input", () => {
    untouched = code.value === "";
  });
  const propose = () => {
    if (untouched) code.value = codeOf(shortLabel.value || label.value);
  };
  label.addEventListener("input", propose);
  shortLabel.addEventListener("input", propose);
}

/** The answers are of use only when the question is not always shown. */
function conditioning(form) {
  const answers = form.querySelector(".ge-answers");
  if (!answers) return;
  const show = () => {
    const mode = form.querySelector("input[name='shown-mode']:checked")?.value;
    answers.hidden = mode === "always" || mode === "kept";
  };
  form.addEventListener("change", show);
  show();
}

for (const editor of document.querySelectorAll("[data-form-editor]")) dragging(editor);
for (const form of document.querySelectorAll("[data-propose-code]")) proposing(form);
for (const form of document.querySelectorAll("[data-question-form]")) conditioning(form);
