/** What survives a reload, for all tabs of this site. Where the browser blocks storage, it lasts as long as the page. */
export class Memory {
  #key;
  #value = {};

  constructor(base) {
    this.#key = `chat-sonora:${base}`;
  }

  get(name, otherwise) {
    return this.#stored()[name] ?? otherwise;
  }

  set(values) {
    this.#value = { ...this.#stored(), ...values };
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#value));
    } catch {
      // Blocked or full: the page's own copy still serves.
    }
  }

  /** Read each time: another tab may have written since. */
  #stored() {
    try {
      return JSON.parse(localStorage.getItem(this.#key)) ?? this.#value;
    } catch {
      return this.#value;
    }
  }

  /** Calls `changed` when another tab has written. */
  watch(changed, signal) {
    addEventListener("storage", (event) => event.key === this.#key && changed(), { signal });
  }
}
