/**
 * The texts of `index.html`, said in the language of the page.
 *
 * A text is what stands in one element, with `code` and `kbd` in it written in backticks, or one of
 * its attributes. It is found once, before anything is drawn; the English one is its key. What is
 * not to be translated says so itself (`translate="no"`).
 */

import { h } from "../dom.js";
import { _ } from "../language.js";

const ATTRIBUTES = ["aria-label", "placeholder", "title"];
const MARKED = new Set(["CODE", "KBD"]);
const MARK = /`([^`]+)`/;

/** @type {(() => void)[]} */
const texts = [];

for (const node of document.body.querySelectorAll("*")) {
  if (node.closest("[translate=no], code, kbd, svg, noscript")) continue;
  for (const name of ATTRIBUTES) {
    const english = node.getAttribute(name);
    if (english) texts.push(() => node.setAttribute(name, _(english)));
  }
  const written = [...node.childNodes].find((each) => each.nodeType === 3 && each.nodeValue.trim());
  if (!written) continue;
  const english = patternOf(node);
  if (node.children.length && english.includes("`")) texts.push(() => fill(node, _(english)));
  else texts.push(() => (written.nodeValue = _(english)));
}

/** @param {Element} node */
function patternOf(node) {
  const parts = [...node.childNodes].map((each) =>
    MARKED.has(each.nodeName) ? `\`${each.textContent}\`` : (each.nodeValue ?? ""),
  );
  return parts.join("").replace(/\s+/g, " ").trim();
}

/** @param {Element} node @param {string} text */
function fill(node, text) {
  const mark = node.querySelector("code, kbd").localName;
  const parts = text.split(MARK);
  node.replaceChildren(...parts.map((each, at) => (at % 2 ? h(mark, {}, each) : each)));
}

/** Say them all. */
export const sayStatic = () => texts.forEach((say) => say());
