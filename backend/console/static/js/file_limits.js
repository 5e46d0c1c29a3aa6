// Files too many or too large are refused before they are sent, so that nothing typed is lost.
// A form with `data-files` says how many it takes, if not any number; `data-megabytes` how much, if not 10.

const MEGABYTE = 1024 * 1024;

for (const input of document.querySelectorAll("form[data-files] input[type='file']")) {
  const most = Number(input.form.dataset.files) || Infinity;
  const megabytes = Number(input.form.dataset.megabytes) || 10;
  const tooLarge = input.multiple ? `Los archivos pasan de ${megabytes} MB entre todos.` : `El archivo pasa de ${megabytes} MB.`;
  input.addEventListener("change", () => {
    const files = [...input.files];
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const problem = files.length > most ? `Elija ${most} archivos como máximo.` : size > megabytes * MEGABYTE ? tooLarge : "";
    input.setCustomValidity(problem);
    if (problem) input.reportValidity();
  });
}
