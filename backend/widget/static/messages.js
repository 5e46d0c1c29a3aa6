import { attachmentView } from "./attachments.js";
import { h } from "./dom.js";
import { richText } from "./rich_text.js";
import { T } from "./strings.js";

const dayOf = (date) => date.toLocaleDateString("es-MX", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const timeOf = (date) => date.toLocaleTimeString("es-MX", { hour: "2-digit", minute: "2-digit" });

function dayLabel(date) {
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayOf(date) === dayOf(new Date())) return T.today;
  return dayOf(date) === dayOf(yesterday) ? T.yesterday : dayOf(date);
}

const authorOf = (m) => ({ citizen: T.you, bot: T.bot, agent: m.agent_name ?? T.agent, system: T.system })[m.author];

/** The list of messages. A message's node is made once and then kept, so that a screen reader hears it once. */
export class MessageList {
  #rows = new Map();

  constructor({ store, api, press, retry, remove, say }) {
    Object.assign(this, { store, api, press, retry, remove, say });
    this.list = h("div", { class: "list" });
  }

  render() {
    const kept = new Set();
    let day = "";
    let place = this.list.firstChild;
    const put = (key, make) => {
      kept.add(key);
      if (!this.#rows.has(key)) this.#rows.set(key, make());
      const node = this.#rows.get(key);
      if (node === place) place = node.nextSibling;
      else this.list.insertBefore(node, place);
      return node;
    };
    const own = this.store.pending.map((item) => ({ ...item, author: "citizen" }));
    for (const message of [...this.store.messages, ...own]) {
      const date = new Date(message.created_at);
      if (dayOf(date) !== day) {
        day = dayOf(date);
        put(`day ${day}`, () => h("p", { class: "day" }, dayLabel(date)));
      }
      this.#update(put(message.client_id ?? message.id, () => this.#make(message, date)), message);
    }
    for (const [key, node] of this.#rows) {
      if (kept.has(key)) continue;
      node.remove();
      this.#rows.delete(key);
    }
  }

  #make(message, date) {
    const author = authorOf(message);
    const body = h("div", { class: "bubble" }, h("span", { class: "author" }, author));
    if (message.text) body.append(h("p", { class: "text" }, ...richText(message.text, () => this.say(T.copied))));
    if (message.file) body.append(h("p", { class: "text pending-file" }, message.file.name));
    const time = h("time", { datetime: date.toISOString(), title: dayOf(date) }, timeOf(date));
    const meta = h("div", { class: "meta" }, time, h("span", { class: "mark" }));
    return h("article", { class: `message ${message.author}`, "aria-label": author }, body, this.#buttons(message), meta);
  }

  #buttons(message) {
    if (!message.buttons?.length) return null;
    const buttons = message.buttons.map(({ title, payload }, i) =>
      h("button", { type: "button", class: "choice", onclick: () => this.press({ text: title, payload }) },
        /^\d+$/.test(title) ? null : h("span", { class: "number", "aria-hidden": "true" }, String(i + 1)), title),
    );
    return h("div", { class: "choices", role: "group", "aria-label": "Opciones" }, ...buttons);
  }

  #update(node, message) {
    if (message.attachments?.length && !node.dataset.files) {
      node.dataset.files = "shown";
      node.querySelector(".pending-file")?.remove();
      node.querySelector(".bubble").append(...message.attachments.map((file) => attachmentView(this.api, file, this.say)));
    }
    const active = this.store.answerable === message.id;
    for (const button of node.querySelectorAll(".choice")) button.disabled = !active;
    if (message.author === "citizen") this.#mark(node, message);
  }

  #mark(node, message) {
    const state = this.#stateOf(message);
    const progress = message.file && state === "pending" && message.progress ? Math.round(message.progress * 100) : null;
    const signature = `${state} ${progress} ${message.problem ?? ""} ${this.store.connected}`;
    if (node.dataset.mark === signature) return;
    node.dataset.mark = signature;
    node.dataset.state = state;
    const mark = node.querySelector(".mark");
    const label = state === "pending" && !this.store.connected ? T.offlinePending : T[state];
    mark.replaceChildren(progress === null ? label : T.uploading(progress));
    if (state !== "failed") return;
    mark.append(h("span", { class: "problem" }, `. ${message.problem ?? T.genericError}`));
    const act = (name, run) => h("button", { type: "button", class: "small", onclick: run }, name);
    if (!message.final) mark.append(act(T.retry, () => this.retry(message.client_id)));
    mark.append(act(T.remove, () => this.remove(message.client_id)));
  }

  #stateOf(message) {
    if (!message.id) return message.state;
    return message.state === "read" || Number(this.store.status.agent_read_cursor) >= message.seq ? "read" : "received";
  }
}
