// «Mostrar» on a conversation's card: the page's own form, for the conversation that is open.

/** The form that asks to see the data of conversation `id` whole, out of the page's template. */
export function revealForm(id) {
  const shown = document.querySelector("[data-reveal-template]").content.firstElementChild.cloneNode(true);
  shown.querySelector("[name=id]").value = id;
  shown.querySelector("[name=volver]").value = `/consola?conversacion=${id}`;
  return shown;
}
