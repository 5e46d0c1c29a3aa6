// The log by key: j and k walk, / searches, ? helps; what is not asked for stays out of the address.

import { bindShortcuts } from "./shortcuts.js";

const rows = [...document.querySelectorAll("[data-row]")];
const keysDialog = document.querySelector("[data-keys-dialog]");
const help = document.querySelector("[data-help]");

function walk(step) {
  const at = rows.indexOf(document.activeElement?.closest?.("[data-row]"));
  rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)]?.querySelector("[data-open]").focus();
}

const filters = document.querySelector("[data-filters]");
filters.addEventListener("submit", () => {
  for (const field of filters.elements) field.disabled = Boolean(field.name) && !field.value;
});
window.addEventListener("pageshow", () => {
  for (const field of filters.elements) field.disabled = false;
});
help.hidden = false;
help.addEventListener("click", () => keysDialog.showModal());
bindShortcuts({
  j: () => walk(1),
  k: () => walk(-1),
  "/": () => document.querySelector("[data-search]").focus(),
  "?": () => keysDialog.showModal(),
});
