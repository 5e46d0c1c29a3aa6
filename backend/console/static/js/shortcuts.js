// Keyboard shortcuts; none acts while one is typing or a dialog is open.

import { isTyping } from "./dom.js";

const GO = { p: "/consola/peticiones", l: "/consola/llamadas", b: "/consola" };

/** `keys` maps a key to what it does. */
export function bindShortcuts(keys) {
  let goUntil = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() < goUntil && GO[event.key]) {
      window.location.assign(GO[event.key]);
      event.preventDefault();
      return;
    }
    goUntil = event.key === "g" ? Date.now() + 1200 : 0;
    const isInLog = event.target instanceof Element && event.target.closest("[data-transcript], [role='tablist']");
    if (isInLog && event.key.startsWith("Arrow")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
