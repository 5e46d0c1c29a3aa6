import { ACCEPT, problemWith } from "./attachments.js";
import { h, icon } from "./dom.js";
import { T } from "./strings.js";

const LIMIT = 4000;
const NEAR = 300;
const TYPING_EVERY = 3000;

/** Where the citizen writes, and drops or pastes files. */
export class Composer {
  #lastTyping = 0;

  constructor({ draft, keep, send, sendFile, typing, complain }) {
    Object.assign(this, { keep, send, sendFile, typing, complain });
    this.input = h("textarea", { id: "text", rows: 1, placeholder: T.label, "aria-describedby": "hint left", enterkeyhint: "send" });
    this.left = h("span", { id: "left", class: "left", hidden: true });
    this.picker = h("input", { type: "file", accept: ACCEPT, hidden: true, "aria-label": T.attach, tabindex: -1 });
    this.button = h("button", { type: "submit", class: "round send", "aria-label": T.send, disabled: true }, icon("send"));
    const clip = h("button", { type: "button", class: "round", "aria-label": T.attach, title: T.attach, onclick: () => this.picker.click() }, icon("clip"));
    const label = h("label", { for: "text", class: "hidden" }, T.label);
    const hint = h("span", { id: "hint", class: "hidden" }, T.hint);
    this.form = h("form", { class: "composer" }, clip, label, this.input, this.button, this.picker, this.left, hint);
    this.#listen();
    this.input.value = draft;
    this.#refresh();
  }

  #listen() {
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.#submit()));
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.input.addEventListener("paste", (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.take(event.clipboardData.files);
    });
    this.picker.addEventListener("change", async () => {
      await this.take(this.picker.files);
      this.picker.value = "";
    });
  }

  async take(files) {
    for (const file of [...files]) {
      const problem = await problemWith(file);
      if (problem) this.complain(`${file.name}: ${problem}`);
      else this.sendFile(file);
    }
  }

  #typed() {
    this.#refresh();
    this.keep(this.input.value);
    const now = Date.now();
    if (!this.input.value.trim() || now - this.#lastTyping < TYPING_EVERY) return;
    this.#lastTyping = now;
    this.typing();
  }

  #refresh() {
    const length = [...this.input.value].length;
    this.left.hidden = length < LIMIT - NEAR;
    this.left.textContent = T.left(LIMIT - length);
    this.left.classList.toggle("over", length > LIMIT);
    this.button.disabled = !this.input.value.trim() || length > LIMIT;
    this.input.rows = 1;
    const line = parseFloat(getComputedStyle(this.input).lineHeight) || 20;
    this.input.rows = Math.min(6, Math.max(1, Math.floor((this.input.scrollHeight - 16) / line)));
  }

  #submit() {
    if (this.button.disabled) return;
    this.send(this.input.value.trim());
    this.input.value = "";
    this.keep("");
    this.#refresh();
    this.input.focus();
  }
}
