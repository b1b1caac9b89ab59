/**
 * A dialog that lists something and acts on it: of the open session, or of the whole bridge.
 *
 * Rules:
 * - All of it is read anew when it is opened, after each act, when something happened in the session
 *   meanwhile, and every so often where it says so. One answer is waited for at a time.
 * - What comes when another session is open by then, or the dialog was closed, is not shown.
 * - The keyboard stays where it was when the lists are drawn again.
 * - Words of anyone are text: nothing here makes markup.
 */

import { Unauthorized } from "../api.js";
import { $, h, icon, setText } from "../dom.js";
import { code } from "../language.js";
import { label, shortened } from "../text.js";
import { prose } from "../view/parts.js";
import { WORDS } from "../words.js";
import { TEXTS } from "./words.js";

/** Characters of someone's words that are shown; and that name them where buttons are read out. */
const SHOWN = 300;
const NAMED = 60;

/**
 * @typedef {import("../session.js").OpenSession} OpenSession
 *
 * @typedef {object} Around  what a dialog asks of the page
 * @property {(error: Error) => void} unauthorized
 * @property {(session: string, seq: number, question: string) => void} go
 * @property {(name: string) => void} opened
 */

export class ListDialog {
  /** @type {OpenSession | null} */
  session = null;
  /** Milliseconds after which it reads again by itself; 0: never. */
  every = 0;
  /** What its buttons do, by `data-act`. @type {Record<string, (of: string, button: HTMLElement) => any>} */
  acts = {};
  #drawnAt = "";
  /** @type {OpenSession | null} */
  #loading = null;
  #again = false;
  #acting = new Set();
  /** How often it was closed: what was asked for before is not shown any more. */
  #opening = 0;
  #timer = 0;
  /** @type {HTMLElement | null} */
  #opener = null;

  /** @param {string} name  its id @param {Around} around */
  constructor(name, around) {
    this.around = around;
    this.dialog = $(`#${name}`);
    this.closer = $("header button", this.dialog);
    this.parts = [...this.dialog.querySelectorAll("[hidden]")];
    this.closer.append(icon("close"));
    this.closer.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => this.#closed());
    this.dialog.addEventListener("click", (event) => this.#clicked(event));
  }

  // -- what each dialog says ------------------------------------------------------------------

  /** Read what it shows. @param {OpenSession} _session @returns {Promise<any>} */
  async read(_session) {}

  /** Show it. @param {any} _whole */
  draw(_whole) {}

  /** Drop what was shown once, and what was being written. */
  clear() {}

  /** What makes it read again. @param {OpenSession} session @returns {any[]} */
  version = ({ log, snapshot }) => [log.seq, snapshot?.participants];

  /** Something was refused, or could not be done. @param {Error} error */
  failed(error) {
    this.tell(error.message || WORDS.unreachable, true);
  }

  // -- its life -------------------------------------------------------------------------------

  /** @param {OpenSession} session  the page shows it from now on */
  enter(session) {
    if (this.session === session) return;
    this.leave();
    this.session = session;
  }

  /** Whoever looks is no longer in the session: nothing of it is shown, and nothing of it asked. */
  leave() {
    this.session = this.#loading = null;
    this.#drawnAt = "";
    this.hide();
    for (const list of this.dialog.querySelectorAll("ul")) list.replaceChildren();
    for (const part of this.parts) part.hidden = true;
    this.clear();
    this.say("");
  }

  /** @param {HTMLElement} opener  has the keyboard afterwards */
  async open(opener) {
    if (!this.session) return;
    this.clear();
    this.say("");
    this.#opener = opener;
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
    if (this.every) this.#timer = setInterval(() => document.hidden || this.load(), this.every);
    await this.load();
  }

  /** Close it; the keyboard is brought elsewhere. */
  hide() {
    this.#opener = null;
    this.dialog.close();
  }

  #closed() {
    clearInterval(this.#timer);
    this.#opening += 1;
    this.clear();
    const opener = this.#opener;
    if (opener) (opener.checkVisibility({ visibilityProperty: true }) ? opener : $("#who")).focus();
  }

  /** Something happened in the session. */
  update() {
    if (!this.dialog.open || !this.session) return;
    const now = JSON.stringify([this.version(this.session), code()]);
    if (now === this.#drawnAt) return;
    this.#drawnAt = now;
    this.load();
  }

  // -- asking the bridge ----------------------------------------------------------------------

  /** Read everything anew; what changes meanwhile is read once more. */
  async load() {
    const { session } = this;
    if (!session) return;
    this.#again = this.#loading === session;
    if (this.#again) return;
    this.#loading = session;
    do {
      this.#again = false;
      await this.ask(
        (open) => this.read(open),
        (whole) => this.#keeping(() => this.draw(whole)),
      );
    } while (this.#again && session === this.session);
    if (session === this.session) this.#loading = null;
  }

  /**
   * Ask something of the open session.
   * @template T
   * @param {(session: OpenSession) => Promise<T>} deed @param {(answer: T) => void} then
   * @param {(error: Error) => void} [failed]
   */
  async ask(deed, then, failed = (error) => this.failed(error)) {
    const [session, opening] = [this.session, this.#opening];
    if (!session) return;
    const stays = () => session === this.session && opening === this.#opening;
    try {
      const answer = await deed(session);
      if (stays()) then(answer);
    } catch (error) {
      if (!stays()) return;
      if (error instanceof Unauthorized) this.around.unauthorized(error);
      else failed(error);
    }
  }

  /**
   * Do something, and show how things are then.
   * @param {(api: import("../api.js").Api, id: string) => Promise<any>} deed
   * @param {(answer: any) => void} [then]  by default what became of it is said
   * @param {(error: Error) => void} [failed]
   */
  async do(deed, then = (answer) => this.tell(answer?.text ?? ""), failed = undefined) {
    const { session } = this;
    await this.ask(({ api, id }) => deed(api, id), then, failed);
    if (session === this.session) await this.load();
  }

  // -- what is pressed, and drawn -------------------------------------------------------------

  /** What is pressed twice is done once. @param {Event} event */
  async #clicked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const { act = "", of = "" } = button?.dataset ?? {};
    const name = `${act} ${of}`;
    if (!Object.hasOwn(this.acts, act) || this.#acting.has(name)) return;
    this.#acting.add(name);
    await this.acts[act](of, button);
    this.#acting.delete(name);
  }

  /** Draw; the keyboard stays where it was. @param {() => void} draw */
  #keeping(draw) {
    const { act, of } = /** @type {HTMLElement} */ (document.activeElement).dataset;
    draw();
    if (!act || document.activeElement?.closest("dialog")) return;
    const same = `[data-act="${CSS.escape(act)}"][data-of="${CSS.escape(of)}"]`;
    ($(same, this.dialog) ?? this.closer).focus();
  }

  /**
   * Show lines in a list; none: what says so, if anything. What is the same stays, with what is
   * being written in it.
   * @param {string} list @param {Element[]} lines
   */
  list(list, lines) {
    const [shown, none] = [$(list, this.dialog), $(`${list} ~ .none`, this.dialog)];
    if (none) none.hidden = lines.length > 0;
    const had = [...shown.children];
    const nodes = lines.map((fresh) => {
      const at = had.findIndex((each) => each.isEqualNode(fresh));
      return at < 0 ? fresh : had.splice(at, 1)[0];
    });
    for (const gone of had) gone.remove();
    nodes.forEach((node, at) => {
      if (node !== shown.children[at]) shown.insertBefore(node, shown.children[at] ?? null);
    });
  }

  /** Say something, in which words of people are words. @param {string} text @param {boolean} [wrong] */
  say(text, wrong = false) {
    this.#said(text, wrong);
  }

  /** Say what the bridge answered, which is Markdown. @param {string} text @param {boolean} [wrong] */
  tell(text, wrong = false) {
    this.#said(text && prose(text), wrong);
  }

  /** @param {Node | string} what @param {boolean} wrong */
  #said(what, wrong) {
    const said = $(".people-said", this.dialog);
    said.classList.toggle("wrong", wrong);
    said.replaceChildren(...(what ? [what] : []));
  }

  /** What people of the session are called. @param {string} id */
  nameOf(id) {
    const known = this.session?.snapshot?.participants.find((each) => each.id === id);
    return label(known?.name) || WORDS.someone;
  }
}

/** Someone's words, as far as there is room. @param {string} words */
export const inFull = (words) => shortened(label(words), SHOWN);

/** The same where they only name something. @param {string} words */
export const inBrief = (words) => shortened(label(words), NAMED);

/**
 * A line of a list: its words, what is to be known about them, and its buttons.
 * @param {string} text @param {(string | false | null | undefined)[]} about
 * @param {(Node | false | null)[]} more @param {Record<string, any>} [data]
 */
export const line = (text, about, more = [], data = {}) =>
  h(
    "li",
    { data },
    h(
      "span",
      { class: "about-one" },
      h("span", { dir: "auto" }, text),
      h("small", {}, about.filter(Boolean).join(" · ")),
    ),
    ...more,
  );

/**
 * A button of a line. @param {string} act @param {string | number} of  what it is about
 * @param {string} text @param {string} what  the same in words; it is read out
 */
export const press = (act, of, text, what) => named(act, of, text, WORDS.announced(text, what));

/** @param {string} act @param {string | number} of @param {string} text @param {string} spoken */
export const named = (act, of, text, spoken, name = "") =>
  h("button", { type: "button", class: "small", "aria-label": spoken, data: { act, of, name } }, text);

/** Copy what stands beside a button; without a clipboard it is selected, ready to be copied. */
export async function copy(button) {
  const field = button.parentElement.querySelector("input");
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    setText(button, WORDS.copied);
  } catch {
    field.focus();
  }
}

/** A text that is to be copied, with the button that does it. @param {string} text */
export function copied(text) {
  return h(
    "div",
    { class: "copied" },
    h("input", { readonly: true, value: text, "aria-label": TEXTS.toCopy }),
    h("button", { type: "button", class: "small", data: { act: "copy" } }, WORDS.copy),
  );
}
