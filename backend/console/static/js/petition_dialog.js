// The citizen's petition, completed from the chat: the same form, as the bot left it.

import { conversationPath, get, post } from "./api.js";
import { dialog, showError } from "./dialogs.js";
import { el } from "./dom.js";

const box = dialog("petition");
const form = box.querySelector("[data-petition-form]");
const fields = box.querySelector("[data-petition-fields]");
const kind = box.querySelector("[data-petition-kind]");
const done = box.querySelector("[data-petition-done]");
const unsaved = new Map(); // conversation -> what was typed and not saved when its form was closed
let asServed = {};
let conversation = null;
let onChange = () => {};
let isBusy = false;

function control(field) {
  const common = { name: field.name, "aria-invalid": field.problem ? "true" : null, "aria-describedby": field.problem ? `dialog-problem-${field.name}` : null, autocomplete: "off" };
  if (field.name === "narrativa") {
    const area = el("textarea", { ...common, rows: 5, maxlength: 4000 });
    area.value = field.value;
    return area;
  }
  if (field.name === "municipio") {
    const input = el("input", { ...common, list: "dialog-municipalities" });
    input.value = field.value;
    return input;
  }
  if (field.options.length) {
    const select = el("select", common, el("option", { value: "", text: "Elija…" }), ...field.options.map((one) => el("option", { value: one.value, text: one.title })));
    select.value = field.value;
    if (field.name === "anonimo") select.addEventListener("change", () => save(false).catch((error) => showError(box, error.message)));
    return select;
  }
  const input = el("input", { ...common, maxlength: 254 });
  input.value = field.value;
  return input;
}

function render(answer) {
  kind.value = answer.kind;
  const rows = answer.fields.map((field) =>
    el("label", { class: "field" }, el("span", {}, field.label, field.required ? "" : el("span", { class: "muted", text: " (opcional)" })), control(field),
      field.problem ? el("span", { class: "problem", id: `dialog-problem-${field.name}`, text: field.problem }) : ""));
  const places = answer.fields.find((field) => field.name === "municipio")?.options ?? [];
  fields.replaceChildren(...rows, el("datalist", { id: "dialog-municipalities" }, ...places.map((one) => el("option", { value: one.value }))));
}

function served(answer) {
  asServed = Object.fromEntries(answer.fields.map((field) => [field.name, field.value]));
}

/** Puts back what was typed here and closed without saving. */
function resume() {
  for (const [name, value] of unsaved.get(conversation) ?? []) {
    if (form.elements[name]) form.elements[name].value = value;
  }
}

box.addEventListener("close", () => {
  unsaved.set(conversation, Object.entries(typed()).filter(([name, value]) => value !== asServed[name]));
});

function typed() {
  const values = Object.fromEntries(new FormData(form));
  delete values.kind;
  return values;
}

async function save(file) {
  if (isBusy) return;
  isBusy = true;
  showError(box, "");
  try {
    const result = await post(conversationPath(conversation, "/draft"), { kind: kind.value, fields: typed(), file });
    served(result.form);
    render(result.form);
    onChange();
    if (result.folio) showDone(result);
    else if (file || result.form.fields.some((field) => field.problem)) {
      showError(box, "Revise los datos marcados.");
      fields.querySelector("[aria-invalid='true']")?.focus();
    }
  } finally {
    isBusy = false;
  }
}

function showDone(result) {
  form.hidden = true;
  done.hidden = false;
  done.querySelector("[data-done-folio]").textContent = result.folio;
  done.querySelector("[data-done-code]").textContent = result.access_code;
  done.querySelector("[data-done-link]").href = `/consola/peticiones/${result.folio}`;
  done.querySelector("[data-cancel]").focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  save(true).catch((error) => showError(box, error.message));
});
box.querySelector("[data-petition-save]").addEventListener("click", () => {
  save(false).then(() => { if (box.querySelector("[data-dialog-error]").hidden) box.close(); }).catch((error) => showError(box, error.message));
});
kind.addEventListener("change", async () => {
  const kept = typed();
  const answer = await get(conversationPath(conversation, `/draft?kind=${kind.value}`)).catch((error) => showError(box, error.message));
  if (!answer) return;
  served(answer);
  for (const field of answer.fields) field.value = kept[field.name] ?? field.value;
  render(answer);
});

/** Opens the form of a conversation; `changed()` is called after each save. */
export async function openPetition(id, changed) {
  conversation = id;
  onChange = changed;
  form.hidden = false;
  done.hidden = true;
  showError(box, "");
  const answer = await get(conversationPath(id, "/draft"));
  served(answer);
  render(answer);
  resume();
  box.showModal();
  (fields.querySelector("textarea, input") ?? kind).focus();
}
