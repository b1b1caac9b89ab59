/** A tool call: one line, which opens to what was asked and what came back. */

import { h, icon } from "../dom.js";
import { label, shortened } from "../text.js";
import { WORDS } from "../words.js";
import { pretty, source } from "./parts.js";

/** @param {any} row */
export function toolRow({ item, extra: cut }) {
  const [word, state] = toolState(item, cut);
  return h(
    "details",
    { class: "row tool", data: { state } },
    h(
      "summary",
      {},
      icon("tool"),
      h("code", {}, label(item.name)),
      h("span", { class: "brief", dir: "auto" }, brief(item.input)),
      h("span", { class: "tool-state" }, word),
    ),
    h("h3", {}, WORDS.toolInput),
    source(pretty(item.input)),
    item.result === null ? null : h("h3", {}, WORDS.toolResult),
    item.result === null ? null : source(pretty(item.result)),
  );
}

/** @returns {[string, string]} */
function toolState(item, cut) {
  if (item.failed) return [WORDS.toolFailed, "failed"];
  if (item.result !== null) return [WORDS.toolDone, "done"];
  return cut ? [WORDS.toolCut, "cut"] : [WORDS.toolRunning, "running"];
}

/** Return a call's arguments on one line. @param {string} text */
function brief(text) {
  try {
    const pairs = Object.entries(JSON.parse(text));
    const line = pairs.map(
      ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    return label(shortened(line.join(", "), 120));
  } catch {
    return label(shortened(text, 120));
  }
}
