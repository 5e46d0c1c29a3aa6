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
    const body = { state: state.value };
    if (Number.isInteger(places) && places >= 1 && places <= 50) body.capacity = places;
    const now = await call("PUT", "/api/console/presence", body);
    dot.dataset.state = now.state;
    document.dispatchEvent(new CustomEvent("presence-changed", { detail: now }));
  };
  const change = () => send().catch(() => { dot.dataset.state = "unknown"; });

  state.addEventListener("change", change);
  capacity.addEventListener("change", change);
  form.addEventListener("submit", (event) => { event.preventDefault(); change(); });
  if (state.value !== "offline") change();
  setInterval(() => { if (state.value !== "offline") change(); }, HEARTBEAT);
}
