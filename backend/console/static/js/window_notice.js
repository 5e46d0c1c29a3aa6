// WhatsApp's window: how long free text may still be written, and the template when it may not.

import { conversationPath, post } from "./api.js";
import { el } from "./dom.js";

const SOON = 60 * 60 * 1000;

/** `42 min`, `3 h 05 min` until `iso`. */
export function leftText(iso) {
  const minutes = Math.max(0, Math.ceil((new Date(iso) - Date.now()) / 60000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

export const closesSoon = (iso) => {
  const left = new Date(iso) - Date.now();
  return left > 0 && left <= SOON;
};

/** Shows the window of the open conversation in the composer; closed, it puts the template in the text's place. */
export class WindowNotice {
  constructor(form, { onSent, onError }) {
    this.form = form;
    this.line = form.querySelector("[data-window-line]");
    this.closed = form.querySelector("[data-window-closed]");
    this.row = form.querySelector("[data-composer-row]");
    this.onSent = onSent;
    this.onError = onError;
    this.window = null;
    setInterval(() => this.tick(), 5000);
  }

  /** `mayWrite`: this agent may answer here. */
  show(conversation, window, mayWrite) {
    if (this.conversation !== conversation) this.key = null;
    this.conversation = conversation;
    this.window = window;
    this.mayWrite = mayWrite;
    this.drawn = null;
    this.tick();
  }

  get isClosed() {
    return Boolean(this.window) && new Date(this.window.closes_at) <= Date.now();
  }

  tick() {
    const isReply = !this.form.classList.contains("note-mode");
    const isClosed = this.isClosed && isReply && this.mayWrite;
    this.line.hidden = !this.window || this.isClosed || !isReply;
    if (this.window && !this.isClosed) {
      this.line.textContent = `La ventana de 24 h cierra en ${leftText(this.window.closes_at)}`;
      this.line.classList.toggle("soon", closesSoon(this.window.closes_at));
    }
    this.row.hidden = isClosed;
    this.closed.hidden = !isClosed;
    const state = isClosed ? this.window.template ?? "-" : null;
    if (isClosed && this.drawn !== state) this.closed.replaceChildren(...this.body());
    this.drawn = state;
  }

  body() {
    const { template } = this.window;
    const why = el("p", { text: "La ventana de 24 h está cerrada: WhatsApp solo permite enviar una plantilla aprobada." });
    if (!template) return [why, el("p", { class: "window-none", text: "No hay una plantilla aprobada para retomar la conversación. Avise a Sistemas, o llame a la persona." })];
    const button = el("button", { type: "button", class: "button primary", text: "Enviar plantilla para retomar", onclick: () => this.send(button) });
    return [why, el("blockquote", { text: template }), button];
  }

  async send(button) {
    this.key ??= crypto.randomUUID(); // a second click is the same message
    button.disabled = true;
    try {
      const message = await post(conversationPath(this.conversation, "/resume"), { idempotency_key: this.key });
      this.key = null;
      this.onSent(message);
    } catch (error) {
      this.onError(error);
    } finally {
      button.disabled = false;
    }
  }
}
