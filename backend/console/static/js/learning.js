// Labelling by key: j and k walk, Enter accepts the first reading, digits the others, e types one, d discards, u undoes.

import { post } from "./api.js";
import { el, isTyping } from "./dom.js";
import { bindShortcuts } from "./shortcuts.js";

const items = [...document.querySelectorAll("[data-item]")];
const status = document.querySelector("[data-status]");
const undone = []; // what u takes back, the latest last

const isPending = (item) => item.querySelector("[data-choices]:not([hidden])") !== null;
const current = () => items.find((item) => item.hasAttribute("aria-current"));

function choose(item) {
  if (!item) return;
  current()?.removeAttribute("aria-current");
  item.setAttribute("aria-current", "true");
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

function walk(step) {
  const at = items.indexOf(current());
  choose(items[at < 0 ? 0 : Math.min(Math.max(at + step, 0), items.length - 1)]);
}

function chooseNextPending(from) {
  const at = items.indexOf(from);
  const next = [...items.slice(at + 1), ...items.slice(0, at)].find(isPending);
  document.querySelector("[data-finished]").hidden = Boolean(next);
  if (next) choose(next);
}

function count(name, change) {
  const figure = document.querySelector(name);
  const known = Number(figure.textContent);
  if (Number.isNaN(known)) return; // «10000 o más» stays
  figure.textContent = String(Math.max(0, known + change));
}

function showDone(item, answer) {
  const words = answer.title ? `Clasificado: ${answer.title}` : "Descartado";
  const text = answer.count > 1 ? `${words} (${answer.count} mensajes iguales)` : words;
  const undo = () => takeBack(item, answer);
  const button = el("button", { type: "button", class: "button small", text: "Deshacer", onclick: undo });
  item.querySelector("[data-done]").replaceChildren(el("strong", { text }), button);
  item.querySelector("[data-done]").hidden = false;
  item.querySelector("[data-choices]").hidden = true;
  item.classList.add("is-done");
  undone.push(undo);
  item.undo = undo;
  status.textContent = text;
  count("[data-pending]", -answer.count);
  count("[data-today]", answer.count);
}

async function takeBack(item, answer) {
  undone.splice(undone.indexOf(item.undo), 1);
  try {
    await post("/api/console/learning/labels/undo", { batch: answer.batch });
  } catch (error) {
    status.textContent = error.message;
    return;
  }
  item.querySelector("[data-done]").hidden = true;
  item.querySelector("[data-choices]").hidden = false;
  item.classList.remove("is-done");
  status.textContent = "Se quitó la clasificación.";
  count("[data-pending]", answer.count);
  count("[data-today]", -answer.count);
  document.querySelector("[data-finished]").hidden = true;
  choose(item);
}

async function label(item, wanted) {
  if (!item || !isPending(item) || item.dataset.busy) return;
  const problem = item.querySelector("[data-problem]");
  item.dataset.busy = "yes";
  problem.hidden = true;
  try {
    showDone(item, await post("/api/console/learning/labels", { message_id: item.dataset.message, ...wanted }));
    chooseNextPending(item);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  } finally {
    delete item.dataset.busy;
  }
}

const press = (selector) => () => {
  const item = current();
  if (item && isPending(item)) item.querySelector(selector)?.click();
};

document.querySelector("[data-learning]")?.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-label-form]")) return;
  event.preventDefault();
  event.stopPropagation(); // forms.js would take it for sent
  const button = event.submitter;
  const typed = new FormData(event.target).get("typed");
  const wanted = button?.name === "intent" ? { intent: button.value } : typed ? { typed } : {};
  label(event.target.closest("[data-item]"), wanted);
});

document.addEventListener("keydown", (event) => {
  const item = event.target.closest?.("[data-item]");
  if (event.key === "Escape" && item && isTyping(event.target)) choose(item);
  if (event.key !== "Enter" || event.target !== item || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  press("[data-reading='1']")();
});

for (const item of items) {
  item.addEventListener("focusin", (event) => {
    if (current() === item || event.target === item) return;
    current()?.removeAttribute("aria-current");
    item.setAttribute("aria-current", "true");
  });
}

if (items.length) {
  document.querySelector("[data-keys]").hidden = false;
  bindShortcuts({
    j: () => walk(1),
    k: () => walk(-1),
    1: press("[data-reading='1']"),
    2: press("[data-reading='2']"),
    3: press("[data-reading='3']"),
    d: press("[data-discard]"),
    e: () => current()?.querySelector("input[name='typed']")?.focus(),
    u: () => undone.at(-1)?.(),
  });
}
