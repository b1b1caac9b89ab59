/** A tool call: one line, which opens to what was asked and what came back. */

import { h, icon } from "../dom.js";
import { label } from "../text.js";
import { WORDS } from "../words.js";
import { pretty, source, written } from "./parts.js";

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
      h("span", { class: "brief", dir: "auto" }, item.brief),
      h("span", { class: "tool-state" }, word),
    ),
    h("p", { class: "part" }, WORDS.toolInput),
    written(item.input),
    item.result === null ? null : h("p", { class: "part" }, WORDS.toolResult),
    item.result === null ? null : source(pretty(item.result)),
  );
}

/** @returns {[string, string]} */
function toolState(item, cut) {
  if (item.failed) return [WORDS.toolFailed, "failed"];
  if (item.result !== null) return [WORDS.toolDone, "done"];
  return cut ? [WORDS.toolCut, "cut"] : [WORDS.toolRunning, "running"];
}
