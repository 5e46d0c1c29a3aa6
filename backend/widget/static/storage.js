/** What survives a reload. Where the browser blocks storage, it lasts as long as the page. */
export class Memory {
  #key;
  #value = {};

  constructor(base) {
    this.#key = `chat-sonora:${base}`;
    try {
      this.#value = JSON.parse(localStorage.getItem(this.#key) ?? "{}") ?? {};
    } catch {
      this.#value = {};
    }
  }

  get(name, otherwise) {
    return this.#value[name] ?? otherwise;
  }

  set(values) {
    Object.assign(this.#value, values);
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#value));
    } catch {
      // Blocked or full: the page's own copy still serves.
    }
  }
}
