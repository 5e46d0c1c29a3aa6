import { Refused } from "./api.js";

/** Sends what the citizen wrote, one at a time and in order. The same client id every time: a repeat does nothing. */
export class Outbox {
  #sending = false;
  #attempts = 0;
  #timer = null;

  constructor(api, store, { ensureSession, onUnknownSession }) {
    this.api = api;
    this.store = store;
    this.ensureSession = ensureSession;
    this.onUnknownSession = onUnknownSession;
  }

  put(item) {
    this.store.add({ client_id: newId(), ...item });
    this.flush();
  }

  retry(clientId) {
    this.store.update(clientId, { state: "pending", problem: null });
    this.flush();
  }

  async flush() {
    if (this.#sending) return;
    clearTimeout(this.#timer);
    this.#sending = true;
    let again = null;
    try {
      for (let item; (item = this.store.pending.find((each) => each.state === "pending")); ) {
        await this.ensureSession();
        await this.#send(item);
        this.#attempts = 0;
      }
    } catch (error) {
      again = this.#pauseAfter(error);
    } finally {
      this.#sending = false;
    }
    if (again !== null) this.#timer = setTimeout(() => this.flush(), again);
  }

  async #send(item) {
    const { client_id, text, payload, file } = item;
    try {
      if (file) await this.api.upload(client_id, file, (done) => this.store.update(client_id, { progress: done }));
      else await this.api.send(payload ? { client_id, payload, text } : { client_id, text });
      this.store.update(client_id, { state: "sent", progress: null });
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 429 || error.status === 401) throw error;
      this.store.update(client_id, { state: "failed", problem: error.message, final: [413, 415, 422].includes(error.status) });
    }
  }

  #pauseAfter(error) {
    if (error instanceof Refused && error.status === 401) {
      this.onUnknownSession();
      return 0;
    }
    this.#attempts += 1;
    if (error instanceof Refused && error.status === 429) return Math.max(1, error.retryAfter) * 1000;
    const ceiling = Math.min(15_000, 500 * 2 ** this.#attempts);
    return ceiling / 2 + (Math.random() * ceiling) / 2;
  }
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
