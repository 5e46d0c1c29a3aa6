// The list of oficios to make: mark all, and say on the button how many there will be.

const form = document.querySelector("[data-batch]");
if (form) {
  const all = form.querySelector("[data-batch-all]");
  const button = form.querySelector("[data-batch-button]");
  const boxes = [...form.querySelectorAll("[data-batch-one]")];

  const count = () => {
    const marked = boxes.filter((box) => box.checked).length;
    button.textContent = marked === 1 ? "Hacer 1 oficio" : `Hacer ${marked} oficios`;
    button.disabled = marked === 0;
    all.checked = marked === boxes.length;
    all.indeterminate = marked > 0 && marked < boxes.length;
  };

  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  form.addEventListener("change", count);
  window.addEventListener("pageshow", count);
  count();
}
