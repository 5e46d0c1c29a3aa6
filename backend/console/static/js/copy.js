// A button beside an address copies it; without this script the address is there to be selected.

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.querySelector(`[data-copy-source="${button.dataset.copy}"]`);
  const label = button.firstChild;
  button.hidden = false;
  source.addEventListener("focus", () => source.select());
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.value);
      label.textContent = "Copiada";
    } catch {
      source.focus();
      label.textContent = "Oprima Ctrl+C";
    }
    setTimeout(() => { label.textContent = "Copiar"; }, 3000);
  });
}
