// The list of the back-office. Everything works without it.

// <details data-fold="name">: folded on narrow screens, as the person left it on the others, open when it is in error.
const inError = document.querySelector("[data-error-summary]");
for (const details of document.querySelectorAll("details[data-fold]")) {
  const key = `fold-${details.dataset.fold}`;
  const wide = matchMedia("(min-width: 62rem)").matches;
  if (inError) details.open = true;
  else if (!wide || sessionStorage.getItem(key) === "folded") details.open = false;
  details.addEventListener("toggle", () => {
    if (wide) sessionStorage.setItem(key, details.open ? "open" : "folded");
  });
}

// <form data-short-url>: blank filters stay out of the address.
for (const form of document.querySelectorAll("form[data-short-url]")) {
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
}

// <fieldset data-columns>: one button ticks everything, or nothing once everything is.
for (const fieldset of document.querySelectorAll("fieldset[data-columns]")) {
  const button = fieldset.querySelector("[data-tick-all]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [...fieldset.querySelectorAll("input[type=checkbox]")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  });
}
