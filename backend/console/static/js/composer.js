// Writing: replies and notes, a draft a conversation, files, and each message sent once.

import { ApiError, conversationPath, post } from "./api.js";
import { Unsent } from "./unsent.js";

const TYPING_EVERY = 3000;
const MAX_FILE = 10 * 1024 * 1024;

export class Composer {
  constructor(form, { agent, transcript, canned, onSent, onFailed, onMode }) {
    this.form = form;
    this.text = form.querySelector("[data-text]");
    this.file = form.querySelector("[data-file]");
    this.transcript = transcript;
    this.canned = canned;
    this.agent = agent;
    this.unsent = new Unsent(agent);
    this.onSent = onSent;
    this.onFailed = onFailed;
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

  draftKey(mode = this.mode) {
    return `consola-borrador-${this.agent}-${mode}-${this.conversation}`;
  }

  open(conversation) {
    this.conversation = conversation;
    this.error("");
    this.clearFile();
    this.setMode("reply");
    for (const message of this.unsent.of(conversation)) this.showWaiting(message);
  }

  /** Somebody else answers here: what was being written to the citizen is kept as a note. True if there was any. */
  onlyNotes() {
    const written = sessionStorage.getItem(this.draftKey("reply"));
    if (written) {
      const note = sessionStorage.getItem(this.draftKey("note"));
      sessionStorage.setItem(this.draftKey("note"), [note, written].filter(Boolean).join("\n"));
      sessionStorage.removeItem(this.draftKey("reply"));
    }
    this.setMode("note");
    return Boolean(written);
  }

  setMode(mode) {
    this.mode = mode;
    const isNote = mode === "note";
    this.form.classList.toggle("note-mode", isNote);
    for (const button of this.form.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    this.text.placeholder = isNote ? "Nota privada: solo la lee el personal" : "Escriba su respuesta";
    this.form.querySelector("[data-send]").textContent = isNote ? "Guardar nota" : "Enviar";
    this.file.disabled = isNote;
    this.file.closest("label").hidden = isNote;
    this.showFile();
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
    if (this.mode === "note") return this.error("Una nota privada no lleva archivos. Para enviarlo, elija «Responder».");
    this.attach(file);
  }

  attach(file) {
    const list = new DataTransfer();
    list.items.add(file);
    this.file.files = list.files;
    this.showFile();
  }

  /** The file that goes with what is written: none with a note, which the citizen must not get. */
  get attached() {
    return this.mode === "note" ? undefined : this.file.files[0];
  }

  showFile() {
    const file = this.attached;
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
    const file = this.attached;
    if (!text && !file) return;
    const message = { key: crypto.randomUUID(), text, file, fileName: file?.name, isNote: this.mode === "note", conversation: this.conversation };
    this.unsent.add(message);
    this.text.value = "";
    this.keepDraft();
    this.fit();
    if (file) this.clearFile();
    this.showWaiting(message);
    this.deliver(message);
    this.text.focus();
  }

  showWaiting(message) {
    const isFileGone = message.fileName && !message.file;
    const retry = isFileGone ? null : () => this.deliver(message);
    this.transcript.addWaiting(message.key, { ...message, retry, edit: () => this.edit(message) });
    if (message.problem) this.transcript.fail(message.key, isFileGone ? `${message.problem} Adjunte de nuevo el archivo.` : message.problem);
  }

  /** Takes what did not go back into the box. */
  edit(message) {
    this.stored(message.key);
    this.transcript.settle(message.key);
    if (message.isNote || !this.form.querySelector('[data-mode="reply"]').disabled) this.setMode(message.isNote ? "note" : "reply");
    this.text.value = [this.text.value, message.text].filter(Boolean).join("\n");
    this.keepDraft();
    this.fit();
    if (message.file && this.mode === "reply") this.attach(message.file);
    this.text.focus();
  }

  /** The server has it: nothing is left to keep. */
  stored(key) {
    this.unsent.forget(key);
  }

  async deliver(message) {
    if (message.isBusy) return;
    message.isBusy = true;
    message.problem = null;
    try {
      const stored = await this.request(message);
      this.stored(message.key);
      if (message.conversation === this.conversation) {
        this.transcript.settle(message.key);
        this.onSent(stored, message);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      message.problem = error.message;
      this.transcript.fail(message.key, error.message);
      this.onFailed(error, message.conversation === this.conversation);
    } finally {
      message.isBusy = false;
    }
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
