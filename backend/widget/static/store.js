const NO_STATUS = { owner: "bot", busy: false, queue_position: null, agent_typing: false, agent_name: null, agent_read_cursor: "0" };

/** The conversation as this page knows it: each message once, in the server's order, then what is yet to be sent. */
export class Store extends EventTarget {
  messages = [];
  pending = [];
  status = { ...NO_STATUS };
  connected = true;
  settled = false;
  cursor = 0;
  #ids = new Set();
  #memory;

  constructor(memory) {
    super();
    this.#memory = memory;
    this.pending = memory.get("outbox", []).map((item) => ({ ...item, state: "pending" }));
    this.readCursor = memory.get("read", 0);
  }

  #changed(kind = "change", detail = null) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
    if (kind !== "change") this.dispatchEvent(new CustomEvent("change"));
  }

  receive(messages) {
    const fresh = messages.filter((message) => !this.#ids.has(message.id));
    for (const message of fresh) {
      this.#ids.add(message.id);
      this.cursor = Math.max(this.cursor, message.seq);
      if (message.client_id) this.drop(message.client_id);
    }
    if (!fresh.length) return;
    this.messages = [...this.messages, ...fresh].sort((a, b) => a.seq - b.seq);
    this.#changed("received", fresh);
  }

  setStatus(status) {
    const before = this.status;
    this.status = { ...NO_STATUS, ...status };
    const first = !this.settled;
    this.settled = true;
    this.#changed("status", { before, first });
  }

  setConnected(connected) {
    if (connected === this.connected) return;
    this.connected = connected;
    this.#changed("connection");
  }

  add(item) {
    this.pending.push({ state: "pending", created_at: new Date().toISOString(), ...item });
    this.#keep();
  }

  update(clientId, values) {
    const item = this.pending.find((each) => each.client_id === clientId);
    if (item) Object.assign(item, values);
    this.#keep();
  }

  drop(clientId) {
    this.pending = this.pending.filter((item) => item.client_id !== clientId);
    this.#keep();
  }

  /** Files are too big to keep: an unsent one lives as long as its page. */
  #keep() {
    const outbox = this.pending
      .filter((item) => !item.file)
      .map(({ client_id, text, payload, created_at }) => ({ client_id, text, payload, created_at }));
    this.#memory.set({ outbox });
    this.#changed();
  }

  /** Forget the conversation, but not what the citizen has yet to send. */
  reset() {
    this.messages = [];
    this.#ids.clear();
    this.cursor = 0;
    this.readCursor = 0;
    this.#memory.set({ read: 0 });
    this.status = { ...NO_STATUS };
    this.settled = false;
    for (const item of this.pending) if (item.state === "sent") item.state = "pending";
    this.#changed();
  }

  get unread() {
    return this.messages.filter((m) => m.author !== "citizen" && m.seq > this.readCursor).length;
  }

  markRead() {
    if (this.readCursor >= this.cursor) return false;
    this.readCursor = this.cursor;
    this.#memory.set({ read: this.cursor });
    this.#changed();
    return true;
  }

  /** The one message whose buttons may be pressed: the last with any, unless the citizen has answered. */
  get answerable() {
    if (this.pending.length) return null;
    const last = this.messages.findLast((m) => m.author === "citizen" || m.buttons?.length);
    return last && last.author !== "citizen" ? last.id : null;
  }
}
