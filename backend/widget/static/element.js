import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { saveBlob } from "./dom.js";
import { Follower } from "./follower.js";
import { MessageList } from "./messages.js";
import { Outbox } from "./outbox.js";
import { buildPanel } from "./panel.js";
import { beep } from "./sound.js";
import { Memory } from "./storage.js";
import { Store } from "./store.js";
import { T } from "./strings.js";
import { sheet } from "./styles.js";

let defaultBase = location.origin + "/";

/** `<chat-sonora base-url="…" open mode="floating|inline">` */
class ChatSonora extends HTMLElement {
  #ready = false;

  connectedCallback() {
    if (!this.#ready) this.#build();
    this.#ready = true;
    if (this.api.token) this.follower.start();
    this.#show(this.mode === "inline" || this.hasAttribute("open"), false);
  }

  disconnectedCallback() {
    this.follower.stop();
    this.abort.abort();
    this.#ready = false;
  }

  get mode() {
    return this.getAttribute("mode") === "inline" ? "inline" : "floating";
  }

  #build() {
    const base = new URL(`${(this.getAttribute("base-url") || defaultBase).replace(/\/$/, "")}/`, location.href).href;
    this.abort = new AbortController();
    this.memory = new Memory(base);
    this.api = new Api(base);
    this.api.token = this.memory.get("token", null);
    this.store = new Store(this.memory);
    const onUnknownSession = () => this.#startOver();
    this.outbox = new Outbox(this.api, this.store, { ensureSession: () => this.#session(), onUnknownSession });
    const onConnected = () => this.outbox.flush();
    this.follower = new Follower(this.api, this.store, { onUnknownSession, onConnected });
    this.#buildView(base);
    this.#listen();
    this.#render();
    if (this.store.pending.length) this.outbox.flush();
  }

  #buildView(base) {
    const say = (text) => this.#say(text);
    this.messages = new MessageList({
      store: this.store, api: this.api, say,
      press: (choice) => (this.outbox.put(choice), this.composer.input.focus()),
      retry: (id) => this.outbox.retry(id),
      remove: (id) => this.store.drop(id),
    });
    this.composer = new Composer({
      draft: this.memory.get("draft", ""),
      keep: (draft) => this.memory.set({ draft }),
      send: (text) => this.outbox.put({ text }),
      sendFile: (file) => this.outbox.put({ file }),
      typing: () => this.api.token && this.api.typing().catch(() => {}),
      complain: (text) => this.#complain(text),
    });
    this.view = buildPanel({
      base, messages: this.messages.list, composer: this.composer.form,
      press: (choice) => (this.outbox.put(choice), this.composer.input.focus()),
      toggle: () => this.#show(this.view.panel.hidden),
      close: () => this.#show(false),
      transcript: () => this.#transcript(),
      sound: () => this.#toggleSound(),
      drop: (files) => this.composer.take(files),
    });
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.view.showSound(this.memory.get("sound", false));
    root.replaceChildren(this.view.launcher, this.view.panel);
  }

  #listen() {
    const { signal } = this.abort;
    this.store.addEventListener("change", () => this.#render());
    this.store.addEventListener("received", ({ detail }) => this.#received(detail));
    this.store.addEventListener("status", ({ detail }) => this.#statusChanged(detail));
    this.store.addEventListener("connection", () => this.#say(this.store.connected ? T.online : T.offline));
    addEventListener("offline", () => this.store.setConnected(false), { signal });
    addEventListener("online", () => (this.follower.hurry(), this.outbox.flush(), this.api.token || this.store.setConnected(true)), { signal });
    document.addEventListener("visibilitychange", () => this.#acknowledge(), { signal });
    this.memory.watch(() => this.#join(), signal);
    this.messages.list.addEventListener("grown", () => this.#scroll());
    const fit = () => this.view.panel.style.setProperty("--visible", `${visualViewport.height}px`);
    new ResizeObserver(() => this.#scroll()).observe(this.view.panel);
    globalThis.visualViewport?.addEventListener("resize", fit, { signal });
  }

  async #session() {
    this.#join();
    if (this.api.token) return;
    const { token } = await this.api.openSession();
    this.memory.set({ token });
    this.follower.start();
  }

  /** The conversation that another tab of this browser has begun is this one's too. */
  #join() {
    const token = this.memory.get("token", null);
    if (this.api.token || !token) return;
    this.api.token = token;
    this.follower.start();
    this.#render();
  }

  #startOver() {
    this.follower.stop();
    if (this.memory.get("token", null) === this.api.token) this.memory.set({ token: null });
    this.api.token = null;
    this.store.reset();
    this.#complain(T.expired);
    this.#join();
    this.outbox.flush();
  }

  #received(fresh) {
    this.#acknowledge();
    const isNews = this.store.settled && fresh.some((m) => m.author !== "citizen");
    if (isNews && this.memory.get("sound", false)) beep();
  }

  #acknowledge() {
    if (!this.api.token || !this.store.cursor) return;
    const receipts = { delivered: String(this.store.cursor) };
    const isVisible = !this.view.panel.hidden && document.visibilityState === "visible";
    if (isVisible && this.store.markRead()) receipts.read = receipts.delivered;
    if (this.acknowledged === JSON.stringify(receipts)) return;
    this.acknowledged = JSON.stringify(receipts);
    this.api.receipts(receipts).catch(() => (this.acknowledged = null));
  }

  #statusChanged({ before, first }) {
    const { owner, agent_name } = this.store.status;
    if (first) return this.#scroll(true);
    if (owner === "agent" && agent_name && agent_name !== before.agent_name) this.#say(T.joined(agent_name));
    if (before.owner === "agent" && owner !== "agent" && before.agent_name) this.#say(T.left_chat(before.agent_name));
  }

  #render() {
    const atEnd = this.view.isAtEnd();
    const count = this.store.messages.length + this.store.pending.length;
    this.messages.render();
    this.view.update(this.store, { unread: this.store.unread, isEmpty: count === 0 && !(this.api.token && !this.store.settled) });
    if (atEnd || this.store.pending.length > (this.lastPending ?? 0)) this.#scroll(true);
    this.lastPending = this.store.pending.length;
  }

  #scroll(force = false) {
    if (force || this.view.isAtEnd(200)) this.view.scrollToEnd();
  }

  #show(open, moveFocus = true) {
    if (this.mode === "inline") open = true;
    this.view.show(open, this.mode);
    this.toggleAttribute("open", open);
    if (open) this.#scroll(true);
    if (open) this.#acknowledge();
    if (moveFocus) (open ? this.composer.input : this.view.launcher).focus();
  }

  #say(text) {
    this.view.announce(text);
  }

  #complain(text) {
    this.view.complain(text);
  }

  #toggleSound() {
    const on = !this.memory.get("sound", false);
    this.memory.set({ sound: on });
    if (on) beep();
    this.view.showSound(on);
  }

  async #transcript() {
    try {
      saveBlob(await this.api.blob("/api/chat/transcript"), "chat-sonora.txt");
    } catch {
      this.#complain(T.downloadError);
    }
  }
}

/** Define the element; a page without one gets a floating launcher. */
export function register(base) {
  defaultBase = base;
  if (customElements.get("chat-sonora")) return;
  customElements.define("chat-sonora", ChatSonora);
  const add = () => document.querySelector("chat-sonora") ?? document.body.append(document.createElement("chat-sonora"));
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", add, { once: true });
  else add();
}
