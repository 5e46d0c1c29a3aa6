// Questions that are asked only with some answers of another question of the same form.

for (const form of document.querySelectorAll(".procedure-form form")) {
  const arrange = () => {
    for (const label of form.querySelectorAll("[data-only-if]")) {
      label.hidden = !label.dataset.onlyValues.split(" ").includes(form.elements[label.dataset.onlyIf].value);
    }
  };
  form.addEventListener("change", arrange);
  arrange();
}
