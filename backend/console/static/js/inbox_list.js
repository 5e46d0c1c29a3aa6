// The list of conversations: views, search, waiting time that ticks, selection.

import { get } from "./api.js";
import { minutesSince, shortText, sinceText } from "./dates.js";
import { el } from "./dom.js";
import { closesSoon, leftText } from "./window_notice.js";

const LONG_WAIT = 10;
const VIEWS = ["mine", "waiting", "bot", "closed"];
const EMPTY = {
  mine: "No tiene conversaciones en atención. Tome una de «En espera».",
  waiting: "Nadie está esperando.",
  bot: "El asistente no está conversando con nadie.",
  closed: "No hay conversaciones cerradas.",
  all: "Ninguna conversación coincide con su búsqueda.",
};

/** `onOpen(id)` is called for a chosen row; `onLoaded(answer)` after each reading. */
export class InboxList {
  constructor(root, { onOpen, onLoaded }) {
    this.rowsBox = root.querySelector("[data-rows]");
    this.tabs = [...root.querySelectorAll("[data-view]")];
    this.search = root.querySelector("[data-search]");
    this.onOpen = onOpen;
    this.onLoaded = onLoaded;
    this.view = sessionStorage.getItem("consola-vista") ?? "mine";
    this.limit = 50;
    this.rows = [];
    this.selected = null;
    this.bind();
    this.markTab();
    setInterval(() => this.tick(), 1000);
  }

  bind() {
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(tab.dataset.view));
    this.tabs[0].parentElement.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (VIEWS.indexOf(this.view) + step + VIEWS.length) % VIEWS.length;
      this.show(VIEWS[next]);
      this.tabs[next].focus();
      event.preventDefault();
    });
    let timer;
    this.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.load(), 250);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.search.value = ""; this.search.blur(); this.load(); }
      if (event.key === "Enter" && this.rows[0]) this.onOpen(this.rows[0].id);
    });
  }

  show(view) {
    this.view = view;
    this.limit = 50;
    sessionStorage.setItem("consola-vista", view);
    this.markTab();
    return this.load();
  }

  markTab() {
    for (const tab of this.tabs) {
      const isThis = tab.dataset.view === this.view;
      tab.setAttribute("aria-selected", String(isThis));
      tab.tabIndex = isThis ? 0 : -1;
      if (isThis) this.rowsBox.setAttribute("aria-labelledby", tab.id);
    }
  }

  /** Reads the view again. Readings asked for while one is under way become one more after it. */
  async load() {
    if (this.loading) { this.again = true; return this.loading; }
    this.loading = this.read().finally(() => { this.loading = null; });
    await this.loading;
    if (this.again) { this.again = false; await this.load(); }
  }

  async read() {
    const typed = this.search.value.trim();
    const query = new URLSearchParams({ view: typed ? "all" : this.view, limit: this.limit });
    if (typed) query.set("search", typed);
    let answer;
    try {
      answer = await get(`/api/console/inbox?${query}`);
    } catch (error) {
      if (!this.rows.length) this.rowsBox.replaceChildren(el("p", { class: "empty", text: error.message }));
      return;
    }
    this.rows = answer.rows;
    this.showCounts(answer.counts);
    this.render(answer.more, Boolean(typed));
    this.onLoaded(answer);
  }

  showCounts(counts) {
    for (const tab of this.tabs) {
      const count = tab.querySelector("[data-count]");
      const name = count.dataset.count;
      count.textContent = counts[name] > 999 ? "999+" : counts[name];
      const isAlarm = (name === "mine" && counts.unread > 0) || (name === "waiting" && counts.waiting > 0);
      count.classList.toggle("alarm", isAlarm);
      if (name === "mine") count.title = counts.unread ? `${counts.unread} con mensajes sin leer` : "";
    }
  }

  render(more, isSearch) {
    const focused = document.activeElement?.closest?.("[data-row]")?.dataset.row;
    const top = this.rowsBox.scrollTop;
    if (!this.rows.length) {
      this.rowsBox.replaceChildren(el("p", { class: "empty", text: EMPTY[isSearch ? "all" : this.view] }));
      return;
    }
    const list = el("ul", {}, ...this.rows.map((row) => el("li", {}, this.row(row))));
    this.rowsBox.replaceChildren(list);
    if (more) {
      this.rowsBox.append(el("button", { type: "button", class: "button small more", text: "Mostrar más", onclick: () => { this.limit = Math.min(500, this.limit + 50); this.load(); } }));
    }
    this.tick();
    this.rowsBox.scrollTop = top;
    if (focused) this.rowsBox.querySelector(`[data-row="${focused}"]`)?.focus({ preventScroll: true });
  }

  row(row) {
    const isUnread = row.unread > 0 && row.owner !== "bot" && row.owner !== "closed";
    const classes = ["chat-row", row.is_emergency && "emergency", isUnread && "unread"].filter(Boolean).join(" ");
    const who = { agent: row.is_mine ? "Usted: " : "Personal: ", bot: "Asistente: ", note: "Nota: " }[row.last_author] ?? "";
    const why = [row.owner === "queue" && row.reason, row.channel].filter(Boolean).join(" · ");
    return el(
      "button",
      { type: "button", class: classes, "data-row": row.id, "aria-current": row.id === this.selected ? "true" : null, onclick: () => this.onOpen(row.id) },
      el("span", { class: "chat-line" },
        el("span", { class: "chat-name", text: row.title }),
        el("time", { class: "chat-when", datetime: row.last_message_at ?? "", text: shortText(row.last_message_at) })),
      el("span", { class: "chat-line" },
        el("span", { class: "chat-text", text: who + (row.last_text || "Archivo") }),
        isUnread && el("span", { class: "badge", text: row.unread, "aria-label": `${row.unread} sin leer` })),
      el("span", { class: "chat-meta" },
        row.is_emergency && el("span", { class: "tag emergency", text: "Emergencia" }),
        row.language && el("span", { class: "tag", text: row.language }),
        row.owner === "queue" && el("span", { class: "tag wait", "data-since": row.queued_at, text: "" }),
        row.window_closes_at && el("span", { class: "tag window", "data-closes": row.window_closes_at, hidden: true }),
        row.owner === "agent" && !row.is_mine && el("span", { class: "tag", text: `Atiende ${row.agent_name}` }),
        el("span", { class: "chat-why", text: why })),
    );
  }

  tick() {
    for (const tag of this.rowsBox.querySelectorAll("[data-since]")) {
      tag.textContent = `Espera ${sinceText(tag.dataset.since)}`;
      tag.classList.toggle("long", minutesSince(tag.dataset.since) >= LONG_WAIT);
    }
    for (const tag of this.rowsBox.querySelectorAll("[data-closes]")) {
      tag.hidden = !closesSoon(tag.dataset.closes);
      tag.textContent = `Cierra en ${leftText(tag.dataset.closes)}`;
    }
  }

  select(id) {
    this.selected = id;
    for (const row of this.rowsBox.querySelectorAll("[data-row]")) {
      if (row.dataset.row === id) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** Opens the next (1) or previous (-1) conversation of the list. */
  move(step) {
    if (!this.rows.length) return;
    const at = this.rows.findIndex((row) => row.id === this.selected);
    const next = at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + step));
    this.onOpen(this.rows[next].id);
    this.rowsBox.querySelector(`[data-row="${this.rows[next].id}"]`)?.scrollIntoView({ block: "nearest" });
  }
}
