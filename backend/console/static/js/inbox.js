// The live inbox: puts the list, the open conversation, its card and the stream together.

import { renderActions, subtitle } from "./actions.js";
import { beep, bindSound, showInTitle } from "./alerts.js";
import { ApiError, conversationPath, get, post } from "./api.js";
import { CannedReplies } from "./canned.js";
import { Composer } from "./composer.js";
import { bindConversationDialogs, openDialog, openTransfer, showImage } from "./dialogs.js";
import { toast } from "./dom.js";
import { InboxList } from "./inbox_list.js";
import { openPetition } from "./petition_dialog.js";
import { bindShortcuts } from "./shortcuts.js";
import { renderPanel } from "./side_panel.js";
import { Stream } from "./stream.js";
import { Transcript } from "./transcript.js";
import { leftText, WindowNotice } from "./window_notice.js";

const root = document.querySelector("[data-inbox]");
const find = (name) => root.querySelector(`[data-${name}]`);
const isHead = root.dataset.head === "true";

let open = null; // the open conversation, as the server described it last
let allowed = new Set();
let lastCounts = null;

const transcript = new Transcript(find("transcript"), find("new-below"), { onImage: showImage, onRetry: retry, onStored: (key) => composer.stored(key) });
const canned = new CannedReplies(find("canned"), find("text"), () => ({
  nombre: /^(Visitante |~)/.test(open?.title ?? "") ? "" : (open?.title ?? "").split(" ")[0],
  agente: root.dataset.agentName,
  folio: open?.petitions[0]?.folio ?? "",
}));
const composer = new Composer(find("composer"), {
  agent: root.dataset.agentId,
  transcript,
  canned,
  onSent: (message) => { transcript.add([message], { follow: true }); refresh(); },
  onFailed: (error, isOpen) => {
    if (!isOpen) toast(`No se envió lo que escribió en otra conversación. ${error.message}`, { bad: true });
    if (error.status === 409) refresh();
  },
  onMode: () => windowNotice.tick(),
});
const windowNotice = new WindowNotice(find("composer"), {
  onSent: (message) => { transcript.add([message], { follow: true }); toast("Se envió la plantilla."); refresh(); },
  onError: (error) => { toast(error.message, { bad: true }); refresh(); },
});
const list = new InboxList(root, { onOpen: (id) => openConversation(id, { focus: true }), onLoaded: (answer) => counted(answer.counts) });
const stream = new Stream({
  inbox: (counts) => { counted(counts); list.load(); },
  message: (message) => arrived(message),
  changed: (message) => transcript.change(message),
  window: (closing) => remind(closing),
  marks: (mark) => transcript.marks(mark),
  state: (state) => stateChanged(state),
  connection: (isUp) => { document.querySelector("[data-offline]").hidden = isUp; },
  recovered: () => { list.load(); if (open) refresh(); },
});

function counted(counts) {
  if (lastCounts && (counts.waiting > lastCounts.waiting || counts.unread > lastCounts.unread || counts.mine > lastCounts.mine)) {
    beep({ urgent: list.rows.some((row) => row.is_emergency) });
  }
  lastCounts = counts;
  list.showCounts(counts);
  showAgencyNews(counts.agency_news);
  showInTitle(counts.unread + counts.waiting);
}

function showAgencyNews(count) {
  const badge = document.querySelector("[data-agency-news]");
  badge.hidden = !count;
  badge.textContent = count;
  badge.setAttribute("aria-label", `${count} por ver`);
}

function showPane(name) {
  root.dataset.pane = name;
}

async function openConversation(id, { focus = false } = {}) {
  list.select(id);
  showPane("conversation");
  let conversation;
  let page;
  try {
    [conversation, page] = await Promise.all([get(conversationPath(id)), get(conversationPath(id, "/messages"))]);
  } catch (error) {
    toast(error.message, { bad: true });
    if (list.selected === id) stayAt(open?.id);
    return;
  }
  if (list.selected !== id) return; // another was chosen meanwhile
  open = conversation;
  transcript.reset();
  find("others").hidden = true;
  find("nothing").hidden = true;
  find("open").hidden = false;
  composer.open(id);
  transcript.add(page.messages, { follow: true });
  while (page.more && list.selected === id) {
    page = await get(conversationPath(id, `/messages?after=${page.cursor}`));
    transcript.add(page.messages, { follow: true });
  }
  show();
  transcript.toEnd();
  stream.open(id, transcript.cursor);
  history.replaceState(null, "", `/consola?conversacion=${id}`);
  markRead();
  if (focus && window.matchMedia("(max-width: 720px)").matches) find("title").focus();
}

/** What was asked for did not come: the list points at what is truly shown. */
function stayAt(id) {
  list.select(id);
  if (!id) showPane("list");
}

function show() {
  find("title").textContent = open.title;
  find("subtitle").textContent = subtitle(open);
  find("emergency").hidden = !open.is_emergency;
  allowed = renderActions(find("actions"), open, isHead, act);
  const isTheirs = open.owner === "agent" && !open.is_mine;
  find("composer").querySelector('[data-mode="reply"]').disabled = isTheirs;
  if (isTheirs && composer.mode === "reply" && composer.onlyNotes()) toast(`La atiende ${open.agent_name}. Lo que escribía está en «Nota privada».`);
  windowNotice.show(open.id, open.window, !isTheirs);
  renderPanel(find("panel-body"), open, { onOpen: (id) => openConversation(id, { focus: true }), onChange: () => { refresh(); list.load(); } });
}

/** A window that is about to close, told once however often the page is loaded. */
function remind({ id, title, closes_at: closesAt }) {
  const key = `consola-ventana-${id}-${closesAt}`;
  if (sessionStorage.getItem(key)) return;
  sessionStorage.setItem(key, "1");
  toast(`La ventana de 24 h con ${title} cierra en ${leftText(closesAt)}.`);
  beep();
  list.load();
}

async function retry(message, button) {
  button.disabled = true;
  try {
    transcript.change(await post(`/api/console/messages/${message.id}/retry`));
  } catch (error) {
    button.disabled = false;
    toast(error.message, { bad: true });
  }
}

async function refresh() {
  const id = open?.id;
  if (!id) return;
  const conversation = await get(conversationPath(id)).catch(() => null);
  if (!conversation || open?.id !== id) return;
  open = conversation;
  show();
}

let refreshTimer;
function refreshSoon() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, 300);
}

function arrived(message) {
  transcript.add([message]);
  if (message.author === "citizen") {
    find("typing").hidden = true;
    if (open?.is_mine && document.hidden) beep({ urgent: open.is_emergency });
  }
  markRead();
  refreshSoon();
}

function stateChanged(state) {
  find("typing").hidden = !state.citizen_typing;
  find("others").textContent = state.others;
  find("others").hidden = !state.others;
  if (open && (state.owner !== open.owner || state.agent_name !== open.agent_name)) refresh();
}

function markRead() {
  if (!open || open.owner !== "agent" || !open.is_mine || document.hidden) return;
  post(conversationPath(open.id, "/read"), { up_to: transcript.cursor }).catch(() => {});
}
document.addEventListener("visibilitychange", markRead);

async function take() {
  const id = open.id;
  try {
    await post(conversationPath(id, "/take"));
    toast("La conversación es suya.");
    sessionStorage.setItem("consola-vista", "mine");
    if (list.view === "waiting" || list.view === "bot") list.show("mine");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message, { bad: true });
  }
  await refresh();
  if (open?.is_mine) { composer.setMode("reply"); find("text").focus(); markRead(); }
}

function act(name) {
  if (!open || !allowed.has(name)) return;
  const actions = {
    take,
    transfer: () => openTransfer(open.id),
    petition: () => openPetition(open.id, refresh),
    return: () => openDialog("return"),
    close: () => openDialog("close", open.id),
  };
  Promise.resolve(actions[name]()).catch((error) => toast(error.message, { bad: true }));
}

function write(mode) {
  if (!open) return;
  composer.setMode(mode);
  find("text").focus();
}

bindConversationDialogs(() => open.id, (text) => { toast(text); refresh(); list.load(); });
bindSound(find("sound"));
find("help").addEventListener("click", () => openDialog("help"));
for (const button of root.querySelectorAll("[data-show-pane]")) {
  button.addEventListener("click", () => {
    showPane(button.dataset.showPane);
    if (button.dataset.showPane === "list") root.querySelector("[data-row][aria-current]")?.focus();
  });
}

bindShortcuts({
  j: () => list.move(1), ArrowDown: () => list.move(1), k: () => list.move(-1), ArrowUp: () => list.move(-1),
  t: () => act("take"), x: () => act("transfer"), p: () => act("petition"), b: () => act("return"), c: () => act("close"),
  r: () => write("reply"), n: () => write("note"),
  "/": () => { showPane("list"); list.search.focus(); },
  1: () => list.show("mine"), 2: () => list.show("waiting"), 3: () => list.show("bot"), 4: () => list.show("closed"),
  "?": () => openDialog("help"),
});

const wanted = new URLSearchParams(location.search).get("conversacion");
stream.connect();
list.load();
if (wanted && /^[0-9a-f-]{36}$/.test(wanted)) openConversation(wanted);
