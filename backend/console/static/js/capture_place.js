// The place: a postal code fills what it says, and a municipality's nickname becomes its name.

import { get, post } from "./api.js";
import { el } from "./dom.js";

/** `say(name, text)` shows, or clears, a field's problem. */
export function bindPlace(form, say) {
  const { cp, municipio, colonia } = form.elements;
  const colonias = form.querySelector("#colonias");

  cp.addEventListener("input", async () => {
    if (!/^\d{5}$/.test(cp.value)) return;
    const wanted = cp.value;
    let area = null;
    try {
      area = await get(`/api/console/capture/places/${wanted}`);
    } catch {
      return; // unknown code, or no connection: both can be typed by hand
    }
    if (cp.value !== wanted) return;
    colonias.replaceChildren(...area.colonias.map((name) => el("option", { value: name })));
    if (area.municipality && !municipio.value) municipio.value = area.municipality;
    if (area.colonias.length === 1 && !colonia.value) colonia.value = area.colonias[0];
  });

  municipio.addEventListener("change", async () => {
    const typed = municipio.value.trim();
    if (!typed) return;
    try {
      const found = await post("/api/console/capture/municipality", { typed });
      if (municipio.value.trim() !== typed) return;
      if (found.name) municipio.value = found.name;
      say("municipio", found.name ? "" : found.suggestion ? `¿Quiso decir ${found.suggestion}?` : "No encontré ese municipio de Sonora.");
    } catch {
      // no connection: it is checked when the form is sent
    }
  });
}
