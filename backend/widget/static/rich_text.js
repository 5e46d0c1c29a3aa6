import { h } from "./dom.js";
import { T } from "./strings.js";

const PIECES = /(https?:\/\/[^\s<>"']+)|(AC-\d{4}-\d{6,}-[0-9A-Z])|((?:código|clave) de (?:acceso|consulta):?\s+)([A-Z0-9][A-Z0-9-]{3,})/giu;

/** Text with its links and folios alive. Only http and https become links; all else stays text. */
export function richText(text, onCopied) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    const [whole, url, folio, label, code] = match;
    nodes.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (url) nodes.push(...link(url));
    else if (folio) nodes.push(copyable(folio, T.copy("folio"), onCopied));
    else nodes.push(label, /\d|^[A-Z-]+$/.test(code) ? copyable(code, T.copy("clave de acceso"), onCopied) : code);
  }
  nodes.push(text.slice(end));
  return nodes;
}

function link(raw) {
  const address = raw.replace(/[.,;:!?)\]]+$/, "");
  if (!URL.canParse(address)) return [raw];
  return [h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address), raw.slice(address.length)];
}

function copyable(value, label, onCopied) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      onCopied();
    } catch {
      getSelection()?.selectAllChildren(chip.firstChild); // no clipboard here: select it, the citizen copies
    }
  };
  const button = h("button", { type: "button", class: "copy", "aria-label": `${label} ${value}`, onclick: copy }, T.copyShort);
  const chip = h("span", { class: "folio" }, h("strong", {}, value), button);
  return chip;
}
