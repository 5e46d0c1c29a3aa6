// Server-sent events of the inbox and the open conversation, with reconnection that is seen.

import { get, signIn } from "./api.js";

const RETRY = [1000, 2000, 4000, 8000, 15000];

/** Follows the inbox and, after `open(id, cursor)`, one conversation. `on` maps event names to handlers. */
export class Stream {
  constructor(on) {
    this.on = on;
    this.conversation = null;
    this.cursor = 0;
    this.tries = 0;
    this.wasLost = false;
    window.addEventListener("online", () => this.connect());
    window.addEventListener("pagehide", () => this.source?.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.connect(); });
  }

  open(conversation, cursor) {
    this.conversation = conversation;
    this.cursor = cursor;
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    this.source?.close();
    const query = new URLSearchParams();
    if (this.conversation) {
      query.set("conversation", this.conversation);
      query.set("after", this.cursor);
    }
    const source = new EventSource(`/api/console/stream?${query}`);
    this.source = source;
    source.addEventListener("open", () => this.connected());
    source.addEventListener("error", () => this.lost(source));
    source.addEventListener("signed_out", () => { source.close(); signIn(); });
    for (const name of ["inbox", "window", "message", "changed", "marks", "state"]) {
      source.addEventListener(name, (event) => {
        if (source !== this.source) return;
        if (name === "message") this.cursor = Math.max(this.cursor, Number(event.lastEventId));
        this.on[name]?.(JSON.parse(event.data));
      });
    }
  }

  connected() {
    this.tries = 0;
    this.on.connection(true);
    if (this.wasLost) this.on.recovered();
    this.wasLost = false;
  }

  lost(source) {
    if (source !== this.source) return;
    this.wasLost = true;
    this.on.connection(false);
    source.close(); // our own retry keeps the cursor that has truly been shown
    const wait = RETRY[Math.min(this.tries, RETRY.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(async () => {
      if (this.tries > 1) await get("/api/auth/me").catch(() => {}); // goes to sign in if the session ended
      this.connect();
    }, wait);
  }
}
