// Everything that a person said in every channel, in one read-only list.

import { conversationPath, get } from "./api.js";
import { dayKey, dayText, hourText } from "./dates.js";
import { dialog, openDialog, showImage } from "./dialogs.js";
import { el, toast } from "./dom.js";
import { bubble, parts } from "./message_parts.js";

const box = dialog("history");
const list = box.querySelector("[data-history]");
const earlier = box.querySelector("[data-history-earlier]");
let conversation = null;
let before = null;

function row({ channel, message }) {
  return el("article", { class: `message ${message.author}` },
    el("span", { class: "message-who" }, el("span", { class: "tag channel", text: channel }), ` ${message.author_name}`),
    bubble(message),
    ...parts(message, { onImage: showImage, onGrown: () => {} }),
    el("p", { class: "message-foot" }, el("time", { datetime: message.created_at, text: hourText(message.created_at) })));
}

/** Rows with a line at each new day. */
function days(messages) {
  let last = null;
  return messages.flatMap((one) => {
    const day = dayKey(one.message.created_at);
    const line = day === last ? [] : [el("p", { class: "day", text: dayText(one.message.created_at) })];
    last = day;
    return [...line, row(one)];
  });
}

async function load() {
  const query = before ? `?${new URLSearchParams({ before })}` : "";
  const page = await get(conversationPath(conversation, `/history${query}`));
  const height = list.scrollHeight;
  list.prepend(...days(page.messages));
  list.scrollTop = before ? list.scrollHeight - height : list.scrollHeight;
  before = page.before;
  earlier.hidden = !before;
}

earlier.addEventListener("click", () => load().catch((error) => toast(error.message, { bad: true })));

export async function openHistory(c) {
  conversation = c.id;
  before = null;
  list.replaceChildren();
  box.querySelector("[data-history-title]").textContent = `Historial de ${c.title}`;
  openDialog("history");
  await load().catch((error) => toast(error.message, { bad: true }));
}
