// The person across channels: their other conversations, where they want to be told, joining and splitting.

import { conversationPath, get, post } from "./api.js";
import { momentText, shortText } from "./dates.js";
import { bindForm, dialog, openDialog } from "./dialogs.js";
import { el, toast } from "./dom.js";
import { openHistory } from "./history_dialog.js";

const nameOf = (one) => (one.display_name ? `${one.channel} · ${one.display_name}` : one.channel);

/** What the channel says of conversation `c`: badges under the person's name; `onChange()` follows a change. */
export function badges(c, { onChange }) {
  return el("p", { class: "badges" },
    el("span", { class: "tag channel", text: c.channel }),
    c.opted_out && el("span", { class: "tag warn", text: "No quiere avisos (BAJA)" }),
    c.blocked && el("span", { class: "tag warn", text: "Nos bloqueó" }),
    c.blocked && el("button", { type: "button", class: "button small", text: "Ya no nos bloquea", onclick: () => openWriteAgain(c, onChange) }));
}

/** The section «Otras conversaciones de esta persona»; `onOpen(id)` opens one, `onChange()` follows a change. */
export function others(c, { onOpen, onChange }) {
  const rows = c.others.map((one) => el("li", {},
    el("button", { type: "button", class: "button link", text: nameOf(one), onclick: () => onOpen(one.id) }),
    el("span", { class: "muted", text: ` ${one.status} · ${momentText(one.last_message_at)}` }),
    el("span", { class: "badges" },
      el("span", { class: one.is_proved ? "tag good" : "tag", text: one.is_proved ? "Comprobada" : "Unida por el personal" }),
      one.opted_out && el("span", { class: "tag warn", text: "Sin avisos" }),
      one.blocked && el("span", { class: "tag warn", text: "Nos bloqueó" })),
    el("button", { type: "button", class: "button small", text: "Separar", "aria-label": `Separar ${nameOf(one)}`, onclick: () => openSplit(one, onChange) })));
  const section = el("section", { class: "panel-section" }, el("h3", { text: "Otras conversaciones de esta persona" }));
  if (rows.length) {
    section.append(el("ul", {}, ...rows), preference(c, onChange),
      el("button", { type: "button", class: "button small", text: "Ver todo el historial junto", onclick: () => openHistory(c) }));
  } else {
    section.append(el("p", { class: "muted", text: "Ninguna." }));
  }
  section.append(el("button", { type: "button", class: "button small", text: "Unir con otra conversación", onclick: () => openJoin(c, onChange) }));
  return section;
}

function preference(c, onChange) {
  const options = [{ id: "", name: "Donde escribió la última vez" }, { id: c.id, name: `Esta (${c.channel})` }, ...c.others.map((one) => ({ id: one.id, name: nameOf(one) }))];
  const select = el("select", {}, ...options.map((one) => el("option", { value: one.id, text: one.name })));
  select.value = c.preferred_conversation_id ?? "";
  select.addEventListener("change", async () => {
    try {
      await post(conversationPath(c.id, "/preferred"), { conversation_id: select.value || null });
      select.blur(); // the panel is not drawn anew under an open choice
      toast("Se le avisará por ahí.");
    } catch (error) {
      toast(error.message, { bad: true });
    }
    onChange();
  });
  return el("label", { class: "field" }, "Avisarle por", select);
}

let blocking = null;
let splitting = null;
let joining = null;
let changed = () => {};

function openWriteAgain(c, onChange) {
  blocking = c.id;
  changed = onChange;
  openDialog("write-again");
}

function openSplit(one, onChange) {
  splitting = one.id;
  changed = onChange;
  dialog("split").querySelector("[data-split-name]").textContent = nameOf(one);
  openDialog("split");
}

function openJoin(c, onChange) {
  joining = c;
  changed = onChange;
  openDialog("join");
  showFound([]);
}

function showFound(rows) {
  const box = dialog("join").querySelector("[data-join-found]");
  const known = new Set([joining.id, ...joining.others.map((one) => one.id)]);
  const found = rows.filter((row) => !known.has(row.id)).slice(0, 8);
  box.replaceChildren(...found.map((row) => el("label", { class: "choice" },
    el("input", { type: "radio", name: "other", value: row.id }),
    el("span", {}, el("strong", { text: row.title }), el("br"), el("span", { class: "muted", text: `${row.channel} · ${shortText(row.last_message_at)} · ${row.last_text.slice(0, 60)}` })))));
  if (!found.length) box.append(el("p", { class: "muted", text: "Busque por nombre, folio o texto." }));
}

let timer;
dialog("join").querySelector("[name=search]").addEventListener("input", (event) => {
  clearTimeout(timer);
  const typed = event.target.value.trim();
  timer = setTimeout(async () => {
    if (!typed) return showFound([]);
    const query = new URLSearchParams({ view: "all", search: typed, limit: 20 });
    return showFound((await get(`/api/console/inbox?${query}`).catch(() => ({ rows: [] }))).rows);
  }, 250);
});

bindForm("join", async (data) => {
  const other = data.get("other");
  if (!other) throw new Error("Elija la otra conversación.");
  await post(conversationPath(joining.id, "/join"), { conversation_id: other });
  toast("Las conversaciones quedaron unidas.");
  changed();
});

bindForm("split", async () => {
  await post(conversationPath(splitting, "/split"));
  toast("La conversación quedó separada.");
  changed();
});

bindForm("write-again", async () => {
  await post(conversationPath(blocking, "/write-again"));
  toast("Ya se le puede escribir por aquí.");
  changed();
});
