// A template while it is written: what it would say, or what is wrong with it. The last answer asked for is shown.

import { post } from "./api.js";
import { el } from "./dom.js";

const WAIT_MS = 350;
const form = document.querySelector("[data-letter-editor]");
const preview = document.querySelector("[data-letter-preview]");
const problems = document.querySelector("[data-letter-problems]");
let asked = 0;
let timer;

const face = (run) => {
  const text = run.italic ? el("em", { text: run.text }) : document.createTextNode(run.text);
  return run.bold ? el("strong", {}, text) : text;
};

function drawn(block) {
  if (block.style === "table") {
    const rows = block.rows.map((row, number) => {
      const tag = block.has_head && number === 0 ? "th" : "td";
      return el("tr", {}, ...row.map((cell) => el(tag, {}, ...cell.map(face))));
    });
    return el("table", {}, ...rows);
  }
  const marker = block.marker ? `${block.marker} ` : "";
  return el("p", { class: `letter-${block.style}`, "data-depth": block.depth }, marker, ...block.runs.map(face));
}

function show(answer) {
  problems.hidden = answer.problems.length === 0;
  problems.replaceChildren(...answer.problems.map((text) => el("li", { text })));
  if (answer.problems.length) return;
  const head = el("p", { class: "letter-side" }, el("strong", { text: "Asunto: " }), answer.subject);
  const to = el("p", {}, el("strong", { text: [...answer.addressee, "P R E S E N T E"].join("\n") }));
  preview.replaceChildren(head, to, ...answer.blocks.map(drawn));
}

async function refresh() {
  const mine = ++asked;
  const { subject, body, folio } = Object.fromEntries(new FormData(form));
  try {
    const answer = await post(form.dataset.letterEditor, { subject, body, folio });
    if (mine === asked) show(answer);
  } catch (error) {
    if (mine === asked) show({ problems: [error.message] });
  }
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, WAIT_MS);
});
refresh();
