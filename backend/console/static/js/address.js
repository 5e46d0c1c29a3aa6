// The address form: a postal code fills the municipality and offers its colonias; a colonia fills its postal code.
// The municipality is a list of choices, or, at the desk, a text that is filled only while it is empty.

import { get } from "./api.js";
import { el } from "./dom.js";

for (const form of document.querySelectorAll("[data-address]")) bind(form);

function bind(form) {
  const code = form.querySelector("[data-postal-code]");
  const municipality = form.querySelector("[data-municipality]");
  const colonia = form.querySelector("[data-colonia]");
  const choices = form.querySelector("[data-colonias]");
  const told = form.querySelector("[data-place-told]");
  const isChosen = municipality.tagName === "SELECT";
  let codes = new Map(); // colonia -> its postal code, where it has one only
  let asked = 0;

  const offer = (names) => choices.replaceChildren(...names.map((name) => el("option", { value: name })));

  function place(found) {
    if (found.municipality_ids.length !== 1) return;
    if (isChosen) municipality.value = found.municipality_ids[0];
    else if (!municipality.value) municipality.value = found.municipality;
  }

  async function byCode() {
    const turn = ++asked;
    told.textContent = "";
    if (!/^[0-9]{5}$/.test(code.value)) return;
    try {
      const found = await get(`/api/console/places/postal/${code.value}`);
      if (turn !== asked) return;
      place(found);
      offer(found.colonias);
      if (found.colonias.length === 1 && !colonia.value) colonia.value = found.colonias[0];
      const count = `${found.colonias.length} ${found.colonias.length === 1 ? "colonia" : "colonias"} con ese código.`;
      told.textContent = found.municipality ? `${found.municipality}: ${count}` : count;
    } catch (error) {
      if (turn === asked) told.textContent = error.message;
    }
  }

  async function byMunicipality() {
    const turn = ++asked;
    codes = new Map();
    if (!municipality.value) return offer([]);
    try {
      const found = await get(`/api/console/places/municipalities/${municipality.value}/colonias`);
      if (turn !== asked) return;
      for (const one of found) codes.set(one.name, codes.has(one.name) ? null : one.postal_code);
      offer([...codes.keys()]);
    } catch (error) {
      if (turn === asked) told.textContent = error.message;
    }
  }

  code.addEventListener("input", byCode);
  if (isChosen) {
    municipality.addEventListener("change", byMunicipality);
    colonia.addEventListener("focus", () => { if (!choices.childElementCount) byMunicipality(); });
  }
  colonia.addEventListener("change", () => {
    const found = codes.get(colonia.value);
    if (found && !code.value) code.value = found;
  });
}
