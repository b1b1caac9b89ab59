/**
 * The log on the screen.
 *
 * Rules:
 * - Rows are drawn once and drawn again only when they changed (`sameRow`); nodes keep their place.
 * - Only the last items are in the document; earlier ones come when one scrolls up to them.
 * - Who is at the end stays at the end; who has scrolled up is not moved, and is told what is new.
 */

import { $, h, patch, setText } from "../dom.js";
import { sameRow, timeline } from "../timeline.js";
import { WORDS } from "../words.js";
import { drawn } from "./rows.js";

const FIRST_SHOWN = 120;
const MOST_SHOWN = 400;
const MORE_SHOWN = 150;
const NEAR_END_PX = 60;

export class LogView {
  /** @type {Map<string, {row: any, node: HTMLElement}>} */
  #rows = new Map();
  #version = "";
  #from = 0;
  #atEnd = true;
  #unseen = 0;
  #wasWhole = false;
  /** @type {import("../session.js").OpenSession | null} */
  #session = null;

  constructor() {
    this.log = $("#log");
    this.list = $("#rows");
    this.button = $("#to-end");
    this.top = h("div", { class: "top", "aria-hidden": "true" });
    this.log.prepend(this.top);
    this.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.button.addEventListener("click", () => this.toEnd());
    new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#showEarlier(), {
      root: this.log,
      rootMargin: "300px",
    }).observe(this.top);
    const settled = new ResizeObserver(() => this.#atEnd && this.toEnd());
    for (const box of [this.log, this.list]) settled.observe(box);
  }

  /** @param {import("../session.js").OpenSession} session */
  open(session) {
    this.#session = session;
    this.#rows.clear();
    this.list.replaceChildren();
    this.#from = 0;
    this.#wasWhole = false;
    this.toEnd();
  }

  /** @param {import("./rows.js").Context} context @param {string} version  of the context */
  update(context, version) {
    const session = this.#session;
    if (!session) return;
    this.#moveWindow(session.log.items.length);
    const rows = this.#rowsOf(session);
    this.#draw(rows, context, version, this.#wasWhole);
    this.#wasWhole = session.caughtUp;
    if (this.#atEnd) this.toEnd();
    this.#showButton();
    this.context = context;
  }

  /** Something new came in. @param {number} count */
  arrived(count) {
    if (!this.#atEnd) this.#unseen += count;
  }

  toEnd() {
    this.#atEnd = true;
    this.#unseen = 0;
    this.log.scrollTop = this.log.scrollHeight;
    this.#showButton();
  }

  /** Bring an event into sight and point at it. @param {number} seq */
  show(seq) {
    const at = this.#session?.log.items.findIndex((item) => item.seq === seq) ?? -1;
    if (at < 0) return;
    if (at < this.#from) this.#showFrom(Math.max(0, at - 20));
    const node = $(`[data-seq="${seq}"]`, this.list);
    this.#atEnd = false;
    node?.scrollIntoView({ block: "center" });
    node?.classList.add("pointed");
    setTimeout(() => node?.classList.remove("pointed"), 1600);
  }

  /** @param {import("../session.js").OpenSession} session */
  #rowsOf(session) {
    const { log, notes, aliases, frame } = session;
    const pending = session.pending();
    return timeline({ log, from: this.#from, notes, aliases, previews: frame.previews, pending });
  }

  #moveWindow(count) {
    if (this.#from > count) this.#from = 0;
    if (this.#atEnd && count - this.#from > MOST_SHOWN) this.#from = count - FIRST_SHOWN;
  }

  #showEarlier() {
    if (this.#from > 0) this.#showFrom(Math.max(0, this.#from - MORE_SHOWN));
  }

  /** Show from an earlier item on, without moving what one reads. @param {number} from */
  #showFrom(from) {
    const below = this.log.scrollHeight - this.log.scrollTop;
    this.#from = from;
    this.#draw(this.#rowsOf(this.#session), this.context, this.#version, false);
    this.log.scrollTop = this.log.scrollHeight - below;
  }

  /**
   * @param {any[]} rows @param {import("./rows.js").Context} context @param {string} version
   * @param {boolean} arriving  new rows have just come in, and may show it
   */
  #draw(rows, context, version, arriving) {
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

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#atEnd) this.#unseen = 0;
    this.#showButton();
  }

  #showButton() {
    this.button.hidden = this.#atEnd;
    setText(this.button, this.#unseen ? WORDS.newMessages(this.#unseen) : WORDS.toEnd);
  }
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
