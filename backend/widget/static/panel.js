import { h, icon } from "./dom.js";
import { QUICK_ACTIONS, T } from "./strings.js";

const isFullScreen = () => matchMedia("(max-width: 480px), (max-height: 480px)").matches;

/** The launcher and the panel, and the few things that change in them. */
export function buildPanel(on) {
  const badge = h("span", { class: "badge", hidden: true });
  const launcher = h("button", { type: "button", class: "launcher", "aria-label": T.open, "aria-expanded": "false", onclick: on.toggle }, icon("chat"), badge);
  const tool = (name, label, run) => h("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: run }, icon(name));
  const sound = tool("mute", T.soundOn, on.sound);
  const save = tool("save", T.transcript, on.transcript);
  const close = tool("down", T.minimise, on.close);
  const title = h("div", { class: "title" }, h("h2", { id: "title" }, T.title), h("p", {}, T.subtitle));
  // No <header>: the page that the chat stands in has one, and a second banner confuses who hears the page.
  const header = h("div", { class: "header" }, title, save, sound, close);
  const banner = h("p", { class: "banner", hidden: true }, T.offline);
  const note = h("p", { class: "note", role: "alert", hidden: true });
  const state = h("p", { class: "state", hidden: true });
  const typing = h("p", { class: "typing", hidden: true }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span"));
  const welcome = buildWelcome(on);
  const log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": T.log, tabindex: 0, "aria-busy": "true" }, welcome, on.messages, typing);
  const status = h("p", { class: "hidden", role: "status" });
  const panel = h("section", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true }, header, banner, note, log, state, on.composer, status, h("div", { class: "drop", "aria-hidden": "true" }, T.dropHere));
  listenToKeys(panel, on);
  listenToDrops(panel, on);

  return {
    launcher, panel,
    show(open, mode) {
      panel.hidden = !open;
      panel.dataset.mode = mode;
      launcher.hidden = mode === "inline" || (open && isFullScreen());
      close.hidden = mode === "inline";
      launcher.setAttribute("aria-expanded", String(open));
      if (mode === "inline") panel.setAttribute("role", "region");
      panel.toggleAttribute("aria-modal", false);
      if (open && mode === "floating" && isFullScreen()) panel.setAttribute("aria-modal", "true");
    },
    update(store, { unread, isEmpty }) {
      const { status: now } = store;
      banner.hidden = store.connected;
      welcome.hidden = !isEmpty;
      save.hidden = store.messages.length === 0;
      badge.hidden = unread === 0;
      badge.textContent = unread > 9 ? "9+" : String(unread);
      launcher.setAttribute("aria-label", unread ? `${T.open}. ${T.unread(unread)}` : T.open);
      if (store.settled || isEmpty) log.setAttribute("aria-busy", "false");
      typing.hidden = !(now.agent_typing || (now.busy && now.owner === "bot"));
      typing.lastChild.textContent = T.typing(now.agent_typing ? (now.agent_name ?? T.agent) : T.bot);
      const line = stateLine(now, store.messages.length);
      state.hidden = !line;
      if (state.textContent !== line) {
        state.textContent = line;
        if (line) status.textContent = line;
      }
    },
    announce: (text) => (status.textContent = text),
    complain(text) {
      note.hidden = false;
      note.textContent = text;
      clearTimeout(note.timer);
      note.timer = setTimeout(() => (note.hidden = true), 12_000);
    },
    showSound(isOn) {
      sound.replaceChildren(icon(isOn ? "sound" : "mute"));
      sound.setAttribute("aria-label", isOn ? T.soundOff : T.soundOn);
      sound.title = isOn ? T.soundOff : T.soundOn;
    },
    isAtEnd: (slack = 60) => log.scrollHeight - log.scrollTop - log.clientHeight < slack,
    scrollToEnd: () => (log.scrollTop = welcome.hidden ? log.scrollHeight : 0),
  };
}

function stateLine({ owner, queue_position, agent_name }, count) {
  if (owner === "queue" && queue_position !== null) return T.queue(queue_position);
  if (owner === "agent" && agent_name) return T.joined(agent_name);
  return owner === "closed" && count ? T.closed : "";
}

function buildWelcome({ base, press }) {
  const notice = h("a", { href: new URL("aviso-de-privacidad", base).href, target: "_blank", rel: "noopener" }, T.privacy);
  const actions = QUICK_ACTIONS.map(({ title, payload }) =>
    h("button", { type: "button", class: "choice", onclick: () => press({ text: title, payload }) }, title));
  return h("div", { class: "welcome" }, h("h3", {}, T.welcomeTitle), h("p", {}, T.welcome), h("p", { class: "urgent" }, T.emergency),
    h("div", { class: "choices" }, ...actions), h("p", {}, notice));
}

function listenToKeys(panel, { close }) {
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.dataset.mode !== "inline") return event.stopPropagation(), close();
    if (event.key !== "Tab" || !panel.hasAttribute("aria-modal")) return;
    const stops = [...panel.querySelectorAll("button, a[href], textarea, [tabindex='0']")].filter((each) => !each.disabled && each.offsetParent);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (panel.getRootNode().activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  });
}

function listenToDrops(panel, { drop }) {
  panel.addEventListener("dragover", (event) => (event.preventDefault(), (panel.dataset.dragging = "")));
  panel.addEventListener("dragleave", (event) => panel.contains(event.relatedTarget) || delete panel.dataset.dragging);
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    delete panel.dataset.dragging;
    drop(event.dataTransfer.files);
  });
}
