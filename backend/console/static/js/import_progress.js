// How far the worker is with an import; the page is shown again when it is done.

const box = document.querySelector("[data-import-progress]");

async function look() {
  try {
    const response = await fetch(box.dataset.importProgress, { credentials: "same-origin" });
    if (!response.ok) throw new Error(String(response.status));
    const now = await response.json();
    if (now.state !== box.dataset.state) {
      location.reload();
      return;
    }
    box.querySelector("[data-import-done]").textContent = now.done;
    const bar = box.querySelector("[data-import-bar]");
    if (bar) bar.value = now.done;
  } catch {
    // no connection for a moment: the work goes on, and so does the looking
  }
  setTimeout(look, 1500);
}

if (box) look();
