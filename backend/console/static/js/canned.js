// Canned replies: `/` opens the list, arrows choose, Enter inserts with its variables filled in.

import { get } from "./api.js";
import { el } from "./dom.js";

const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

export class CannedReplies {
  constructor(box, textarea, variables) {
    this.box = box;
    this.text = textarea;
    this.variables = variables;
    this.replies = null;
    this.found = [];
    this.chosen = 0;
    textarea.addEventListener("input", () => this.update());
    textarea.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
  }

  get isOpen() {
    return !this.box.hidden;
  }

  typed() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    return before.match(/(?:^|\s)\/([\p{L}\d-]*)$/u)?.[1] ?? null;
  }

  async update() {
    const typed = this.typed();
    if (typed === null) return this.hide();
    this.replies ??= await get("/api/console/canned-replies").catch(() => null);
    if (!this.replies || this.typed() === null) return this.hide();
    const wanted = fold(this.typed());
    this.found = this.replies
      .filter((reply) => fold(reply.shortcut).includes(wanted) || fold(reply.title).includes(wanted))
      .sort((a, b) => Number(fold(b.shortcut).startsWith(wanted)) - Number(fold(a.shortcut).startsWith(wanted)));
    this.chosen = 0;
    return this.found.length ? this.show() : this.hide();
  }

  show() {
    this.box.replaceChildren(...this.found.map((reply, index) =>
      el("div", { class: "canned-option", role: "option", id: `canned-${index}`, "aria-selected": String(index === this.chosen), onmousedown: (event) => { event.preventDefault(); this.chosen = index; this.insert(); } },
        el("strong", { text: `/${reply.shortcut} ` }), el("span", { text: reply.title }), el("p", { text: this.filled(reply) }))));
    this.box.hidden = false;
    this.text.setAttribute("aria-activedescendant", `canned-${this.chosen}`);
    this.box.children[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.box.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
  }

  /** True when the key was for the list. */
  handleKey(event) {
    if (!this.isOpen) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.chosen = (this.chosen + step + this.found.length) % this.found.length;
      this.show();
    } else if (event.key === "Enter" || event.key === "Tab") this.insert();
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  filled(reply) {
    const values = this.variables();
    return reply.text
      .replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "")
      .replace(/\s+([,.!?])/g, "$1").replace(/,(?=[.!?])/g, "").replace(/ {2,}/g, " ");
  }

  insert() {
    const text = this.filled(this.found[this.chosen]);
    const end = this.text.selectionStart;
    const start = end - this.typed().length - 1;
    this.text.setRangeText(text, start, end, "end");
    this.hide();
    this.text.focus();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
