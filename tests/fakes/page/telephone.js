// Telephones to try calls with: one is every caller and every agent who is rung.

const EVERY = 700;
const place = document.querySelector("[data-legs]");
const status = document.querySelector("[data-status]");
const aloud = document.querySelector("[data-aloud]");
const cards = new Map();
const TOLD = { queued: "marcando", initiated: "marcando", ringing: "timbrando", "in-progress": "en la línea" };

const post = async (path, body) => {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  status.textContent = answer.ok ? "" : (await answer.json()).detail ?? "No se pudo.";
};

const button = (text, act) => {
  const one = document.createElement("button");
  one.type = "button";
  one.textContent = text;
  one.addEventListener("click", act);
  return one;
};

const made = (leg) => {
  const card = document.createElement("section");
  card.className = "telephone";
  const act = (kind, details = {}) => post(`/_control/voice/legs/${leg.sid}`, { kind, ...details });
  const title = document.createElement("h2");
  const state = document.createElement("p");
  const heard = document.createElement("div");
  heard.className = "heard";
  heard.setAttribute("aria-live", "polite");
  const typed = document.createElement("input");
  typed.setAttribute("aria-label", "Teclas o palabras");
  const keys = document.createElement("div");
  keys.className = "keys";
  for (const key of "123456789*0#") keys.append(button(key, () => { typed.value += key; }));
  const ringing = document.createElement("div");
  ringing.className = "actions";
  ringing.append(button("Contestar", () => act("answer")), button("No contestar", () => act("refuse")));
  const talking = document.createElement("div");
  talking.className = "actions";
  talking.append(
    button("Enviar teclas", () => { act("keys", { text: typed.value }); typed.value = ""; }),
    button("Decir", () => { act("speech", { text: typed.value }); typed.value = ""; }),
    button("Dejar mensaje (10 s)", () => act("recorded", { seconds: 10 })),
    button("Colgar", () => act("hang_up")),
  );
  card.append(title, state, heard, ringing, typed, keys, talking);
  place.prepend(card);
  return { card, title, state, heard, ringing, typed, keys, talking, lines: 0 };
};

const show = (leg) => {
  const parts = cards.get(leg.sid) ?? made(leg);
  cards.set(leg.sid, parts);
  const isCaller = leg.direction === "inbound";
  parts.title.textContent = isCaller ? `${leg.from_} llama a la oficina` : `Teléfono de ${leg.to}`;
  parts.state.textContent = leg.is_joined ? "hablando" : TOLD[leg.status] ?? `terminó (${leg.status})`;
  const isOver = !(leg.status in TOLD);
  parts.card.toggleAttribute("data-over", isOver);
  parts.ringing.hidden = !leg.is_ringing || isCaller;
  for (const part of [parts.typed, parts.keys, parts.talking]) part.hidden = isOver || leg.is_ringing;
  for (const line of leg.heard.slice(parts.lines)) {
    parts.heard.append(`${line}\n`);
    parts.heard.scrollTop = parts.heard.scrollHeight;
    if (aloud.checked && !isOver) speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(line), { lang: "es-MX" }));
  }
  parts.lines = leg.heard.length;
};

const look = async () => {
  const legs = await fetch("/_control/voice/legs").then((answer) => answer.json()).catch(() => []);
  legs.forEach(show);
  document.querySelector("[data-empty]").hidden = legs.length > 0;
};

document.querySelector("[data-call]").addEventListener("submit", (event) => {
  event.preventDefault();
  post("/_control/voice/calls", { from_: new FormData(event.target).get("from_") });
});
setInterval(look, EVERY);
look();
