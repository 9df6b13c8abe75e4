// What every page may need. Each behaviour is asked for by a data-… attribute and the page works without it.

// An invalid form: the summary of errors is read first, its links put the cursor in the field (Q65).
function errorSummary() {
  const summary = document.querySelector("[data-error-summary]");
  if (!summary) return;
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    const label = field.labels?.[0]?.closest("fieldset") ?? field.labels?.[0] ?? field;
    label.scrollIntoView({ block: "start" });
    const first = field.matches("fieldset") && field.querySelector("input:not([type=hidden])");
    (first || field).focus({ preventScroll: true });
  });
}

// <a href="/equivalent/" data-dialog-open="id"> opens the <dialog>; the browser gives the focus back when it closes.
function dialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialogOpen);
      if (!dialog?.showModal) return;
      event.preventDefault();
      dialog.showModal();
      return;
    }
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) {
      event.preventDefault();
      closer.closest("dialog").close();
      return;
    }
    // A press outside the box, that is on the dialog element itself, closes it too.
    if (event.target.matches?.("dialog.care-dialog")) event.target.close();
  });
  document.querySelector("dialog[data-dialog-opened]")?.showModal();
}

// A <details data-menu> closes on Escape, giving the focus back, and when the focus or a click goes elsewhere.
function menus() {
  for (const menu of document.querySelectorAll("details[data-menu]")) {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    menu.addEventListener("focusout", ({ relatedTarget }) => {
      // A press on a label, or beside a field, gives the focus to what is around the menu: it has not left.
      if (relatedTarget && !menu.contains(relatedTarget) && !relatedTarget.contains(menu)) menu.open = false;
    });
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  }
}

// <details open data-fold-narrow>: on a narrow screen, a summary that unfolds.
function folds() {
  if (!matchMedia("(max-width: 61.99em)").matches) return;
  for (const details of document.querySelectorAll("details[data-fold-narrow]")) details.open = false;
}

// <form data-unsaved>: leaving with something typed and not sent asks for confirmation.
function unsaved() {
  for (const form of document.querySelectorAll("form[data-unsaved]")) {
    let dirty = false;
    form.addEventListener("input", () => (dirty = true));
    form.addEventListener("submit", () => (dirty = false));
    form.addEventListener("care:saved", () => (dirty = false));
    window.addEventListener("beforeunload", (event) => {
      if (dirty) event.preventDefault();
    });
  }
}

// <textarea maxlength data-character-count>: says what is left, aloud only once the person pauses.
function characterCounts() {
  const number = new Intl.NumberFormat("fr-FR");
  for (const field of document.querySelectorAll("[data-character-count][maxlength]")) {
    const shown = document.createElement("p");
    shown.className = "fr-hint-text care-character-count";
    shown.setAttribute("aria-hidden", "true");
    const spoken = document.createElement("p");
    spoken.className = "fr-sr-only";
    spoken.setAttribute("role", "status");
    field.after(shown, spoken);
    let pause;
    const update = () => {
      const left = field.maxLength - field.value.length;
      shown.textContent = `${number.format(left)} caractère${left > 1 ? "s" : ""} restant${left > 1 ? "s" : ""}`;
      clearTimeout(pause);
      pause = setTimeout(() => (spoken.textContent = shown.textContent), 1000);
    };
    field.addEventListener("input", update);
    update();
  }
}

// A double press on the button of <form data-once> sends the form once; the server is protected on its own (Q32).
function once() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-once]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
}

// What htmx puts in a page is a part of it: an answer that came from elsewhere, the page of sign-in above all, is left out.
function fragments() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (new URL(xhr.responseURL, location).pathname !== new URL(requestConfig.path, location).pathname) {
      event.detail.shouldSwap = false;
    }
  });
}

fragments();
errorSummary();
dialogs();
menus();
folds();
unsaved();
characterCounts();
once();
