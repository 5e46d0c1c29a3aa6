// What a message may carry besides its words: files, a place, a telephone, its former text, why it failed.

import { el, toast } from "./dom.js";

export const sizeText = (size) => (size >= 1048576 ? `${(size / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(size / 1024))} KB`);

/** Everything of `message` that stands under its bubble. `onImage(file)` shows a photo; `onGrown()` follows its loading. */
export function parts(message, { onImage, onGrown }) {
  return [
    ...message.attachments.map((file) => attachment(file, onImage, onGrown)),
    message.location && place(message.location),
    message.card && card(message.card),
    former(message),
  ].filter(Boolean);
}

/** The words, or that they were taken back. */
export function bubble(message) {
  if (message.deleted_at) return el("div", { class: "bubble deleted", text: "La persona eliminó este mensaje." });
  return message.text ? el("div", { class: "bubble", text: message.text }) : null;
}

function attachment(file, onImage, onGrown) {
  if (file.is_audio) {
    return el("div", { class: "voice" },
      el("audio", { controls: true, preload: "metadata", src: file.url, "aria-label": `Nota de voz: ${file.file_name}` }),
      el("a", { class: "voice-save", href: file.url, download: file.file_name, text: `Descargar (${sizeText(file.size)})` }));
  }
  if (!file.is_image) {
    return el("a", { class: "attachment", href: file.url, text: `📄 ${file.file_name} (${sizeText(file.size)})` });
  }
  const image = el("img", { src: file.url, alt: `Foto: ${file.file_name}`, onload: onGrown });
  return el("button", { type: "button", class: "attachment-image", onclick: () => onImage(file) }, image);
}

function place({ latitude, longitude, label }) {
  const at = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
  const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=17/${latitude}/${longitude}`;
  return el("div", { class: "extra" },
    el("strong", { text: label ? `Ubicación: ${label}` : "Ubicación" }),
    el("span", { class: "mono", text: at }),
    el("span", { class: "row" },
      copyButton(at, "Copiar coordenadas"),
      el("a", { href: map, target: "_blank", rel: "noopener noreferrer", text: "Ver en el mapa" })));
}

function card({ name, phone, is_own: isOwn }) {
  return el("div", { class: "extra" },
    el("strong", { text: isOwn ? `Su contacto: ${name}` : `Contacto: ${name}` }),
    el("span", { class: "row" }, el("a", { href: `tel:${phone}`, text: phone }), copyButton(phone, "Copiar teléfono")));
}

function copyButton(text, name) {
  return el("button", { type: "button", class: "button link", text: "Copiar", "aria-label": name, onclick: () => copy(text) });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copiado.");
  } catch {
    toast(`No se pudo copiar. Es: ${text}`, { bad: true });
  }
}

function former(message) {
  if (!message.former.length) return null;
  const said = message.former.map((text) => el("li", { text: text || "(sin texto)" }));
  return el("details", { class: "former" }, el("summary", { text: message.deleted_at ? "Lo que decía" : "Lo que decía antes" }), el("ul", {}, ...said));
}

/** Why it did not arrive, what to do, and a button where sending again helps. */
export function failure(message, onRetry) {
  if (!message.failure) return null;
  const { reason, advice, retry } = message.failure;
  return el("div", { class: "failure" },
    el("strong", { text: reason }), el("span", { text: advice }),
    retry && el("button", { type: "button", class: "button small", text: retry, onclick: (event) => onRetry(message, event.target) }));
}
