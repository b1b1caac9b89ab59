/**
 * Markdown to DOM. The text is untrusted, whoever wrote it.
 *
 * Three walls, each enough by itself: the parser knows no HTML and refuses addresses that are not
 * web, mail or phone; DOMPurify keeps a short list of elements; the page's Content-Security-Policy
 * runs no inline script and loads no remote image. An image becomes a link to it.
 */

import { exposed, hiddenHost, seen } from "./text.js";
import { h, icon } from "./dom.js";
import { readNames, unspacedEmphasis } from "./markdown_rules.js";
import { WORDS } from "./words.js";

const SAFE_ADDRESS = /^(?:https?:\/\/|mailto:|tel:)/i;

// A text that is longer, or opens more brackets, is shown as it was written: reading it could take
// the browser longer than anyone waits.
const LONGEST = 100_000;
const MOST_BRACKETS = 2_000;

const TAGS =
  "p br strong em s del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 hr a table thead tbody tr th td";
const PURIFY = {
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: ["href", "start", "class"],
  ALLOWED_URI_REGEXP: SAFE_ADDRESS,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

const parser = makeParser();

/**
 * Return what the Markdown text looks like, safe to append.
 * @param {string} text @returns {DocumentFragment}
 */
export function rendered(text) {
  if (text.length > LONGEST || text.split("[").length > MOST_BRACKETS) return asWritten(text);
  const fragment = globalThis.DOMPurify.sanitize(parser.render(text), PURIFY);
  fragment.querySelectorAll("a").forEach(dressLink);
  fragment.querySelectorAll("pre").forEach(dressCode);
  fragment.querySelectorAll("table").forEach(dressTable);
  fragment.querySelectorAll("code").forEach(exposeCode);
  fragment.querySelectorAll("li").forEach(dressTask);
  return fragment;
}

/** @param {string} text */
function asWritten(text) {
  const fragment = document.createDocumentFragment();
  fragment.append(h("p", { class: "written" }, seen(text)));
  return fragment;
}

/**
 * Return plain words as they are, but for the addresses in them, which are links.
 * @param {string} words @returns {DocumentFragment}
 */
export function literal(words) {
  const text = seen(words);
  const fragment = document.createDocumentFragment();
  const links = text.length > LONGEST ? [] : (parser.linkify.match(text) ?? []);
  let end = 0;
  for (const { index, lastIndex, url } of links) {
    const link = h("a", { href: url }, text.slice(index, lastIndex));
    fragment.append(text.slice(end, index), link);
    dressLink(link);
    end = lastIndex;
  }
  fragment.append(text.slice(end));
  return fragment;
}

/** Return an item's text without markup, for a line of it. @param {{text?: string, literal?: boolean}} item */
export function plain({ text = "", literal: isLiteral = false }) {
  const words = isLiteral ? text : (rendered(text).textContent ?? "");
  return words.replace(/\s+/g, " ").trim();
}

function makeParser() {
  const made = globalThis.markdownit({ html: false, linkify: true, breaks: true });
  // Without a scheme, "notes.md" and "main.py" would be taken for hosts.
  made.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  made.validateLink = (/** @type {string} */ address) => SAFE_ADDRESS.test(address.trim());
  made.renderer.rules.text = (tokens, at) =>
    made.utils.escapeHtml(seen(tokens[at].content));
  made.renderer.rules.image = imageAsLink;
  made.inline.ruler.before("autolink", "html_break", htmlBreak);
  readNames(made);
  unspacedEmphasis(made);
  for (const name of ["th_open", "td_open"]) made.renderer.rules[name] = alignedCell;
  return made;
}

/** Models write `<br>` where Markdown has no line break, in tables above all: the only tag that is read. */
function htmlBreak(state, silent) {
  const found = /^<br[ \t]{0,8}\/?>[ \t]{0,8}\n?/i.exec(state.src.slice(state.pos, state.pos + 32));
  if (!found) return false;
  if (!silent) state.push("hardbreak", "br", 0);
  state.pos += found[0].length;
  return true;
}

/** An image's address is linked, never loaded: loading it would tell its host who reads this. */
function imageAsLink(tokens, at, _options, _env, self) {
  const token = tokens[at];
  const escape = parser.utils.escapeHtml;
  const shown = self.renderInlineAsText(token.children, {}, {}) || token.attrGet("src") || "";
  return `<a class="image" href="${escape(token.attrGet("src") ?? "")}">${escape(shown)}</a>`;
}

/** Alignment as a class: the page's policy allows no style attributes. */
function alignedCell(tokens, at) {
  const token = tokens[at];
  const side = /(left|right|center)/.exec(token.attrGet("style") ?? "")?.[1];
  return side ? `<${token.tag} class="${side}">` : `<${token.tag}>`;
}

/** @param {HTMLAnchorElement} link */
function dressLink(link) {
  const address = link.getAttribute("href");
  if (!address || !SAFE_ADDRESS.test(address)) {
    link.replaceWith(...link.childNodes);
    return;
  }
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  const text = link.textContent ?? "";
  if (text !== address) link.title = address;
  const host = hiddenHost(text, address);
  if (host) link.append(h("span", { class: "host" }, WORDS.leadsTo(host)));
}

/** @param {HTMLPreElement} block */
function dressCode(block) {
  const language = /language-([\w+#.-]{1,24})/.exec(block.firstElementChild?.className ?? "")?.[1];
  const box = h("div", { class: "code" });
  block.replaceWith(box);
  block.tabIndex = 0;
  box.append(
    h(
      "div",
      { class: "code-bar" },
      h("span", {}, language ?? ""),
      h(
        "button",
        { type: "button", class: "quiet", data: { act: "copy" } },
        icon("copy"),
        WORDS.copy,
      ),
    ),
    block,
  );
}

/** @param {HTMLTableElement} table */
function dressTable(table) {
  const box = h("div", { class: "table", tabindex: "0" });
  table.replaceWith(box);
  box.append(table);
}

/** @param {HTMLElement} code */
function exposeCode(code) {
  const text = code.textContent ?? "";
  const shown = exposed(text);
  if (shown !== text) code.textContent = shown;
}

/** "[x] done" as a list item is a task. @param {HTMLLIElement} item */
function dressTask(item) {
  const first = item.firstElementChild?.tagName === "P" ? item.firstElementChild : item;
  const text = first.firstChild;
  const mark = text instanceof Text ? /^\[([ xX])\] /.exec(text.data) : null;
  if (!mark) return;
  text.data = text.data.slice(mark[0].length);
  item.classList.add("task");
  first.prepend(mark[1] === " " ? "☐ " : "☑ ");
}
