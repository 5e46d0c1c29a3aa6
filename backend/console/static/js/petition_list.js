// The list by key: j and k walk, x marks, Enter opens (the link has the focus), a assigns, / searches, ? helps.

import { bindShortcuts } from "./shortcuts.js";

const rows = [...document.querySelectorAll("[data-row]")];
const bulk = document.querySelector("[data-bulk]");
const all = document.querySelector("[data-mark-all]");
const help = document.querySelector("[data-help]");
const keys = document.querySelector("[data-keys-dialog]");

const marks = () => [...document.querySelectorAll("[data-mark]")];
const current = () => document.activeElement?.closest?.("[data-row]");

function walk(step) {
  const at = rows.indexOf(current() ?? walk.last);
  const row = rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)];
  walk.last = row;
  row?.querySelector("[data-open]").focus();
}

function showMarked() {
  if (!bulk) return;
  const boxes = marks();
  const count = boxes.filter((box) => box.checked).length;
  bulk.toggleAttribute("data-marked", count > 0);
  const told = count === 1 ? "1 petición marcada" : `${count} peticiones marcadas`;
  bulk.querySelector("[data-marked-count]").textContent = count ? `${told}:` : "Con las marcadas:";
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
}

function toggle() {
  const box = current()?.querySelector("[data-mark]");
  if (!box) return;
  box.checked = !box.checked;
  showMarked();
}

if (all) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of marks()) box.checked = all.checked;
    showMarked();
  });
  document.querySelector("[data-list]").addEventListener("change", showMarked);
  window.addEventListener("pageshow", showMarked); // the browser marks again what was marked before going back
  showMarked();
}

help.hidden = false;
help.addEventListener("click", () => keys.showModal());

// What is not asked for stays out of the address, and so do columns as they usually are.
document.querySelector("[data-filters]").addEventListener("submit", (event) => {
  const form = event.target;
  const columns = [...form.querySelectorAll("[data-column]")];
  const asUsual = columns.every((box) => box.checked === box.defaultChecked) && !new URLSearchParams(location.search).has("columna");
  for (const field of form.elements) {
    const isUnasked = field.matches("select, input:not([type='checkbox'])") && !field.value;
    if (field.name && (isUnasked || (asUsual && columns.includes(field)))) field.disabled = true;
  }
});
window.addEventListener("pageshow", () => {
  for (const field of document.querySelector("[data-filters]").elements) field.disabled = false;
});

document.addEventListener("keydown", (event) => {
  const open = event.target.closest?.("details.menu-field[open]");
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu-field[open]")) if (!menu.contains(event.target)) menu.open = false;
});

bindShortcuts({
  j: () => walk(1),
  k: () => walk(-1),
  x: toggle,
  a: () => bulk?.querySelector("[data-assign]").focus(),
  "/": () => document.querySelector("[data-search]").focus(),
  "?": () => keys.showModal(),
});
