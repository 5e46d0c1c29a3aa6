// The messages of the open conversation: each once, in order, with its marks.

import { dayKey, dayText, hourText } from "./dates.js";
import { el } from "./dom.js";
import { bubble, failure, parts } from "./message_parts.js";

const MARKS = { pending: "○ Por enviar", sending: "○ Enviando", sent: "✓ Enviado", delivered: "✓✓ Entregado", read: "✓✓ Leído", failed: "! No se entregó", uncertain: "? Por confirmar" };

export class Transcript {
  constructor(box, newBelow, { onImage, onRetry }) {
    this.box = box;
    this.newBelow = newBelow;
    this.onImage = onImage;
    this.onRetry = onRetry;
    newBelow.addEventListener("click", () => this.toEnd());
    box.addEventListener("scroll", () => { if (this.isAtEnd()) newBelow.hidden = true; });
    this.reset();
  }

  reset() {
    this.cursor = 0;
    this.lastDay = null;
    this.nodes = new Map();
    this.waiting = new Map(); // idempotency key -> the node of a message not yet stored
    this.newBelow.hidden = true;
    this.box.replaceChildren();
  }

  isAtEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 80;
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.newBelow.hidden = true;
  }

  add(messages, { follow = false } = {}) {
    const wasAtEnd = follow || this.isAtEnd();
    let hasNew = false;
    for (const message of messages) {
      if (this.nodes.has(message.seq)) continue;
      this.settle(message.idempotency_key);
      this.place(message);
      hasNew = true;
    }
    if (!hasNew) return;
    if (wasAtEnd) this.toEnd();
    else this.newBelow.hidden = false;
  }

  place(message) {
    if (dayKey(message.created_at) !== this.lastDay) {
      this.lastDay = dayKey(message.created_at);
      this.beforeWaiting(el("p", { class: "day", text: dayText(message.created_at) }));
    }
    const node = this.node(message);
    this.nodes.set(message.seq, node);
    this.cursor = Math.max(this.cursor, message.seq);
    this.beforeWaiting(node);
  }

  beforeWaiting(node) {
    const [first] = this.waiting.values();
    this.box.insertBefore(node, first ?? null);
  }

  node(message) {
    const foot = el("p", { class: "message-foot" },
      el("time", { datetime: message.created_at, text: hourText(message.created_at) }),
      message.edited_at && !message.deleted_at && el("span", { text: "Editado" }),
      message.delivery && message.author !== "system" && el("span", { "data-mark": "" }));
    const node = el("article", { class: `message ${message.author}`, "data-seq": message.seq },
      el("span", { class: "message-who", text: message.author === "note" ? `Nota privada · ${message.author_name}` : message.author_name }),
      bubble(message),
      ...parts(message, { onImage: this.onImage, onGrown: this.follower() }),
      message.buttons.length ? el("div", { class: "chips", "aria-label": "Opciones que se ofrecieron" }, ...message.buttons.map((title) => el("span", { class: "chip", text: title }))) : null,
      foot);
    if (message.delivery) this.mark(node, message);
    return node;
  }

  /** Keeps the end in sight while something at it grows. */
  follower() {
    const wasAtEnd = this.isAtEnd();
    return () => { if (wasAtEnd) this.toEnd(); };
  }

  /** Shows a message anew: it was edited or deleted, or its files have come. */
  change(message) {
    const known = this.nodes.get(message.seq);
    if (!known) return;
    const wasAtEnd = this.isAtEnd();
    const node = this.node(message);
    known.replaceWith(node);
    this.nodes.set(message.seq, node);
    if (wasAtEnd) this.toEnd();
  }

  marks(message) {
    const node = this.nodes.get(message.seq);
    if (node) this.mark(node, message);
  }

  mark(node, message) {
    const { delivery } = message;
    node.querySelector(".failure")?.remove();
    const reason = failure(message, this.onRetry);
    if (reason) node.append(reason);
    const mark = node.querySelector("[data-mark]");
    if (!mark) return;
    mark.textContent = MARKS[delivery];
    mark.className = delivery === "failed" ? "mark-failed" : delivery === "read" ? "mark-read" : "";
  }

  /** Shows a message on its way. `retry` is what its button does should it fail. */
  addWaiting(key, { text, fileName, isNote, retry }) {
    const state = el("span", { text: "Enviando…" });
    const node = el("article", { class: `message ${isNote ? "note" : "agent"} pending` },
      el("div", { class: "bubble", text: text || `Archivo: ${fileName}` }), el("p", { class: "message-foot" }, state));
    node.fail = (reason) => {
      node.className = node.className.replace("pending", "failed");
      state.replaceChildren(el("span", { class: "mark-failed", text: `${reason} ` }), el("button", { type: "button", class: "button link", text: "Reintentar", onclick: () => { node.className = node.className.replace("failed", "pending"); state.textContent = "Enviando…"; retry(); } }));
    };
    this.waiting.set(key, node);
    this.box.append(node);
    this.toEnd();
  }

  fail(key, reason) {
    this.waiting.get(key)?.fail(reason);
  }

  settle(key) {
    if (!key) return;
    this.waiting.get(key)?.remove();
    this.waiting.delete(key);
  }
}
