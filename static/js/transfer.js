// « Confirmer le transfert » can be pressed once a dossier is chosen (guide p. 34). The server checks it anyway.
const form = document.querySelector("form[data-transfer]");
if (form) {
  const button = form.querySelector("button[type=submit]");
  const update = () => (button.disabled = !form.querySelector("input[name=dossiers]:checked"));
  form.addEventListener("change", update);
  window.addEventListener("pageshow", update);
  update();
}
