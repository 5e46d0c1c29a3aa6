// Building elements: text only ever through textContent.

/** An element with properties (`class`, `text`, `data-…`, attributes, `on…` listeners) and children. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Says something briefly, to eyes and to screen readers. */
export function toast(text, { bad = false } = {}) {
  const box = document.querySelector("[data-toasts]");
  const note = el("p", { class: bad ? "toast bad" : "toast", text });
  box.append(note);
  setTimeout(() => note.remove(), bad ? 8000 : 4000);
}

/** Whether keys go into `target` as text: a box to mark is no place to type. */
export const isTyping = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("textarea, select, input:not([type='checkbox'], [type='radio'])"));
