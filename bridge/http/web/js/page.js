/** The page: who is in, which session is open, what is said to it. */

import { Api, Unauthorized } from "./api.js";
import { ACTS } from "./acts.js";
import { $ } from "./dom.js";
import { speak, speakAsBefore } from "./language.js";
import { itemOf, questionsOf } from "./log.js";
import { PostOffice } from "./post.js";
import { OpenSession } from "./session.js";
import {
  dropInvitation,
  invitation,
  invitationTaken,
  keepToken,
  putInAddress,
  sessionInAddress,
  takeEvent,
  takeFromAddress,
  token,
} from "./token.js";
import { announce } from "./view/announcer.js";
import { Composer } from "./view/composer.js";
import { Dialogs } from "./view/dialogs.js";
import { hideGate, showGate, showInvitation } from "./view/gate.js";
import { Screen, contextOf } from "./view/screen.js";
import { Sidebar } from "./view/sidebar.js";
import { gist, speakerOf, spoken } from "./view/spoken.js";
import { sayStatic } from "./view/static.js";
import { WORDS } from "./words.js";

/** Where browsers can be told something while the page is closed: of use to few visits. */
const CAN_PUSH = "serviceWorker" in navigator && "Notification" in window;
const LIST_MS = 60_000;
/** How long the page waits for its texts before it is shown in English until they are there. */
const WORDS_MS = 3_000;
const DRAWN_AFTER_MS = 150;
/** Of a growing text, drawing takes a fifth of the time at most: the rest is the reader's. */
const REST = 5;
const COUNTED = new Set(["said", "composed", "question", "pushed"]);

const later = () => new Promise((resolve) => setTimeout(resolve, WORDS_MS));

export class Page {
  #drawing = false;
  #restUntil = 0;
  #unread = 0;
  /** An event that is to be shown once it is read. @type {{session: string | undefined, seq: number, question?: string} | null} */
  #target = null;
  /** @type {Promise<import("./push.js").Push> | null} */
  #push = null;
  sessions = [];
  /** @type {OpenSession | null} */
  open = null;

  constructor() {
    this.composer = new Composer({
      say: (text, replyTo, attachments) => this.say(text, replyTo, attachments),
      upload: (file, told, signal) => this.api.upload(file, told, signal),
      unauthorized: (error) => this.#notIn(error),
      stop: () => this.#stop(),
      typing: () => this.open?.typing(),
    });
    this.sidebar = new Sidebar({
      open: (id) => this.show(id),
      create: (title) => this.#create(title),
      change: (me) => this.#change(me),
      listen: () => this.#list(),
    });
    this.screen = new Screen(this.composer, this.sidebar);
    this.dialogs = new Dialogs({
      unauthorized: (error) => this.#notIn(error),
      go: (session, seq, question) => this.#go(session, seq, question),
      opened: (name) => {
        if (name === "people" && CAN_PUSH) this.#pushed((push) => push.draw());
      },
    });
    this.#wire();
  }

  // -- coming in ------------------------------------------------------------------------------

  async start() {
    this.#leave();
    const saying = Promise.race([this.#say(speakAsBefore()), later()]);
    if (invitation() || !token()) await saying;
    if (invitation()) return this.#invited("");
    if (!token()) return showGate("", () => this.start());
    this.api = new Api(token());
    try {
      this.me = await this.api.me();
      this.sessions = await this.api.sessions();
    } catch (error) {
      await saying;
      return this.#notIn(error);
    }
    await Promise.race([this.#say(speak(this.me.language)), later()]);
    await this.#comeIn();
  }

  /** Say everything in the language of the page, once it is another one. @param {Promise<boolean>} changing */
  async #say(changing) {
    if (!(await changing)) return;
    sayStatic();
    this.screen.speak();
    this.changed();
  }

  /** @param {string} problem */
  #invited(problem) {
    const drop = () => {
      dropInvitation();
      this.start();
    };
    showInvitation(problem, (name) => this.#join(name), drop);
  }

  /** @param {string} name */
  async #join(name) {
    const { code, token } = invitation();
    try {
      const { session } = await new Api(token).signIn(code, name);
      keepToken(token);
      invitationTaken();
      putInAddress(session, true);
    } catch (error) {
      return this.#invited(error.message || WORDS.unreachable);
    }
    this.start();
  }

  async #comeIn() {
    this.post = this.#postOffice();
    await this.post.open();
    hideGate();
    this.dialogs.permit(this.me);
    this.sidebar.greet(this.me);
    this.sidebar.me.greet(this.me.name);
    this.composer.tray.maxBytes = this.me.max_file_bytes;
    const seq = takeEvent();
    const first = this.sessions.find(({ archived }) => !archived)?.id;
    const named = this.sessions.find(({ id }) => id === sessionInAddress())?.id;
    if (seq) this.#target = { session: named ?? first, seq };
    if (named ?? first) this.show(named ?? first, true);
    else if (this.me.may_begin) await this.#create("");
    else this.screen.bar(WORDS.lostSession, "lost");
  }

  #postOffice() {
    return new PostOffice(this.api, this.me.participant, {
      taken: (session, entry, answer) => {
        this.#isOpen(session)?.taken(entry, answer);
        if (answer.reply) this.#renew();
      },
      refused: (session, entry, why) => this.#isOpen(session)?.refused(entry, why),
      base: (session) => this.#isOpen(session)?.log.seq ?? 0,
      find: (session, entry) => this.#isOpen(session)?.find(entry),
      unauthorized: (error) => this.#notIn(error),
      changed: () => this.changed(),
    });
  }

  #isOpen = (session) => (this.open?.id === session ? this.open : null);

  /** @param {Error} error */
  #notIn(error) {
    if (error instanceof Unauthorized) {
      this.#leave();
      return showGate(WORDS.refusedToken, () => this.start());
    }
    hideGate();
    this.screen.bar(WORDS.unreachable, "offline");
    setTimeout(() => this.start(), 3_000);
  }

  #leave() {
    this.open?.close();
    this.post?.close();
    this.dialogs.leave();
    this.open = null;
  }

  // -- sessions -------------------------------------------------------------------------------

  /** @param {string} id @param {boolean} [replace] */
  show(id, replace = false) {
    this.sidebar.closeDrawer();
    if (this.open?.id === id) return this.composer.focus();
    this.open?.close();
    putInAddress(id, replace);
    this.open = new OpenSession(this.api, id, this.me, this.post, {
      changed: () => this.changed(),
      heard: (items) => this.#heard(items),
      connected: () => this.#connected(),
      over: (error) => this.#over(error),
    });
    this.screen.open(this.open);
    this.dialogs.enter(this.open);
    this.open.start();
    if (CAN_PUSH && Notification.permission === "granted") this.#pushed((push) => push.opened());
    this.changed();
  }

  /** What notifications take is read when they may be of use. @param {(push: import("./push.js").Push) => void} use */
  async #pushed(use) {
    this.#push ??= import("./push.js").then(({ Push }) => new Push(this));
    try {
      use(await this.#push);
    } catch {
      this.#push = null; // it could not be read: another time
    }
  }

  /** @param {string} title */
  async #create(title) {
    try {
      const made = await this.api.create(title);
      this.show(made.id);
      await this.#list();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @param {{name?: string, language?: string}} change */
  async #change(change) {
    await this.#called(await this.api.changeMe(change));
  }

  /** @param {{participant: string, name: string, language: string}} me */
  async #called(me) {
    this.me = { ...this.me, ...me };
    this.sidebar.greet(this.me);
    await this.#say(speak(me.language));
    await this.open?.refresh();
    this.changed();
  }

  /** A command may have begun a session, or named one, or a person; so may people elsewhere. */
  async #renew() {
    try {
      const me = await this.api.me();
      const isNew = me.name !== this.me.name || me.language !== this.me.language;
      if (isNew) await this.#called(me);
    } catch (error) {
      return this.#failedQuietly(error);
    }
    await this.#list();
  }

  async #list() {
    try {
      this.sessions = await this.api.sessions();
      this.changed();
    } catch (error) {
      this.#failedQuietly(error);
    }
  }

  /** What is asked again later needs no words. @param {Error} error */
  #failedQuietly(error) {
    if (error instanceof Unauthorized) this.#notIn(error);
  }

  #connected() {
    this.#list();
    this.post?.adopt();
  }

  /** @param {Error} error */
  #over(error) {
    if (error instanceof Unauthorized) return this.#notIn(error);
    this.dialogs.leave();
    this.screen.bar(WORDS.lostSession, "lost");
  }

  // -- what is said ---------------------------------------------------------------------------

  /**
   * @param {string} text @param {number | null} replyTo
   * @param {import("./types.js").Attachment[]} [attachments]
   */
  say(text, replyTo, attachments = []) {
    this.open?.say(text, replyTo, attachments);
    this.screen.log.toEnd();
  }

  /** Say what a button of something pushed says. @param {string} text @param {number} of */
  echo(text, of) {
    this.open?.say(text, of, [], true);
    this.screen.log.toEnd();
  }

  async #stop() {
    await this.open?.stop().catch(() => this.open?.note({ text: WORDS.stopFailed, refused: true }));
  }

  /** @param {Error} error */
  #failed(error) {
    if (error instanceof Unauthorized) this.#notIn(error);
    else this.open?.note({ text: error.message || WORDS.unreachable, refused: true });
  }

  /** @param {import("./types.js").Item[]} items */
  #heard(items) {
    this.#announce(items);
    const context = this.#context();
    const news = items.filter(
      (item) => COUNTED.has(item.kind) && !(item.who && context.mine(item.who)),
    );
    this.screen.log.arrived(news.length);
    if (CAN_PUSH && items.some(({ kind }) => kind === "composed"))
      this.#pushed((push) => push.answered());
    if (document.hidden) this.#unread += news.length;
  }

  /** Say who it was, too: someone who has just come has to be asked for first. */
  async #announce(items) {
    const { open } = this;
    const isNew = items.some(({ who }) => who && this.#context().name(who) === WORDS.someone);
    if (isNew) await open.refresh();
    if (open !== this.open) return;
    const context = this.#context();
    announce(items.map((item) => spoken(item, context)));
  }

  // -- drawing --------------------------------------------------------------------------------

  /** Draw soon; however much changes until then is drawn once. */
  changed() {
    if (this.#drawing) return;
    this.#drawing = true;
    const wait = this.#restUntil - performance.now();
    if (wait > 0) setTimeout(() => this.#drawSoon(), wait);
    else this.#drawSoon();
  }

  /** A hidden page gets no animation frames, but its title is to be right. */
  #drawSoon() {
    requestAnimationFrame(() => this.#draw());
    setTimeout(() => this.#draw(), DRAWN_AFTER_MS);
  }

  #draw() {
    if (!this.#drawing) return;
    this.#drawing = false;
    const { open, screen, sessions } = this;
    const began = performance.now();
    if (open) screen.draw(open, this.#context(), sessions, this.#unread);
    this.dialogs.update();
    const target = this.#target;
    if (target && target.session === open?.id && open?.caughtUp) {
      this.#target = null;
      this.#point(target);
    }
    this.#restUntil = began + REST * (performance.now() - began);
  }

  #context = () => contextOf(this.open, this.me);

  // -- what the page hears --------------------------------------------------------------------

  #wire() {
    for (const box of [$("#log"), $("#asked")]) {
      box.addEventListener("click", (event) => this.#clicked(event));
      box.addEventListener("submit", (event) => this.#answered(event));
    }
    $("#state").addEventListener("click", () => this.#toQuestion());
    addEventListener("hashchange", () => this.#addressChanged());
    addEventListener("popstate", () => this.#addressChanged());
    addEventListener("online", () => this.post?.adopt());
    document.addEventListener("visibilitychange", () => this.#seen());
    document.addEventListener("visibilitychange", () => this.open?.look());
    setInterval(() => document.hidden || this.#renew(), LIST_MS);
    setInterval(() => this.post?.adopt(), LIST_MS);
  }

  #addressChanged() {
    if (takeFromAddress()) return this.start();
    const seq = takeEvent();
    const session = sessionInAddress() || this.open?.id;
    if (seq) this.#target = { session, seq };
    if (this.open && sessionInAddress()) this.show(sessionInAddress(), true);
    if (seq) this.changed();
  }

  #seen() {
    if (document.hidden) return;
    this.#unread = 0;
    this.#push?.then((push) => push.seen());
    this.changed();
  }

  /** @param {Event} event */
  #clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = /** @type {HTMLElement} */ (target.closest("button[data-act]"));
    const act = button && ACTS[button.dataset.act];
    if (act && this.open) act(this, button);
  }

  /** Bring the question that was asked last into sight, and the keyboard to it. */
  #toQuestion() {
    const asked = this.open && questionsOf(this.open.log).at(-1);
    if (asked) this.#point(asked);
  }

  /** @param {{question?: string, seq: number}} asked */
  #point({ question, seq }) {
    if (question && this.open.log.asked.has(question)) this.screen.asked.show(seq);
    else this.screen.log.show(seq, true);
  }

  /** Show a question of a session, as soon as that is read. */
  #go(session, seq, question) {
    this.show(session);
    this.#target = { session, seq, question };
    this.changed();
  }

  /** @param {SubmitEvent} event */
  #answered(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const answer = String(new FormData(form).get("answer") ?? "").trim();
    if (answer) this.open?.answer(form.dataset.question, answer);
    this.composer.focus();
  }

  /** @param {number} seq */
  quote(seq) {
    const item = itemOf(this.open.log, seq);
    if (!item) return;
    const context = this.#context();
    const name = item.who && context.mine(item.who) ? "" : speakerOf(item, context);
    this.composer.quote({ seq, name, text: gist(item) });
  }
}
