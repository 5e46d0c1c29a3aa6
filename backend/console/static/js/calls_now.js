// The header's word on the telephone: how many wait, and whether one's own telephone rings.

import { call } from "./api.js";

const EVERY = 5000;
const badge = document.querySelector("[data-calls-now]");

const show = (now) => {
  const count = badge.querySelector("[data-calls-count]");
  const ring = badge.querySelector("[data-calls-ring]");
  count.textContent = now.waiting;
  count.hidden = now.waiting === 0;
  count.setAttribute("aria-label", now.text);
  // Told once: a live region that is written again with the same words is read again.
  const words = now.rings_me ? "Su teléfono está timbrando" : "";
  if (ring.textContent !== words) ring.textContent = words;
};

const look = async () => {
  if (document.hidden) return;
  const now = await call("GET", "/consola/telefono/aviso").catch(() => null);
  if (now) show(now);
};

if (badge) {
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
}
