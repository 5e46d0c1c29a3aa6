// The messages of the open conversation: each once, in order, with its marks.

import { dayKey, dayText, hourText } from "./dates.js";
import { el } from "./dom.js";
import { bubble, failure, parts } from "./message_parts.js";

const MARKS = { pending: "○ Por enviar", sending: "○ Enviando", sent: "✓ Enviado", delivered: "✓✓ Entregado", read: "✓✓ Leído", failed: "! No se entregó", uncertain: "? Por confirmar" };

export class Transcript {
  constructor(box, newBelow, { onImage, onRetry, onStored }) {
    this.box = box;
    this.newBelow = newBelow;
    this.onImage = onImage;
    this.onRetry = onRetry;
    this.onStored = onStored;
    newBelow.addEventListener("click", () => this.toEnd());
    box.addEventListener("scroll", () => this.scrolled());
    this.reset();
  }

  reset() {
    this.cursor = 0;
    this.lastDay = null;
    this.nodes = new Map();
    this.waiting = new Map(); // idempotency key -> the node of a message not yet stored
    this.newBelow.hidden = true;
    this.box.replaceChildren();
    this.top = 0;
    this.isFollowing = true; // the end is in sight, or will be once what grows has grown
  }

  isAtEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 80;
  }

  /** Only who goes up leaves the end: photos that load put it further away by themselves. */
  scrolled() {
    if (this.isAtEnd()) {
      this.isFollowing = true;
      this.newBelow.hidden = true;
    } else if (this.box.scrollTop < this.top) this.isFollowing = false;
    this.top = this.box.scrollTop;
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.isFollowing = true;
    this.newBelow.hidden = true;
  }

  add(messages, { follow = false } = {}) {
    const wasAtEnd = follow || this.isFollowing;
    let hasNew = false;
    for (const message of messages) {
      if (this.nodes.has(message.seq)) continue;
      if (this.waiting.has(message.idempotency_key)) this.onStored(message.idempotency_key);
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
      ...parts(message, { onImage: this.onImage, onGrown: () => { if (this.isFollowing) this.toEnd(); } }),
      message.buttons.length ? el("div", { class: "chips", "aria-label": "Opciones que se ofrecieron" }, ...message.buttons.map((title) => el("span", { class: "chip", text: title }))) : null,
      foot);
    if (message.delivery) this.mark(node, message);
    return node;
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

  /** Shows a message on its way. Should it fail, `retry` and `edit` are what its buttons do; one without `retry` cannot go again. */
  addWaiting(key, { text, fileName, isNote, retry, edit }) {
    const state = el("span", { text: "Enviando…" });
    const kind = `message ${isNote ? "note" : "agent"}`;
    const node = el("article", { class: `${kind} pending` },
      el("div", { class: "bubble", text: text || `Archivo: ${fileName}` }), el("p", { class: "message-foot" }, state));
    const again = () => {
      node.className = `${kind} pending`;
      state.textContent = "Enviando…";
      retry();
    };
    const button = (name, act) => el("button", { type: "button", class: "button link", text: name, onclick: act });
    node.fail = (reason) => {
      node.className = `${kind} failed`;
      state.replaceChildren(el("span", { class: "mark-failed", text: `${reason} ` }), ...(retry ? [button("Reintentar", again), " "] : []), button("Corregir", edit));
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
