import { T } from "./strings.js";

/** The service answered, and refused. `status` 0 never occurs here: no answer at all is a TypeError. */
export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error?.message ?? T.genericError);
    this.status = status;
    this.retryAfter = Number(retryAfter) || 0;
  }
}

/** The public chat API, one method an endpoint. */
export class Api {
  constructor(base) {
    this.base = base;
    this.token = null;
  }

  url(path) {
    return new URL(path.replace(/^\//, ""), this.base).href;
  }

  async request(path, options = {}) {
    const headers = { ...options.headers };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const response = await fetch(this.url(path), { credentials: "omit", cache: "no-store", ...options, headers });
    if (response.ok) return response;
    throw new Refused(response.status, await response.json().catch(() => null), response.headers.get("Retry-After"));
  }

  #post(path, body) {
    return this.request(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async openSession() {
    this.token = null;
    const page = location.origin + location.pathname;
    const answer = await (await this.#post("/api/chat/sessions", { language: "es-MX", page_url: page.slice(0, 500) })).json();
    this.token = answer.token;
    return answer;
  }

  send(message) {
    return this.#post("/api/chat/messages", message);
  }

  receipts(receipts) {
    return this.#post("/api/chat/receipts", receipts);
  }

  typing() {
    return this.#post("/api/chat/typing", {});
  }

  async poll(after, wait, signal) {
    return (await this.request(`/api/chat/messages?after=${after}&wait=${wait}`, { signal })).json();
  }

  stream(after, signal) {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
    return this.request("/api/chat/stream", { headers, signal });
  }

  async blob(path) {
    return (await this.request(path)).blob();
  }

  /** XMLHttpRequest, since fetch tells nothing of an upload's progress. */
  upload(clientId, file, onProgress) {
    return new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open("POST", this.url("/api/chat/attachments"));
      call.setRequestHeader("Authorization", `Bearer ${this.token}`);
      call.responseType = "json";
      call.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
      call.onerror = call.ontimeout = () => reject(new TypeError("network"));
      call.onload = () =>
        call.status < 300
          ? resolve(call.response)
          : reject(new Refused(call.status, call.response, call.getResponseHeader("Retry-After")));
      const form = new FormData();
      form.append("client_id", clientId);
      form.append("file", file, file.name || "archivo");
      call.send(form);
    });
  }
}
