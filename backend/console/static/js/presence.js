// The header's presence: changed at once, repeated as a heartbeat while the page is open.

import { call } from "./api.js";

const HEARTBEAT = 20000;
const form = document.querySelector("[data-presence]");

if (form) {
  const state = form.querySelector("[data-presence-state]");
  const capacity = form.querySelector("[data-presence-capacity]");
  const dot = form.querySelector("[data-presence-dot]");

  const send = async () => {
    const places = Number(capacity.value);
    const [named, kind] = state.value.split(":"); // a break has its kind with it
    const body = { state: named };
    if (kind) body.break_kind = kind;
    if (Number.isInteger(places) && places >= 1 && places <= 50) body.capacity = places;
    const now = await call("PUT", "/api/console/presence", body);
    dot.dataset.state = now.state;
    const hint = document.querySelector("[data-presence-hint]");
    if (hint) hint.hidden = now.state === "available";
  };
  const change = () => send().catch(() => { dot.dataset.state = "unknown"; });
  // Another tab may have changed the state: the heartbeat repeats what is stored, never what this page remembers.
  const beat = async () => {
    const now = await call("GET", "/api/presence").catch(() => null);
    if (now && document.activeElement !== state) state.value = now.break_kind ? `${now.state}:${now.break_kind}` : now.state;
    if (now && document.activeElement !== capacity) capacity.value = now.capacity;
    if (state.value !== "offline") await change();
  };

  document.querySelector("[data-presence-now]")?.addEventListener("click", () => { state.value = "available"; change(); state.focus(); });
  state.addEventListener("change", change);
  capacity.addEventListener("change", change);
  form.addEventListener("submit", (event) => { event.preventDefault(); change(); });
  if (state.value !== "offline") change();
  setInterval(beat, HEARTBEAT);
}
