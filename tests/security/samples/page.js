export function bad(element, text, range) {
  // finds: html-from-text
  element.innerHTML = text;
  // finds: html-from-text
  element.insertAdjacentHTML("beforeend", text);
  // finds: html-from-text
  range.createContextualFragment(text);
  // finds: html-from-text
  eval(text);
}

export function good(element, text) {
  element.textContent = text;
}
