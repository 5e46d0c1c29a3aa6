// While a petition is typed: what it may repeat, and adding the person to it instead of registering another.

import { post } from "./api.js";
import { el } from "./dom.js";

const WAIT_MS = 600;

function card(one, sum) {
  return el(
    "li",
    {},
    el(
      "p",
      {},
      el("a", { class: "folio", href: `/consola/peticiones/${one.folio}`, target: "_blank", rel: "noopener", text: one.folio }),
      " ",
      el("span", { class: `tag status-${one.status}`, text: one.status_text }),
    ),
    el("p", { text: one.narrative }),
    el("p", { class: "alike-why", text: [one.person ?? "Anónima", one.place, one.created_text].filter(Boolean).join(" · ") }),
    el("p", { class: "alike-why", text: `Por qué: ${one.reasons.join("; ")}.` }),
    one.is_open
      ? el("button", { class: "button small", type: "submit", formaction: `/consola/peticiones/${one.folio}/sumar`, text: "Es la misma: sumar a esta persona", "aria-label": `Es la misma que ${one.folio}: sumar a esta persona` })
      : el("p", { class: "alike-why", text: "Ya está cerrada." }),
  );
}

function watch(form) {
  const list = form.querySelector("[data-related-list]");
  const register = form.querySelector("[data-related-register]");
  const plain = register?.textContent;
  let timer = null;
  let asked = "";
  let round = 0;

  function show(found) {
    if (register) register.textContent = found.length ? "Registrar de todos modos" : plain;
    if (!found.length) {
      list.replaceChildren();
      return;
    }
    const heading = found.length === 1 ? "Ya hay una petición parecida" : `Ya hay ${found.length} peticiones parecidas`;
    list.replaceChildren(el("h2", { text: heading }), el("ul", { class: "alike-list" }, ...found.map(card)));
  }

  async function look() {
    const fields = Object.fromEntries([...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string"));
    const now = JSON.stringify(fields);
    if (now === asked) return;
    asked = now;
    const mine = ++round;
    try {
      const answer = await post("/api/console/related/candidates", { fields });
      if (mine === round) show(answer.petitions);
    } catch {
      asked = ""; // a help that fails must not be in the way: it is tried again with the next letter
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  form.addEventListener("change", look);
  // Enter in a field is the form's own button, never the first one of the list.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.target.tagName !== "INPUT" || !register) return;
    event.preventDefault();
    form.requestSubmit(register);
  });
  if (form.elements.namedItem("narrativa")?.value) look();
}

for (const form of document.querySelectorAll("form[data-related-form]")) watch(form);
