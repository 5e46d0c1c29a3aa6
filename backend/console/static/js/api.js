// The console's JSON endpoints: sends the CSRF token, turns refusals into ApiError.

export class ApiError extends Error {
  constructor(status, code, message, details) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details ?? {};
  }
}

const csrfToken = document.querySelector('meta[name="csrf-token"]').content;

/** To the page where one signs in, and back here after it. */
export function signIn() {
  window.location.assign(`/consola/entrar?siguiente=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Calls `path`; returns the JSON answer, or null when there is none. Throws ApiError. */
export async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  const options = { method, headers, credentials: "same-origin" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken;
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(0, "sin_conexion", "No hay conexión. Revise su red e intente de nuevo.");
  }
  if (response.status === 401) signIn();
  const answer = response.headers.get("content-type")?.includes("json") ? await response.json() : null;
  if (!response.ok) {
    const error = answer?.error ?? {};
    throw new ApiError(response.status, error.code, error.message ?? "No se pudo completar. Intente de nuevo.", error.details);
  }
  return answer;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const conversationPath = (id, rest = "") => `/api/console/conversations/${id}${rest}`;
