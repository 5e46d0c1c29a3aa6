// What was typed into a page's forms outlives the session's end: it is there again when the same person has signed in,
// here or, before they sent it, in another window.

const KEY = "consola-formularios";
const user = document.querySelector("[data-user]")?.dataset.user;
const OURS = new Set(["hidden", "password", "file", "submit", "button"]);

const controls = (form) => [...form.elements].filter((one) => one.name && !OURS.has(one.type));
const isMark = (control) => control.type === "checkbox" || control.type === "radio";

function isChanged(control) {
  if (isMark(control)) return control.checked !== control.defaultChecked;
  if (control.options) return control.selectedIndex !== Math.max(0, [...control.options].findIndex((option) => option.defaultSelected));
  return control.value !== control.defaultValue;
}

const posted = () => [...document.querySelectorAll("form[method='post' i]:not([data-presence])")];

function keep() {
  const forms = posted()
    .map((form, at) => ({ at, action: form.getAttribute("action"), form }))
    .filter(({ form }) => controls(form).some((one) => form.dataset.sent || isChanged(one))) // refused once, it is served as typed
    .map(({ at, action, form }) => ({ at, action, typed: controls(form).map(({ name, value, checked }) => ({ name, value, checked })) }));
  if (forms.length) sessionStorage.setItem(KEY, JSON.stringify({ user, page: location.pathname, forms }));
  else sessionStorage.removeItem(KEY);
}

function giveBack({ at, action, typed }) {
  const form = posted()[at];
  if (!form || form.getAttribute("action") !== action) return;
  const now = controls(form);
  if (now.length !== typed.length || now.some((control, each) => control.name !== typed[each].name)) return;
  now.forEach((control, each) => {
    if (isMark(control)) control.checked = typed[each].checked;
    else control.value = typed[each].value;
    control.dispatchEvent(new Event("change", { bubbles: true }));
  });
  for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  const told = document.createElement("p");
  told.className = "alert alert-error";
  told.setAttribute("role", "status");
  told.textContent = "Su sesión terminó antes de guardar esto. Es lo que había escrito: revíselo y guárdelo.";
  form.prepend(told);
  told.scrollIntoView({ block: "center" });
}

/** Whether it was typed on this page, or where its form was refused: below it. */
const isHere = (page) => page === location.pathname || page.startsWith(`${location.pathname}/`);

const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
const isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";
const hasSignedIn = !isReload && document.referrer && new URL(document.referrer).pathname.startsWith("/consola/entrar");
const isSentBack = !isReload && new URLSearchParams(location.search).get("aviso") === "otra_sesion";
if (kept && (hasSignedIn || isSentBack) && kept.user === user && isHere(kept.page)) kept.forms.forEach(giveBack);
window.addEventListener("pagehide", keep);
