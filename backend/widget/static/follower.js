import { Refused } from "./api.js";

/** Server-sent events out of pieces of text cut anywhere. An event counts only when its blank line has come. */
export class EventParser {
  #rest = "";

  *feed(text) {
    this.#rest += text;
    // A trailing \r may be half of \r\n: it waits for the next piece.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    let event = { event: "message", data: [], id: null };
    let kept = [];
    const tail = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data.length) yield { ...event, data: event.data.join("\n") };
        event = { event: "message", data: [], id: null };
        kept = [];
        continue;
      }
      kept.push(line);
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === "data") event.data.push(value);
      else if (field === "event" || field === "id") event[field] = value;
    }
    this.#rest = [...kept, tail].join("\n");
  }
}

const SILENCE = 40_000;
const pause = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** Keeps the store in step with the server: by stream, or by long polling where streams do not get through. */
export class Follower {
  #api;
  #store;
  #stop = null;
  #wake = null;
  #failures = 0;
  #barrenStreams = 0;

  constructor(api, store, { onUnknownSession, onConnected }) {
    this.#api = api;
    this.#store = store;
    this.onUnknownSession = onUnknownSession;
    this.onConnected = onConnected;
  }

  start() {
    if (this.#stop) return;
    this.#stop = new AbortController();
    this.#run(this.#stop.signal);
  }

  stop() {
    this.#stop?.abort();
    this.#stop = null;
  }

  /** Try again now rather than when the pause ends. */
  hurry() {
    this.#wake?.abort();
  }

  async #run(signal) {
    while (!signal.aborted) {
      try {
        await (this.#barrenStreams < 2 ? this.#follow(signal) : this.#poll(signal));
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status === 401) {
          this.stop();
          this.onUnknownSession();
          return;
        }
      }
      if (signal.aborted) return;
      this.#failures += 1;
      if (this.#failures > 1) this.#store.setConnected(false);
      await this.#rest(signal);
    }
  }

  async #rest(signal) {
    const ceiling = Math.min(15_000, 250 * 2 ** this.#failures);
    this.#wake = new AbortController();
    await pause(ceiling / 2 + (Math.random() * ceiling) / 2, AbortSignal.any([signal, this.#wake.signal]));
  }

  #alive() {
    this.#failures = 0;
    this.#store.setConnected(true);
    this.onConnected();
  }

  async #follow(signal) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE);
    let events = 0;
    try {
      const response = await this.#api.stream(this.#store.cursor, AbortSignal.any([signal, silence.signal]));
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE);
        for (const { event, data } of parser.feed(value)) {
          if (events++ === 0) this.#alive();
          if (event === "message") this.#store.receive([JSON.parse(data)]);
          else if (event === "status") this.#store.setStatus(JSON.parse(data));
        }
      }
    } finally {
      clearTimeout(timer);
      this.#barrenStreams = events || !navigator.onLine ? 0 : this.#barrenStreams + 1;
    }
  }

  async #poll(signal) {
    for (let rounds = 0; rounds < 40; rounds++) {
      const page = await this.#api.poll(this.#store.cursor, rounds === 0 ? 0 : 20, signal);
      if (signal.aborted) return;
      this.#alive();
      this.#store.receive(page.messages);
      this.#store.setStatus(page);
    }
    this.#barrenStreams = 0; // streams may get through by now
  }
}
