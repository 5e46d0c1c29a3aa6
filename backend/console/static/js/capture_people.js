// Known people under the search box: arrows and Enter choose one, which fills the form.

import { post } from "./api.js";
import { el } from "./dom.js";

const WAIT = 180;

/** `onChoose(person)` is called with the one that was chosen. */
export function bindPeople(form, onChoose) {
  const input = form.querySelector("[data-person-search]");
  const list = form.querySelector("[data-people]");
  const chosen = form.querySelector("[data-person-chosen]");
  let people = [];
  let at = -1;
  let timer = null;
  let asked = "";

  const history = (one) => (one.petitions === 1 ? "1 petición" : `${one.petitions} peticiones`);

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    at = place;
    [...list.children].forEach((node, index) => node.setAttribute("aria-selected", index === at ? "true" : "false"));
    if (at >= 0) input.setAttribute("aria-activedescendant", `person-${at}`);
  }

  function choose(place) {
    const one = people[place];
    if (!one) return;
    onChoose(one);
    input.value = "";
    chosen.textContent = `${one.full_name}: ${history(one)}.`;
    close();
  }

  function show(found) {
    people = found;
    list.replaceChildren(...found.map((one, index) =>
      el("li", { id: `person-${index}`, role: "option", "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); choose(index); } },
        el("strong", { text: one.full_name }), ` ${[one.phone_text, one.curp].filter(Boolean).join(" · ")} · ${history(one)}`)));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", found.length ? "true" : "false");
    chosen.textContent = found.length ? "" : "Nadie conocido con esos datos.";
    if (found.length) mark(0);
  }

  async function search() {
    const wanted = input.value.trim();
    asked = wanted;
    if (wanted.length < 3) {
      chosen.textContent = "";
      close();
      return;
    }
    try {
      const found = await post("/api/console/capture/people", { typed: wanted });
      if (asked === wanted) show(found);
    } catch {
      close(); // the form goes on without help: names can still be typed
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden) choose(at);
    } else if (event.key === "Escape") close();
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      mark((at + (event.key === "ArrowDown" ? 1 : people.length - 1)) % people.length);
    }
  });
  return { clear: () => { input.value = ""; chosen.textContent = ""; close(); } };
}
