/**
 * The log on the screen.
 *
 * Rules:
 * - Only the last items are in the document; earlier ones come when one scrolls up to them: first
 *   those that were read already, then those that are read for it, a page at a time.
 * - Who is at the end stays at the end; who has scrolled up is not moved, neither by what comes in
 *   below nor by what is put above, and is told what is new.
 */

import { $, h, setText } from "../dom.js";
import { timeline } from "../timeline.js";
import { WORDS } from "../words.js";
import { RowList, pointAt } from "./row_list.js";

const FIRST_SHOWN = 120;
const MOST_SHOWN = 400;
const MORE_SHOWN = 150;
const NEAR_END_PX = 60;
/** Kinds of rows that show that somebody has said or asked something here. */
const BEGUN = new Set(
  "said composed question pushed note pending asking writing".split(" "),
);

/** The session that everybody's first words go to. */
const SHARED = "main";

/** Whether its owner has linked no chat app with it yet. */
function isNew({ id, snapshot }, context) {
  const own = snapshot?.participants.some((who) => who.role === "owner" && context.mine(who.id));
  return id === SHARED && own && snapshot.places.length === 0;
}

export class LogView {
  #version = "";
  /** The seq of the first item that is shown. */
  #since = 0;
  #atEnd = true;
  #unseen = 0;
  #wasWhole = false;
  #wasConnected = false;
  /** @type {import("../session.js").OpenSession | null} */
  #session = null;

  constructor() {
    this.log = $("#log");
    this.rows = new RowList($("#rows"));
    this.button = $("#to-end");
    this.earlier = h("button", { type: "button", class: "earlier", hidden: true }, WORDS.earlier);
    this.top = h("div", { class: "top" }, this.earlier);
    this.log.prepend(this.top);
    this.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.button.addEventListener("click", () => this.toEnd());
    this.earlier.addEventListener("click", () => this.#showEarlier());
    this.nearTop = new IntersectionObserver(
      ([{ isIntersecting }]) => isIntersecting && this.#showEarlier(),
      { root: this.log, rootMargin: "300px" },
    );
    const settled = new ResizeObserver(() => this.#atEnd && this.toEnd());
    for (const box of [this.log, this.rows.list]) settled.observe(box);
  }

  /** @param {import("../session.js").OpenSession} session */
  open(session) {
    this.#session = session;
    this.rows.clear();
    this.#since = 0;
    this.#wasWhole = false;
    this.toEnd();
  }

  /** @param {import("./rows.js").Context} context @param {string} version  of the context */
  update(context, version) {
    const session = this.#session;
    if (!session) return;
    this.context = context;
    this.#version = version;
    this.#moveWindow(session.log.items);
    const rows = this.#draw(this.#wasWhole);
    $("#first-hint").hidden =
      !session.caughtUp || session.more || rows.some(({ kind }) => BEGUN.has(kind));
    $("#onboard-hint").hidden = !isNew(session, context);
    if (this.#atEnd) this.toEnd();
    this.#showButton();
    this.#lookUp(session);
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

  /**
   * Bring an event into sight and point at it; read up to it where it is above what was read.
   * @param {number} seq @param {boolean} [focused]  the keyboard goes to its first button or field
   */
  async show(seq, focused = false) {
    const session = this.#session;
    await session?.readUpTo(seq);
    if (!session || session !== this.#session) return;
    const at = session.log.items.findIndex((item) => item.seq === seq);
    if (at < 0) return;
    if (at < this.#from) this.#showFrom(Math.max(0, at - 20));
    this.#atEnd = false;
    pointAt(this.rows.list, seq, "center", focused);
  }

  // -- the window -----------------------------------------------------------------------------

  /** The index of the first item that is shown. */
  get #from() {
    const { items } = this.#session.log;
    return Math.max(
      0,
      items.findIndex(({ seq }) => seq >= this.#since),
    );
  }

  /** @param {import("../types.js").Item[]} items */
  #moveWindow(items) {
    if (this.#atEnd && items.length - this.#from > MOST_SHOWN)
      this.#since = items[items.length - FIRST_SHOWN].seq;
  }

  /** Show what is above; read it, unless it was. */
  async #showEarlier() {
    const session = this.#session;
    if (!session?.caughtUp) return;
    if (!this.#from && !(await this.#read(session))) return;
    if (session !== this.#session) return;
    this.#showFrom(Math.max(0, this.#from - MORE_SHOWN));
    this.#watchTop();
  }

  /** @param {import("../session.js").OpenSession} session */
  async #read(session) {
    setText(this.earlier, WORDS.reading);
    const found = await session.earlier();
    setText(this.earlier, WORDS.earlier);
    return found;
  }

  /** @param {number} from */
  #showFrom(from) {
    this.#since = this.#session.log.items[from]?.seq ?? 0;
    this.#draw(false);
  }

  /** Look whether the top is in sight once there is something, or something can be had again. */
  #lookUp({ caughtUp, connection }) {
    const isConnected = connection === "connected";
    if ((caughtUp && !this.#wasWhole) || (isConnected && !this.#wasConnected)) this.#watchTop();
    this.#wasWhole = caughtUp;
    this.#wasConnected = isConnected;
  }

  /** Hear whether the top is in sight, now and when that changes. */
  #watchTop() {
    this.nearTop.unobserve(this.top);
    this.nearTop.observe(this.top);
  }

  // -- drawing --------------------------------------------------------------------------------

  /** @param {boolean} arriving  new rows have just come in, and may show it */
  #draw(arriving) {
    const { log, notes, aliases, frame, reach, more } = this.#session;
    const from = this.#from;
    const pending = this.#session.pending();
    const rows = timeline({ log, from, notes, aliases, previews: frame.previews, pending, reach });
    const anchor = this.#atEnd ? null : this.#firstInSight();
    const was = anchor?.getBoundingClientRect().top;
    this.#offer(from > 0 || more);
    this.rows.draw(rows, this.context, this.#version, arriving);
    if (anchor?.isConnected) this.log.scrollTop += anchor.getBoundingClientRect().top - was;
    this.#since = log.items[from]?.seq ?? 0;
    return rows;
  }

  /** The row that is to stay where it is. @returns {HTMLElement | undefined} */
  #firstInSight() {
    const { top } = this.log.getBoundingClientRect();
    const rows = [...this.rows.list.querySelectorAll(":scope > [data-seq]")];
    return /** @type {any} */ (rows.find((row) => row.getBoundingClientRect().bottom > top));
  }

  /** @param {boolean} isMore  there is something above */
  #offer(isMore) {
    if (!isMore && document.activeElement === this.earlier) this.log.focus();
    this.earlier.hidden = !isMore;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#atEnd) this.#unseen = 0;
    this.#showButton();
  }

  /** The page speaks another language. */
  speak() {
    setText(this.earlier, WORDS.earlier);
    this.#showButton();
  }

  #showButton() {
    this.button.hidden = this.#atEnd;
    setText(this.button, this.#unseen ? WORDS.newMessages(this.#unseen) : WORDS.toEnd);
  }
}
