// The board live: shows each picture of it, says when it grows old, follows again by itself, alarms once an alarm.

import { beep, bindSound } from "./alerts.js";

// A picture comes every five seconds at most.
const OLD = 12000;
const RETRY = 3000;

const board = document.querySelector("[data-board]");
const freshness = document.querySelector("[data-freshness]");
const announce = document.querySelector("[data-announce]");
const clock = document.querySelector("[data-clock]");
const sound = document.querySelector("[data-sound]");
const kind = board.dataset.board;
let seenAt = Date.now();
let source = null;

const keys = () => new Map([...board.querySelectorAll("[data-alert]")].map((one) => [one.dataset.alert, one.textContent]));

function alarm(before) {
  const fresh = [...keys()].filter(([key]) => !before.has(key));
  if (!fresh.length) return;
  announce.textContent = fresh.map(([, text]) => text).join(". ");
  beep({ urgent: fresh.some(([key]) => key === "emergencia") });
}

function show(html) {
  const before = keys();
  // Painted by our own template, which escapes whatever anybody wrote.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const focused = board.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  board.replaceChildren(...parsed.body.childNodes);
  if (focused) [...board.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused)?.focus();
  seenAt = Date.now();
  tick();
  alarm(before);
}

function tick() {
  const age = Date.now() - seenAt;
  const isOld = age > OLD;
  board.toggleAttribute("data-stale", isOld);
  freshness.toggleAttribute("data-stale", isOld);
  const text = isOld ? `Sin conexión: datos de hace ${Math.round(age / 1000)} s` : "En vivo";
  if (freshness.textContent !== text) freshness.textContent = text;
  if (clock) clock.textContent = new Date().toLocaleTimeString("es-MX", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "America/Hermosillo" });
}

function follow() {
  source?.close();
  source = new EventSource(`/consola/tablero/en-vivo?vista=${kind}`);
  source.addEventListener("board", (event) => show(event.data));
  source.addEventListener("signed_out", leave);
  source.addEventListener("error", () => {
    source.close();
    setTimeout(again, RETRY);
  });
}

const leave = () => {
  source.close();
  window.location.assign(kind === "pared" ? "/consola/tablero/pantalla" : "/consola/entrar?siguiente=/consola/tablero");
};

/** Follows again, unless it is no longer allowed: an address that leads elsewhere says so. */
async function again() {
  try {
    const answer = await fetch(window.location.pathname, { method: "GET", redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      leave();
      return;
    }
  } catch {
    // The server is away; it is tried again.
  }
  follow();
}

sound.hidden = false;
bindSound(sound);
setInterval(tick, 1000);
window.addEventListener("pagehide", () => source?.close());
window.addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
tick();
follow();
