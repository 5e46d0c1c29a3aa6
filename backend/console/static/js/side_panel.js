// The person's card: data, why they are here, their petition so far, what came before.

import { badges, others } from "./contact_panel.js";
import { momentText } from "./dates.js";
import { el } from "./dom.js";
import { revealForm } from "./reveal.js";

const section = (title, ...children) => el("section", { class: "panel-section" }, title && el("h3", { text: title }), ...children);

function facts(pairs) {
  const list = el("dl", { class: "facts" });
  for (const [name, value] of pairs) list.append(el("dt", { text: name }), el("dd", {}, value || "—"));
  return list;
}

const phoneText = (phone) => (/^\+52\d{10}$/.test(phone) ? `${phone.slice(3, 6)} ${phone.slice(6, 9)} ${phone.slice(9)}` : phone);

/** Draws the card of conversation `c` into `box`; `onOpen(id)` opens another conversation, `onChange()` follows a change. */
export function renderPanel(box, c, { onOpen, onChange }) {
  const focused = box.contains(document.activeElement) ? document.activeElement : null;
  if (focused instanceof HTMLSelectElement || box.querySelector(".reveal[open]")) return; // a choice is being made
  box.replaceChildren(
    person(c, onChange),
    c.reason || c.misunderstood || c.language ? handoff(c) : "",
    c.draft ? draft(c.draft) : "",
    petitions(c),
    others(c, { onOpen, onChange }),
    earlier(c, onOpen),
    c.ratings.length ? ratings(c) : "",
    history(c),
  );
}

function person(c, onChange) {
  const p = c.person;
  const drafted = Object.fromEntries((c.draft?.filled ?? []).map((one) => [one.label, one.value]));
  const phone = p?.phone ? c.is_masked ? p.phone : el("a", { href: `tel:${p.phone}`, text: phoneText(p.phone) }) : drafted.Contacto;
  const rows = [["Teléfono", phone], [`Teléfono en ${c.channel}`, c.verified_phone && phoneText(c.verified_phone)], [`Nombre en ${c.channel}`, c.display_name], ["Correo", p?.email], ["Municipio", c.municipality], ["CURP", p?.curp ?? drafted.CURP], ["Aviso de privacidad", c.consent ? "Aceptado" : "Sin aceptar"]];
  const node = section(null, el("h2", { text: c.title }), badges(c, { onChange }), facts(rows.filter(([name, value]) => value || ["Teléfono", "Municipio", "Aviso de privacidad"].includes(name))));
  node.classList.add("panel-person");
  if (c.is_masked) node.append(revealForm(c.id));
  if (c.callbacks) node.append(el("p", {}, el("a", { href: "/consola/llamadas-pendientes", text: "Tiene una llamada pendiente" })));
  return node;
}

function handoff(c) {
  const card = el("div", { class: c.is_emergency ? "handoff emergency" : "handoff" }, el("strong", { text: c.reason ?? "Pasó con una persona" }));
  if (c.language) card.append(el("p", {}, el("span", { class: "tag", text: `Lengua: ${c.language}` })));
  if (c.misunderstood) card.append(el("blockquote", { text: c.misunderstood }));
  return section("Por qué llegó aquí", card);
}

function draft(d) {
  const list = el("ul", { class: "field-list" });
  for (const one of d.filled) list.append(el("li", {}, el("span", { class: "done", text: "✓", "aria-label": "Listo" }), el("span", {}, el("span", { class: "muted", text: `${one.label}: ` }), one.value)));
  for (const name of d.missing) list.append(el("li", {}, el("span", { class: "missing", text: "○", "aria-label": "Falta" }), el("span", { class: "muted", text: `${name}: falta` })));
  return section(`En captura: ${d.kind_text}`, list);
}

function petitions(c) {
  if (!c.petitions.length) return section("Peticiones", el("p", { class: "muted", text: "Ninguna registrada." }));
  return section("Peticiones", el("ul", {}, ...c.petitions.map((one) =>
    el("li", {}, el("a", { class: "folio", href: `/consola/peticiones/${one.folio}`, target: "_blank", text: one.folio }), el("br"), `${one.kind} · ${one.status} · ${momentText(one.created_at)}`))));
}

function earlier(c, onOpen) {
  if (!c.earlier.length) return "";
  return section("Conversaciones anteriores", el("ul", {}, ...c.earlier.map((one) =>
    el("li", {}, el("button", { type: "button", class: "button link", text: momentText(one.last_message_at), onclick: () => onOpen(one.id) }), ` · ${one.channel} · ${one.status}`))));
}

function ratings(c) {
  return section("Calificación", el("ul", {}, ...c.ratings.map((one) =>
    el("li", {}, el("span", { class: "stars", "aria-label": `${one.score} de 5`, text: "★".repeat(one.score) + "☆".repeat(5 - one.score) }), one.comment ? ` ${one.comment}` : ""))));
}

function history(c) {
  const rows = c.events.slice().reverse().map((one) =>
    el("li", {}, `${one.text}${one.who ? ` · ${one.who}` : ""}${one.reason ? ` (${one.reason.toLowerCase()})` : ""}`, el("br"), el("span", { class: "muted", text: momentText(one.at) })));
  return section("Historial", el("details", {}, el("summary", { text: `${rows.length} movimientos` }), el("ul", {}, ...rows)));
}
