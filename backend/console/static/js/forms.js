// Plain forms: ask before what cannot be undone, send once, submit filters that change alone.

import "./file_limits.js";
import "./forms_kept.js";
import { signOutQuestion } from "./sign_out.js";

for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  const question = form.dataset.confirm ?? signOutQuestion(form);
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (event.submitter?.formTarget === "_blank") return; // a look in another tab: this page stays
  if (form.dataset.sent === "yes") event.preventDefault();
  form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.account[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.account[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// What was refused is where one goes on from: the field, or else the sentence that says why, which is read aloud then.
const refused = document.querySelector("[aria-invalid='true']") ?? document.querySelector("main > .alert-error[role='alert']");
if (refused?.matches(".alert-error")) refused.tabIndex = -1;
refused?.focus();

// What is told once was made by a form; a reload or «back» must not send it again and make another.
const toldOnce = document.querySelector("[data-told-once]");
if (toldOnce) history.replaceState(null, "", toldOnce.dataset.toldOnce);
