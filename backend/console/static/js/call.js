// A running call: kept as it is typed, its caller looked up, led and ended by single keys.

import { ApiError, call, post } from "./api.js";
import { form, toggleDirection } from "./call_fields.js";
import { isTyping } from "./dom.js";

const KEEP_AFTER = 400;
const LOOK_AFTER = 200;
const path = (rest) => `/api/console/calls/${form.dataset.call}/${rest}`;
const fields = form.elements;
const error = form.querySelector("[data-call-error]");
const status = form.querySelector("[data-call-status]");
const box = document.querySelector("[data-caller]");
const answerButton = form.querySelector("[data-answer]");
const keysDialog = document.querySelector("[data-keys-dialog]");
const help = document.querySelector("[data-help]");
const refusedPeople = new Set();
let keepTimer = null;
let lookTimer = null;
let asked = 0;
let isEnding = false;

const typed = () => Object.fromEntries([...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf_token"));

function showProblems(problems) {
  for (const note of form.querySelectorAll("[data-problem]")) {
    const text = problems[note.dataset.problem] ?? "";
    note.textContent = text;
    note.hidden = !text;
    const control = fields[note.dataset.problem];
    for (const one of control instanceof RadioNodeList ? control : [control]) one?.toggleAttribute("aria-invalid", false);
    if (text && control instanceof HTMLElement) control.setAttribute("aria-invalid", "true");
  }
}

function showError(text) {
  error.textContent = text;
  error.hidden = !text;
}

/** Stores what is typed; whatever is not right yet waits, unmarked, until the end. */
async function keep() {
  clearTimeout(keepTimer);
  keepTimer = null;
  if (isEnding) return;
  try {
    await post(path("keep"), { typed: typed() });
    status.textContent = "Guardado.";
  } catch (refused) {
    if (!(refused instanceof ApiError)) throw refused;
    status.textContent = refused.status === 0 ? "Sin conexión: se guardará cuando regrese." : refused.message;
    if (refused.status === 0) keepTimer = setTimeout(keep, 3000);
  }
}

function keepSoon() {
  status.textContent = "";
  clearTimeout(keepTimer);
  keepTimer = setTimeout(keep, KEEP_AFTER);
}

/** A piece of our own page, which the server has escaped. */
function show(markup) {
  const piece = new DOMParser().parseFromString(markup, "text/html").body;
  box.replaceChildren(...piece.childNodes);
  adopt();
}

/** The number is one person's alone: it is them, until somebody says otherwise. */
function adopt() {
  const { person, ...told } = box.querySelector("section").dataset;
  if (person && !fields.persona.value && !refusedPeople.has(person)) choose(person, told);
}

async function look() {
  const turn = ++asked;
  const response = await fetch(path("caller"), {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": fields.csrf_token.value },
    body: JSON.stringify({ phone: fields.telefono.value, name: fields.nombre.value, person_id: fields.persona.value || null }),
  }).catch(() => null); // no connection for a moment: the call goes on without its history
  if (response?.ok && turn === asked) show(await response.text());
}

function lookSoon() {
  clearTimeout(lookTimer);
  lookTimer = setTimeout(look, LOOK_AFTER);
}

function choose(id, { personName, personPhone }) {
  fields.persona.value = id;
  fields.otra_persona.value = "";
  fields.nombre.value = personName;
  if (!fields.telefono.value && personPhone) fields.telefono.value = personPhone;
  keepSoon();
}

box.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.choose) choose(button.dataset.choose, button.dataset);
  if (button.dataset.linkFolio) {
    fields.folio.value = button.dataset.linkFolio;
    keepSoon();
    return;
  }
  if (button.hasAttribute("data-not-them")) {
    refusedPeople.add(fields.persona.value || box.querySelector("section").dataset.person);
    fields.persona.value = fields.nombre.value = "";
    fields.otra_persona.value = "si";
    keepSoon();
    fields.nombre.focus();
  }
  look();
});

async function answered() {
  if (!answerButton || answerButton.hidden) return;
  answerButton.hidden = true;
  try {
    await post(path("answer"));
    const phase = document.querySelector("[data-phase]");
    phase.textContent = "En atención";
    phase.classList.replace("warn", "good");
    const timer = document.querySelector("[data-call-timer]");
    timer.dataset.timer = String(-Math.floor(performance.now() / 1000));
    timer.textContent = "0:00";
  } catch (refused) {
    answerButton.hidden = false;
    showError(refused.message);
  }
}

async function end() {
  if (isEnding || !form.querySelector("[data-end]")) return;
  isEnding = true;
  clearTimeout(keepTimer);
  showError("");
  status.textContent = "Guardando…";
  try {
    const done = await call("POST", path("end"), { typed: typed() });
    window.location.assign(done.address);
  } catch (refused) {
    isEnding = false;
    status.textContent = "";
    if (!(refused instanceof ApiError)) throw refused;
    const problems = refused.details.problems ?? {};
    showProblems(problems);
    const unmarked = Object.keys(problems).filter((name) => !form.querySelector(`[data-problem="${name}"]`)).map((name) => problems[name]);
    showError(refused.status === 0 ? "Sin conexión. Lo escrito sigue aquí: termine otra vez cuando regrese." : [refused.message, ...unmarked].join(" "));
    const [wrong] = Object.keys(problems);
    (wrong === "proposito" ? form.querySelector("[name='proposito']") : fields[wrong])?.focus();
  }
}

async function capture() {
  if (keepTimer) await keep();
  window.location.assign(form.querySelector("[data-capture-link]").href);
}

function purpose(key) {
  const radio = form.querySelector(`[data-key="${key}"]`);
  if (!radio) return false;
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  if (radio.value === "transferida" && !fields.area.value) fields.area.focus();
  return true;
}

const KEYS = {
  d: toggleDirection,
  r: () => fields.resultado.focus(),
  a: () => fields.area.focus(),
  l: () => fields.folio.focus(),
  n: () => fields.notas.focus(),
  c: capture,
};

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const isEnd = event.key === "F8" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
  if (isEnd || event.key === "F2") {
    event.preventDefault();
    if (!event.repeat) (isEnd ? end : answered)();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
  if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault(); // a form half filled in is not sent by mistake
    if (event.target === fields.telefono || event.target === fields.nombre) form.querySelector("[name='proposito']:checked, [name='proposito']").focus();
  }
  if (event.target !== fields.telefono && isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "?" && event.target !== fields.telefono) keysDialog.showModal();
  else if (KEYS[key]) KEYS[key]();
  else if (!purpose(key)) return;
  event.preventDefault();
});

form.addEventListener("input", (event) => {
  if (event.target === fields.telefono || event.target === fields.nombre) {
    if (event.target === fields.telefono) fields.persona.value = "";
    lookSoon();
  }
  keepSoon();
});
form.addEventListener("change", keepSoon);
form.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("data-answer")) {
    event.preventDefault();
    event.stopPropagation();
    answered();
  } else if (event.submitter?.hasAttribute("data-end")) {
    event.preventDefault();
    event.stopPropagation();
    end();
  } else isEnding = true; // the page goes: nothing is kept after it
});
form.querySelector("[data-capture-link]").addEventListener("click", (event) => {
  event.preventDefault();
  capture();
});
document.addEventListener("visibilitychange", () => { if (document.hidden && keepTimer) keep(); });
adopt();
help.hidden = false;
help.addEventListener("click", () => keysDialog.showModal());
