// Transferring dossiers (guide p. 33–34): the page of the transfer opens as a pop-in, and « Confirmer le transfert » can
// be pressed once a dossier is chosen. Without this script the link leads to the same page; the server checks it anyway.

function update(form) {
  form.querySelector("button[type=submit]").disabled = !form.querySelector("input[name=dossiers]:checked");
}

function updateAll() {
  for (const form of document.querySelectorAll("form[data-transfer]")) update(form);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-transfer]");
  if (form) update(form);
});
window.addEventListener("pageshow", updateAll);
updateAll();

// Anything but the pop-in (a session that ended, a colleague who left) is read as a page.
function follow(event) {
  event.preventDefault();
  location.assign(event.detail.requestConfig.path);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (event.target.id !== "pop-in") return;
  if (xhr.status !== 200 || new URL(xhr.responseURL).pathname !== new URL(requestConfig.path, location).pathname) follow(event);
});
document.addEventListener("htmx:sendError", follow);
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.id === "pop-in" && event.target.querySelector("dialog");
  if (!dialog) return;
  updateAll();
  dialog.showModal();
});
