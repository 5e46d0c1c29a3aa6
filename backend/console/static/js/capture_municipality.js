// A municipality's nickname, or the name of a town, becomes the municipality's name.

import { post } from "./api.js";

/** `say(name, text)` shows, or clears, a field's problem. */
export function bindMunicipality(form, say) {
  const { municipio } = form.elements;

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
