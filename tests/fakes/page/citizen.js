// A citizen's telephone, over the stand-in's control API.
const find = (mark) => document.querySelector(`[data-${mark}]`);
const TICKS = {
  queued: "🕓 en camino", accepted: "🕓 en camino", sent: "✓ enviado", delivered: "✓✓ entregado", read: "✓✓ leído",
  failed: "✗ no se entregó", undelivered: "✗ no se entregó",
};
const KINDS = { image: "photo", video: "video", audio: "audio" };
let shown = "";

async function call(path, body) {
  const options = body === undefined
    ? {}
    : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/_control/citizens${path}`, options);
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
  return answer.json();
}

const me = () => encodeURIComponent(find("who").value);

async function act(path, body) {
  find("status").textContent = "";
  try {
    await call(path, body);
    await refresh();
  } catch (error) {
    find("status").textContent = `No se pudo: ${error.message}`;
  }
}

const send = (message) => act(`/${me()}/messages`, message);

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function mediaOf(media) {
  const kind = media.content_type.split("/")[0];
  if (kind === "image" || kind === "video" || kind === "audio") {
    const made = document.createElement(kind === "image" ? "img" : kind);
    made.src = media.url;
    if (kind === "image") made.alt = media.filename || "Imagen";
    else made.controls = true;
    return made;
  }
  const link = element("a", media.filename || media.content_type);
  link.href = media.url;
  return link;
}

function choice(title, message) {
  const button = element("button", title);
  button.type = "button";
  button.addEventListener("click", () => act(`/${me()}/press`, { title, message_id: message }));
  return button;
}

function itemOf(message) {
  const lost = ["failed", "undelivered"].includes(message.status);
  const item = element("li", "", `${message.from_citizen ? "mine" : ""} ${lost ? "lost" : ""}`);
  if (message.media) item.append(mediaOf(message.media));
  if (message.text) item.append(element("p", message.text));
  const choices = element("div", "", "choices");
  for (const button of message.buttons) {
    const made = choice(button.title, message.id);
    if (button.description) made.title = button.description;
    choices.append(made);
  }
  if (message.list_title) item.append(element("small", `${message.list_title}:`));
  item.append(choices);
  const time = new Date(message.at).toLocaleTimeString("es-MX", { hour: "2-digit", minute: "2-digit" });
  const tick = message.from_citizen ? "" : (TICKS[message.status] ?? "");
  item.append(element("small", [time, tick, message.error, message.template && "plantilla"].filter(Boolean).join(" · ")));
  return item;
}

function show(messages) {
  const list = find("conversation");
  list.replaceChildren(...messages.map(itemOf));
  const keyboard = messages.at(-1)?.keyboard ?? [];
  find("keyboard").replaceChildren(...keyboard.map((title) => choice(title, null)));
  list.lastElementChild?.scrollIntoView();
}

async function refresh() {
  const people = await call("");
  const select = find("who");
  const chosen = select.value || sessionStorage.getItem("who");
  select.replaceChildren(...people.map(({ id, name }) => new Option(`${name} (${id})`, id, false, id === chosen)));
  find("block").textContent = people.find(({ id }) => id === select.value)?.blocked ? "Desbloquear" : "Bloquear";
  if (!select.value) return;
  sessionStorage.setItem("who", select.value);
  const messages = await call(`/${me()}/conversation`);
  const drawn = JSON.stringify([select.value, messages]);
  if (drawn !== shown) show(messages);
  shown = drawn;
}

const base64 = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.split(",")[1] ?? "");
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});

find("who").addEventListener("change", refresh);
find("block").addEventListener("click", () =>
  act(`/${me()}/${find("block").textContent === "Bloquear" ? "block" : "unblock"}`, {}));
find("new").addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = new FormData(event.target);
  const person = { name: given.get("name"), phone: given.get("phone"), hides_phone: given.has("hides_phone"), sms: given.has("sms") };
  const added = await call("", person);
  sessionStorage.setItem("who", added.id);
  find("who").replaceChildren();
  await refresh();
});
find("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("text").value;
  if (!text.trim()) return;
  find("text").value = "";
  send({ text });
});
find("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    find("write").requestSubmit();
  }
});
find("file").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  const kind = find("kind").value || KINDS[file.type.split("/")[0]] || "document";
  const text = find("text").value;
  find("text").value = "";
  await send({ kind, content: await base64(file), content_type: file.type, filename: file.name, text });
  event.target.value = "";
});
find("location").addEventListener("click", () =>
  send({ kind: "venue", latitude: 29.0729, longitude: -110.9559, label: "Plaza Zaragoza", address: "Centro, Hermosillo" }));
find("contact").addEventListener("click", () => send({ kind: "contact" }));

await refresh();
if (!find("who").value) find("new").requestSubmit();
setInterval(() => refresh().catch((error) => { find("status").textContent = `Sin conexión: ${error.message}`; }), 700);
