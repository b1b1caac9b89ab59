/**
 * Rows as nodes of one element.
 *
 * Rules:
 * - Rows are drawn once and drawn again only when they changed (`sameRow`); nodes keep their place.
 * - What a reader did to a row stays when it is drawn again.
 */

import { $, patch } from "../dom.js";
import { sameRow } from "../timeline.js";
import { drawn } from "./rows.js";

export class RowList {
  /** @type {Map<string, {row: any, node: HTMLElement}>} */
  #rows = new Map();
  #version = "";

  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
  }

  clear() {
    this.#rows.clear();
    this.list.replaceChildren();
  }

  /**
   * @param {any[]} rows @param {import("./rows.js").Context} context
   * @param {string} version  of the context
   * @param {boolean} arriving  new rows have just come in, and may show it
   */
  draw(rows, context, version, arriving) {
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, { node }] of this.#rows) if (!keys.has(key)) this.#remove(key, node);
    let place = this.list.firstChild;
    for (const row of rows) {
      const had = this.#rows.get(row.key)?.node;
      const node = this.#nodeFor(row, context, version !== this.#version, arriving);
      if (node === place || (had && had === place)) place = node.nextSibling;
      else this.list.insertBefore(node, place);
    }
    this.#version = version;
  }

  #remove(key, node) {
    node.remove();
    this.#rows.delete(key);
  }

  #nodeFor(row, context, stale, arriving) {
    const had = this.#rows.get(row.key);
    if (had && !stale && sameRow(had.row, row)) return had.node;
    const node = drawn(row, context);
    if (had) carry(had.node, node);
    else if (arriving) node.classList.add("fresh");
    had?.node.replaceWith(node);
    this.#rows.set(row.key, { row, node });
    return node;
  }
}

/**
 * Point at a row. @param {ParentNode} list @param {number} seq @param {"center" | "nearest"} where
 * @param {boolean} focused  the keyboard goes to its first button or field
 */
export function pointAt(list, seq, where, focused) {
  const node = $(`[data-seq="${seq}"]`, list);
  node?.scrollIntoView({ block: where });
  node?.classList.add("pointed");
  if (focused) node?.querySelector(".card button, .card input")?.focus({ preventScroll: true });
  setTimeout(() => node?.classList.remove("pointed"), 1600);
}

/**
 * Keep what a reader did to a row that is drawn again: an opened fold, words half typed, the
 * focus, the nodes of a text that only grew, and what is being played.
 * @param {HTMLElement} old @param {HTMLElement} fresh
 */
function carry(old, fresh) {
  if (old instanceof HTMLDetailsElement && fresh instanceof HTMLDetailsElement)
    fresh.open = old.open;
  const [had, has] = [$(".md", old), $(".md", fresh)];
  if (had && has && old.classList.contains("composed")) {
    const grown = document.createDocumentFragment();
    grown.append(...has.childNodes);
    patch(had, grown);
    has.replaceWith(had);
  }
  for (const shown of /** @type {any} */ (fresh.querySelectorAll("[data-file]"))) {
    const kept = $(`[data-file="${CSS.escape(shown.dataset.file)}"]`, old);
    if (kept) shown.replaceWith(kept);
  }
  for (const input of /** @type {any} */ (fresh.querySelectorAll("input[data-keep]"))) {
    const typed = $(`input[data-keep="${CSS.escape(input.dataset.keep)}"]`, old);
    if (typed) input.value = typed.value;
  }
  const keep = old.contains(document.activeElement)
    ? document.activeElement.getAttribute("data-keep")
    : null;
  if (keep) queueMicrotask(() => $(`[data-keep="${CSS.escape(keep)}"]:enabled`, fresh)?.focus());
}
