// Files too many or too large are refused before they are sent, so that nothing typed is lost.

const MOST = 5;
const BYTES = 10 * 1024 * 1024;

for (const input of document.querySelectorAll("form[data-files] input[type='file']")) {
  input.addEventListener("change", () => {
    const files = [...input.files];
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const problem = files.length > MOST ? `Elija ${MOST} archivos como máximo.` : size > BYTES ? "Los archivos pasan de 10 MB entre todos." : "";
    input.setCustomValidity(problem);
    if (problem) input.reportValidity();
  });
}
