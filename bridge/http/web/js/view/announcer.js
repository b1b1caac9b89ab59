/**
 * What a screen reader says: whole messages, once each, never a text while it is being written.
 * The log itself is not a live region, so that nothing in it is announced by accident.
 */

import { $, h } from "../dom.js";

const KEPT = 6;
const AT_ONCE = 3;

/** @param {string[]} texts */
export function announce(texts) {
  const region = $("#announcer");
  const said = texts.filter(Boolean);
  for (const text of said.slice(-AT_ONCE)) region.append(h("p", {}, text));
  while (region.childElementCount > KEPT) region.firstElementChild.remove();
}
