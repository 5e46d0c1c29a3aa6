// A long list of checkboxes: a search that hides what does not match, and a count of what is chosen.

const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

for (const set of document.querySelectorAll("[data-choices]")) {
  const search = set.querySelector("[data-choices-search]");
  const input = search.querySelector("input");
  const none = set.querySelector("[data-choices-none]");
  const count = set.parentElement.querySelector("[data-choices-count]");
  const rows = [...set.querySelectorAll("[data-choice]")];

  const filter = () => {
    const wanted = fold(input.value).trim();
    for (const row of rows) row.hidden = !fold(row.dataset.choice).includes(wanted) && !row.querySelector(":checked");
    none.hidden = rows.some((row) => !row.hidden);
  };
  const tally = () => {
    const chosen = set.querySelectorAll(":checked").length;
    count.textContent = chosen === 0 ? "Ninguna elegida." : chosen === 1 ? "1 dependencia elegida." : `${chosen} dependencias elegidas.`;
  };

  search.hidden = false;
  input.addEventListener("input", filter);
  // Enter looks for the next match; it must not send a half-filled form.
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    rows.find((row) => !row.hidden && !row.querySelector(":checked"))?.querySelector("input").focus();
  });
  set.addEventListener("change", tally);
  tally();
}
