// The list of calls by key: n takes the next one, / searches.

import { bindShortcuts } from "./shortcuts.js";

bindShortcuts({
  n: () => document.querySelector("[data-next]:enabled")?.click(),
  "/": () => document.querySelector("[data-search]").focus(),
});
