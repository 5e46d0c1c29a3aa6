// The dialogs: opened with focus inside, closed with Esc, an error shown where one is looking.

import { conversationPath, get, post } from "./api.js";
import { el } from "./dom.js";

const unsaved = new Map(); // a dialog and what it is about -> what was typed in it and not done

export const dialog = (name) => document.querySelector(`[data-dialog="${name}"]`);

for (const box of document.querySelectorAll("dialog")) {
  for (const button of box.querySelectorAll("[data-cancel]")) button.addEventListener("click", () => box.close());
  if (box.querySelector("form")) continue; // a click beside it would lose what was typed
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
}

export function showError(box, text) {
  const line = box.querySelector("[data-dialog-error]");
  line.textContent = text;
  line.hidden = !text;
}

/** Binds a dialog's form: `act(FormData)` does it; the dialog closes when that ended well. */
export function bindForm(name, act) {
  const box = dialog(name);
  const form = box.querySelector("form");
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    showError(box, "");
    try {
      await act(new FormData(form));
      form.reset();
      box.close();
    } catch (error) {
      showError(box, error.message);
    } finally {
      isBusy = false;
    }
  });
}

/** Opens it empty; `about` what was closed without being done, as it was left. */
export function openDialog(name, about = null) {
  const box = dialog(name);
  if (box.querySelector("[data-dialog-error]")) showError(box, "");
  const form = box.querySelector("form");
  form?.reset();
  if (about) {
    const key = `${name} ${about}`;
    for (const [field, value] of unsaved.get(key) ?? []) form.elements[field].value = value;
    for (const select of form.querySelectorAll("select")) select.selectedIndex = Math.max(0, select.selectedIndex);
    box.addEventListener("close", () => unsaved.set(key, [...new FormData(form)]), { once: true });
  }
  box.showModal();
}

export async function openTransfer(conversation) {
  const select = dialog("transfer").querySelector("[data-colleagues]");
  const colleagues = await get("/api/console/colleagues");
  const option = (one) => el("option", { value: one.user_id, text: one.full_name });
  const group = (label, people) => (people.length ? el("optgroup", { label }, ...people.map(option)) : "");
  select.replaceChildren(
    el("option", { value: "", text: "A la fila de espera" }),
    group("Disponibles", colleagues.filter((one) => one.is_available)),
    group("No disponibles ahora", colleagues.filter((one) => !one.is_available)),
  );
  openDialog("transfer", conversation);
}

/** Binds transfer, close and return to the open conversation, which `current()` names; `done(text)` follows. */
export function bindConversationDialogs(current, done) {
  bindForm("transfer", async (data) => {
    await post(conversationPath(current(), "/transfer"), { to_agent_id: data.get("to") || null, note: data.get("note") });
    done("La conversación se transfirió.");
  });
  bindForm("close", async (data) => {
    await post(conversationPath(current(), "/close"), { reason: data.get("reason"), note: data.get("note") });
    done("La conversación se cerró.");
  });
  bindForm("return", async () => {
    await post(conversationPath(current(), "/return-to-bot"));
    done("El asistente sigue la conversación.");
  });
}

export function showImage(file) {
  const box = dialog("image");
  box.querySelector("[data-image]").src = file.url;
  box.querySelector("[data-image]").alt = file.file_name;
  box.querySelector("[data-image-link]").href = file.url;
  box.showModal();
}
