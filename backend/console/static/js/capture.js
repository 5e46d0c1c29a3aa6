// The capture page: all by keyboard, sent without leaving the page, nothing typed is lost.

import { ApiError, call, post } from "./api.js";
import { draftOf } from "./capture_draft.js";
import { bindPeople } from "./capture_people.js";
import { bindMunicipality } from "./capture_municipality.js";
import { el } from "./dom.js";

const form = document.querySelector("[data-capture]");
const error = document.querySelector("[data-capture-error]");
const status = form.querySelector("[data-capture-status]");
const captured = document.querySelector("[data-captured]");
const staged = form.querySelector("[data-staged]");
const files = form.querySelector("[data-files]");
const kinds = document.querySelector("[data-document-kinds]");
const draft = draftOf(form.dataset.user);
let documents = [];
let isSending = false;
let uploads = 0;

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function say(name, text) {
  const note = form.querySelector(`[data-problem="${name}"]`);
  const control = form.elements[name];
  if (note) {
    note.textContent = text;
    note.hidden = !text;
  }
  if (!control) return;
  if (text) {
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", `problem-${name}`);
  } else control.removeAttribute("aria-invalid");
}

/** Shows what the chosen channel and kind ask, and only that. */
function arrange() {
  for (const box of form.querySelectorAll("[data-channel]")) box.hidden = box.disabled = box.dataset.channel !== form.elements.channel.value;
  for (const box of form.querySelectorAll("[data-kind]")) box.hidden = box.disabled = box.dataset.kind !== form.elements.kind.value;
  for (const label of form.querySelectorAll("[data-only-if]")) {
    label.hidden = !label.dataset.onlyValues.split(" ").includes(form.elements[label.dataset.onlyIf].value);
  }
}

function showError(text) {
  error.textContent = text;
  error.hidden = !text;
}

const keep = () => draft.save(form, documents);

function showStaged() {
  staged.replaceChildren(...documents.map((one) => {
    const select = el("select", { "aria-label": `Tipo de ${one.file_name}`, onchange: () => { one.kind = select.value; keep(); } });
    select.append(kinds.content.cloneNode(true));
    select.value = one.kind;
    const remove = el("button", { type: "button", class: "button small", text: "Quitar", "aria-label": `Quitar ${one.file_name}`, onclick: () => { documents = documents.filter((other) => other !== one); showStaged(); keep(); } });
    return el("li", {}, el("span", { text: one.file_name }), select, remove);
  }));
}

async function stage(list) {
  uploads += 1;
  for (const file of list) {
    status.textContent = `Subiendo ${file.name}…`;
    const body = new FormData();
    body.append("file", file);
    try {
      documents.push(await call("POST", "/api/console/capture/documents", body));
      status.textContent = "";
    } catch (refused) {
      status.textContent = "";
      showError(`${file.name}: ${refused.message}`);
    }
    showStaged();
  }
  uploads -= 1;
  keep();
}

function typed() {
  const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const { key, kind, channel, person_id: person, call_id: callId, ...rest } = values;
  delete rest.csrf_token;
  return { key, kind, channel, person_id: person || null, call_id: callId || null, typed: rest, documents: documents.map(({ id, kind: type }) => ({ id, kind: type })) };
}

/** An empty form for the next one; a tour's data stay, as they are the same for all that is handed in there. */
function empty() {
  const channel = form.elements.channel.value;
  const stays = new Set(["csrf_token", "channel", ...(channel === "gira" ? [...form.elements].map((one) => one.name).filter((name) => name.startsWith("entrada_")) : [])]);
  for (const control of form.elements) {
    if (!control.name || stays.has(control.name)) continue;
    if (control.type === "checkbox") control.checked = false;
    else if (control.tagName === "SELECT") control.selectedIndex = 0;
    else if (control.name === "key") control.value = newKey();
    else control.value = "";
    say(control.name, "");
  }
  documents = [];
  showStaged();
  people.clear();
  form.querySelector("[data-place-told]").textContent = "";
  arrange();
  form.querySelector("[data-first]").focus();
  scrollTo(0, 0);
}

function showFiled(answer) {
  const link = captured.querySelector("[data-captured-folio]");
  const receipt = captured.querySelector("[data-captured-receipt]");
  link.textContent = answer.folio;
  link.href = `/consola/peticiones/${answer.folio}`;
  captured.querySelector("[data-captured-code]").textContent = answer.access_code;
  receipt.action = `/consola/peticiones/${answer.folio}/acuse`;
  captured.hidden = false;
}

function showProblems(problems) {
  for (const note of form.querySelectorAll("[data-problem]")) say(note.dataset.problem, problems[note.dataset.problem] ?? "");
  form.querySelector("[aria-invalid='true']")?.focus();
}

async function send() {
  if (isSending) return;
  if (uploads) {
    status.textContent = "Espere a que terminen de subir los documentos.";
    return;
  }
  isSending = true;
  showError("");
  status.textContent = "Registrando…";
  keep();
  try {
    const answer = await post("/api/console/capture", typed());
    draft.forget();
    showFiled(answer);
    empty();
  } catch (refused) {
    if (!(refused instanceof ApiError)) throw refused;
    const { problems } = refused.details;
    if (problems) showProblems(problems);
    showError(refused.status === 0 ? "Sin conexión. Lo escrito está guardado en este equipo: cuando regrese, registre otra vez con Ctrl + Enter. No se duplica." : refused.message);
  } finally {
    isSending = false;
    status.textContent = "";
  }
}

const people = bindPeople(form, (one) => {
  form.elements.person_id.value = one.id;
  form.elements.nombre.value = one.full_name;
  form.elements.telefono.value = one.phone_text ?? "";
  form.elements.correo.value = one.email ?? "";
  form.elements.curp.value = one.curp ?? "";
  form.elements.anonima.checked = false;
  keep();
  form.elements.nombre.focus();
});
bindMunicipality(form, say);

form.addEventListener("input", keep);
form.addEventListener("change", () => { arrange(); keep(); });
form.elements.nombre.addEventListener("input", () => { if (!form.elements.nombre.value) form.elements.person_id.value = ""; });
form.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("formaction")) return; // the person joins a petition that is there: the page goes to it
  event.preventDefault();
  event.stopPropagation();
  send();
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    send();
  } else if (event.target.tagName === "INPUT") event.preventDefault();
});
files.addEventListener("change", async () => { const chosen = [...files.files]; files.value = ""; await stage(chosen); });
form.querySelector("[data-clear]").addEventListener("click", () => { if (confirm("¿Vaciar lo que escribió?")) { draft.forget(); empty(); } });
document.querySelector("form[action='/consola/salir']")?.addEventListener("submit", () => draft.forget());
addEventListener("online", () => { if (!error.hidden) status.textContent = "Ya hay conexión: registre con Ctrl + Enter."; });

const before = draft.load();
if (before) {
  for (const [name, value] of Object.entries(before.fields)) {
    const control = form.elements[name];
    if (!control) continue;
    if (control.type === "checkbox") control.checked = true;
    else control.value = value;
  }
  documents = before.documents ?? [];
  showStaged();
  if (before.fields.narrativa || before.fields.nombre) status.textContent = "Recuperamos lo que estaba escribiendo.";
}
arrange();
if (!document.querySelector("[aria-invalid='true']")) form.querySelector("[data-first]").focus();
