// A call by key: l dials, a digit says how it ended, s and x whether it was said, o writes notes, n skips,
// Ctrl+Enter saves and goes on. The clock runs from dialling on.

import { bindShortcuts } from "./shortcuts.js";

const form = document.querySelector("[data-call-form]");
const timer = document.querySelector("[data-timer]");
let begun = null;

const spent = () => (begun === null ? 0 : Math.round((Date.now() - begun) / 1000));

function show() {
  const seconds = spent();
  timer.textContent = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

function begin() {
  if (!form || begun !== null) return;
  begun = Date.now() - 1000 * Number(form.querySelector("[data-seconds]").value);
  timer.hidden = false;
  show();
  setInterval(show, 1000);
}

/** Shows what is asked only after the chosen outcome. */
function arrange() {
  const chosen = form.querySelector("[data-digit]:checked")?.value;
  for (const part of form.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== chosen;
}

function choose(digit) {
  const radio = form.querySelector(`[data-digit="${digit}"]`);
  radio.checked = true;
  arrange();
  if (radio.value === "pidio_otra_hora") form.querySelector("[data-later]").focus();
  else radio.focus();
}

function mark(value) {
  for (const radio of form.querySelectorAll(`[data-reached="${value}"]`)) radio.checked = true;
}

for (const link of document.querySelectorAll("[data-dial]")) link.addEventListener("click", begin);

if (form) {
  arrange();
  if (form.querySelector("[data-seconds]").value !== "0") begin();
  form.addEventListener("change", arrange);
  form.addEventListener("submit", () => { form.querySelector("[data-seconds]").value = spent(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-save]"));
  });
  const digits = Object.fromEntries([1, 2, 3, 4, 5, 6].map((digit) => [String(digit), () => choose(digit)]));
  bindShortcuts({
    ...digits,
    s: () => mark("si"),
    x: () => mark("no"),
    l: () => document.querySelector("[data-dial]")?.click(),
    o: () => form.querySelector("[data-notes]").focus(),
    n: () => document.querySelector("[data-skip]").click(),
  });
} else {
  bindShortcuts({});
}
