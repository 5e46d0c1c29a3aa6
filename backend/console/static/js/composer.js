// Writing: replies and notes, a draft a conversation, files, and each message sent once.

import { ApiError, conversationPath, post } from "./api.js";

const TYPING_EVERY = 3000;
const MAX_FILE = 10 * 1024 * 1024;

export class Composer {
  constructor(form, { transcript, canned, onSent, onRefused, onMode }) {
    this.form = form;
    this.text = form.querySelector("[data-text]");
    this.file = form.querySelector("[data-file]");
    this.transcript = transcript;
    this.canned = canned;
    this.onSent = onSent;
    this.onRefused = onRefused;
    this.onMode = onMode;
    this.mode = "reply";
    this.typingAt = 0;
    this.bind();
  }

  bind() {
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.text.addEventListener("keydown", (event) => {
      if (this.canned.handleKey(event)) return;
      if (event.key === "Escape") this.text.blur();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
    });
    this.text.addEventListener("input", () => { this.keepDraft(); this.fit(); this.tellTyping(); });
    this.text.addEventListener("paste", (event) => this.take(event.clipboardData.files[0], event));
    for (const button of this.form.querySelectorAll("[data-mode]")) {
      button.addEventListener("click", () => { this.setMode(button.dataset.mode); this.text.focus(); });
    }
    this.file.addEventListener("change", () => this.showFile());
    this.form.querySelector("[data-file-clear]").addEventListener("click", () => { this.clearFile(); this.text.focus(); });
    const pane = this.form.closest("[data-conversation]");
    pane.addEventListener("dragover", (event) => event.preventDefault());
    pane.addEventListener("drop", (event) => this.take(event.dataTransfer.files[0], event));
  }

  draftKey() {
    return `consola-borrador-${this.mode}-${this.conversation}`;
  }

  open(conversation) {
    this.conversation = conversation;
    this.error("");
    this.clearFile();
    this.setMode("reply");
  }

  setMode(mode) {
    this.mode = mode;
    const isNote = mode === "note";
    this.form.classList.toggle("note-mode", isNote);
    for (const button of this.form.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    this.text.placeholder = isNote ? "Nota privada: solo la lee el personal" : "Escriba su respuesta";
    this.form.querySelector("[data-send]").textContent = isNote ? "Guardar nota" : "Enviar";
    this.file.disabled = isNote;
    this.onMode();
    this.text.value = sessionStorage.getItem(this.draftKey()) ?? "";
    this.fit();
  }

  keepDraft() {
    if (this.text.value) sessionStorage.setItem(this.draftKey(), this.text.value);
    else sessionStorage.removeItem(this.draftKey());
  }

  fit() {
    this.text.rows = Math.min(8, Math.max(2, this.text.value.split("\n").length));
  }

  tellTyping() {
    if (this.mode !== "reply" || !this.text.value || Date.now() - this.typingAt < TYPING_EVERY) return;
    this.typingAt = Date.now();
    post(conversationPath(this.conversation, "/typing")).catch(() => {});
  }

  take(file, event) {
    if (!file) return;
    event.preventDefault();
    const list = new DataTransfer();
    list.items.add(file);
    this.file.files = list.files;
    this.showFile();
  }

  showFile() {
    const [file] = this.file.files;
    if (file && file.size > MAX_FILE) {
      this.clearFile();
      this.error("El archivo pasa de 10 MB. Elija uno más pequeño.");
      return;
    }
    this.error("");
    this.form.querySelector("[data-file-line]").hidden = !file;
    this.form.querySelector("[data-file-name]").textContent = file ? `Archivo: ${file.name}` : "";
  }

  clearFile() {
    this.file.value = "";
    this.showFile();
  }

  error(text) {
    const box = this.form.querySelector("[data-composer-error]");
    box.textContent = text;
    box.hidden = !text;
  }

  /** Takes what is written out of the box and sends it under a key of its own: a repetition is the same message. */
  send() {
    const text = this.text.value.trim();
    const [file] = this.file.files;
    if (!text && !file) return;
    const message = { key: crypto.randomUUID(), text, file, isNote: this.mode === "note", conversation: this.conversation };
    this.text.value = "";
    this.keepDraft();
    this.fit();
    this.clearFile();
    const retry = () => this.deliver(message);
    this.transcript.addWaiting(message.key, { text, fileName: file?.name, isNote: message.isNote, retry });
    retry();
    this.text.focus();
  }

  async deliver(message) {
    if (message.isBusy) return;
    message.isBusy = true;
    try {
      const stored = await this.request(message);
      if (message.conversation === this.conversation) {
        this.transcript.settle(message.key);
        this.onSent(stored, message);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.transcript.fail(message.key, error.message);
      if (message.conversation !== this.conversation) this.giveBack(message);
      if (error.status === 409) this.onRefused(error);
    } finally {
      message.isBusy = false;
    }
  }

  /** What failed in a conversation that is no longer open becomes its draft again. */
  giveBack(message) {
    sessionStorage.setItem(`consola-borrador-${message.isNote ? "note" : "reply"}-${message.conversation}`, message.text);
  }

  request({ key, text, file, isNote, conversation }) {
    if (!file) return post(conversationPath(conversation, isNote ? "/note" : "/reply"), { text, idempotency_key: key });
    const form = new FormData();
    form.set("idempotency_key", key);
    form.set("text", text);
    form.set("file", file);
    return post(conversationPath(conversation, "/attachments"), form);
  }
}
