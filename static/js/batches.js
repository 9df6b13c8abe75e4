// The boxes of the list: how many are ticked, and one button for the page. Everything works without it.

const form = document.querySelector("#lot-de-dossiers");
const said = form.querySelector("[data-ticked]");
const button = form.querySelector("[data-tick-page]");
const scope = form.elements.perimetre;
const boxes = [...document.querySelectorAll('input[name="dossiers"][form="lot-de-dossiers"]')];

const show = () => {
  const ticked = boxes.filter((box) => box.checked).length;
  said.textContent = ticked ? `${ticked} ${ticked > 1 ? "cochés" : "coché"}` : "";
  button.textContent = ticked === boxes.length ? "Décocher la page" : "Cocher la page";
};

button.hidden = boxes.length < 2;
button.addEventListener("click", () => {
  const all = boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = !all;
  scope.value = "coches";
  show();
});
for (const box of boxes) {
  box.addEventListener("change", () => {
    scope.value = "coches";
    show();
  });
}
show();
