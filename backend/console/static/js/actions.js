// What may be done with the open conversation, as buttons.

import { el } from "./dom.js";

/** Draws the buttons that make sense for conversation `c`; `act(name)` is called with the chosen one. */
export function renderActions(box, c, isHead, act) {
  const isMine = c.owner === "agent" && c.is_mine;
  const isTheirs = c.owner === "agent" && !c.is_mine;
  const wanted = [
    !isMine && !isTheirs && ["take", c.owner === "closed" ? "Reabrir y tomar" : "Tomar", "primary"],
    (isMine || (isTheirs && isHead)) && ["transfer", isTheirs ? "Reasignar" : "Transferir"],
    !isTheirs && ["petition", "Registrar petición"],
    (isMine || c.owner === "queue") && ["return", "Devolver al bot"],
    !isTheirs && c.owner !== "closed" && ["close", "Cerrar"],
  ].filter(Boolean);
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.action : null;
  box.replaceChildren(...wanted.map(([name, text, kind]) =>
    el("button", { type: "button", class: `button small ${kind ?? ""}`, "data-action": name, text, onclick: () => act(name) })));
  if (focused) (box.querySelector(`[data-action="${focused}"]`) ?? box.querySelector("button"))?.focus();
  return new Set(wanted.map(([name]) => name));
}

export function subtitle(c) {
  const who = { bot: "Con el asistente", queue: "En espera de una persona", agent: c.is_mine ? "La atiende usted" : `La atiende ${c.agent_name}`, closed: `Cerrada${c.close_reason ? `: ${c.close_reason.toLowerCase()}` : ""}` }[c.owner];
  return `${who} · ${c.channel}`;
}
