/**
 * The texts of `index.html`, and of markup that is read later, said in the language of the page.
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


/** Find the texts below an element. @param {Element} root */
function find(root) {
  const found = [...root.querySelectorAll("*")].filter(
    (each) => !each.closest("[translate=no], code, kbd, svg, noscript"),
  );
  return found.flatMap(textsOf);
}

/** @param {Element} node @returns {(() => void)[]} */
function textsOf(node) {
  const says = ATTRIBUTES.filter((name) => node.getAttribute(name)).map((name) => {
    const english = node.getAttribute(name);
    return () => node.setAttribute(name, _(english));
  });
  const written = [...node.childNodes].find((each) => each.nodeType === 3 && each.nodeValue.trim());
  if (!written) return says;
  const english = patternOf(node);
  const marked = node.children.length && english.includes("`");
  return [...says, marked ? () => fill(node, _(english)) : () => (written.nodeValue = _(english))];
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

const texts = find(document.body);

/** Say them all. */
export const sayStatic = () => texts.forEach((say) => say());

/** Say those of markup that was read later, now and from now on. @param {Element} root */
export function said(root) {
  const found = find(root);
  texts.push(...found);
  for (const say of found) say();
}
