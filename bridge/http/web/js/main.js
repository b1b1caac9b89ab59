/** The page: opens what the address and the token say, and draws what changed. */

import { Api, Unauthorized } from "./api.js";
import { $, setText } from "./dom.js";
import { itemOf } from "./log.js";
import { plain } from "./markdown.js";
import { PostOffice } from "./post.js";
import { OpenSession } from "./session.js";
import { label } from "./text.js";
import { putInAddress, sessionInAddress, takeFromAddress, token } from "./token.js";
import { announce } from "./view/announcer.js";
import { Composer } from "./view/composer.js";
import { hideGate, showGate } from "./view/gate.js";
import { drawHeader, placeName } from "./view/header.js";
import { LogView } from "./view/log.js";
import { speakerOf, spoken } from "./view/rows.js";
import { Sidebar } from "./view/sidebar.js";
import { WORDS } from "./words.js";

const LIST_MS = 60_000;
const BAR_AFTER_MS = 1_500;
const COUNTED = new Set(["said", "composed", "question", "pushed"]);

class Page {
  #drawing = false;
  #unread = 0;
  #barTimer = 0;
  sessions = [];
  /** @type {OpenSession | null} */
  open = null;

  constructor() {
    this.view = new LogView();
    this.composer = new Composer({
      say: (text, replyTo) => this.#say(text, replyTo),
      stop: () => this.#stop(),
      typing: () => this.open?.typing(),
    });
    this.sidebar = new Sidebar({
      open: (id) => this.show(id),
      create: (title) => this.#create(title),
      listen: () => this.#list(),
    });
    this.#wire();
  }

  // -- coming in ------------------------------------------------------------------------------

  async start() {
    this.#leave();
    if (!token()) return showGate("", () => this.start());
    this.api = new Api(token());
    try {
      this.me = await this.api.me();
      this.sessions = await this.api.sessions();
    } catch (error) {
      return this.#notIn(error);
    }
    await this.#comeIn();
  }

  async #comeIn() {
    this.post = this.#postOffice();
    await this.post.open();
    hideGate();
    this.sidebar.greet(this.me);
    const id = sessionInAddress() ?? this.sessions.find(({ archived }) => !archived)?.id;
    if (id) this.show(id, true);
    else await this.#create("");
  }

  #postOffice() {
    return new PostOffice(this.api, {
      taken: (session, entry, answer) => this.#isOpen(session)?.taken(entry, answer),
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
    this.#bar(WORDS.unreachable, "offline");
    setTimeout(() => this.start(), 3_000);
  }

  #leave() {
    this.open?.close();
    this.post?.close();
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
    this.view.open(this.open);
    this.composer.open(id);
    this.composer.focus();
    this.open.start();
    this.changed();
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

  async #list() {
    try {
      this.sessions = await this.api.sessions();
      this.changed();
    } catch (error) {
      if (error instanceof Unauthorized) this.#notIn(error);
    }
  }

  #connected() {
    this.#list();
    this.post?.adopt();
  }

  /** @param {Error} error */
  #over(error) {
    if (error instanceof Unauthorized) return this.#notIn(error);
    this.#bar(WORDS.lostSession, "lost");
  }

  // -- what is said ---------------------------------------------------------------------------

  #say(text, replyTo) {
    this.open?.say(text, replyTo);
    this.view.toEnd();
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
    const news = items.filter((item) => COUNTED.has(item.kind) && !(item.who && context.mine(item.who)));
    this.view.arrived(news.length);
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
    // A hidden page gets no animation frames, but its title is to be right.
    if (document.hidden) setTimeout(() => this.#draw(), 50);
    else requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawing = false;
    const { open } = this;
    if (!open) return;
    const context = this.#context();
    drawHeader(open, context);
    this.view.update(context, versionOf(open));
    this.composer.update(open.snapshot?.commands ?? [], open.state === "running");
    this.sidebar.update(this.sessions, open.id, open.title);
    this.sidebar.connection(open.connection);
    this.#drawTyping(context);
    this.#drawBar(open.connection);
    this.#drawTitle(open);
  }

  /** @returns {import("./view/rows.js").Context} */
  #context() {
    const { open, me } = this;
    const people = new Map(open.snapshot?.participants.map(({ id, name }) => [id, label(name)]));
    const places = new Map(open.snapshot?.places.map((place) => [place.id, placeName(place)]));
    return {
      me: me.participant,
      name: (id) => people.get(open.person(id ?? "")) || WORDS.someone,
      place: (id) => places.get(id ?? "") ?? WORDS.places[id ?? ""] ?? "",
      mine: (id) => open.person(id) === me.participant,
      offline: open.connection === "offline",
    };
  }

  #drawTyping(context) {
    const others = this.open.frame.typing.filter((id) => !context.mine(id)).map(context.name);
    setText($("#typing"), others.length ? WORDS.typing(others) : "");
  }

  /** @param {import("./types.js").Connection} state */
  #drawBar(state) {
    if (this.#barState === state) return;
    this.#barState = state;
    clearTimeout(this.#barTimer);
    if (state === "connected") return this.#bar("", state);
    if (state === "connecting") return;
    const text = state === "offline" ? WORDS.offlineBar : WORDS.reconnectingBar;
    this.#barTimer = setTimeout(() => this.#bar(text, state), state === "offline" ? 0 : BAR_AFTER_MS);
  }

  #barState = "";

  /** @param {string} text @param {string} state */
  #bar(text, state) {
    const bar = $("#bar");
    bar.hidden = !text;
    bar.dataset.state = state;
    setText(bar, text);
    if (text) announce([text]);
  }

  #drawTitle(open) {
    const count = this.#unread ? `(${this.#unread}) ` : "";
    document.title = `${count}${label(open.title) || WORDS.untitled} · ${WORDS.bridge}`;
  }

  // -- what the page hears --------------------------------------------------------------------

  #wire() {
    $("#log").addEventListener("click", (event) => this.#clicked(event));
    $("#log").addEventListener("submit", (event) => this.#answered(event));
    addEventListener("hashchange", () => this.#addressChanged());
    addEventListener("popstate", () => this.#addressChanged());
    addEventListener("online", () => this.post?.adopt());
    document.addEventListener("visibilitychange", () => this.#seen());
    setInterval(() => document.hidden || this.#list(), LIST_MS);
    setInterval(() => this.post?.adopt(), LIST_MS);
  }

  #addressChanged() {
    if (takeFromAddress()) this.start();
    else if (this.open && sessionInAddress()) this.show(sessionInAddress(), true);
  }

  #seen() {
    if (document.hidden) return;
    this.#unread = 0;
    this.changed();
  }

  /** @param {Event} event */
  #clicked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button[data-act]");
    const act = button && ACTS[button.dataset.act];
    if (act && this.open) act(this, button);
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
    const name = item.who && context.mine(item.who) ? WORDS.yourself : speakerOf(item, context);
    this.composer.quote({ seq, name, text: plain(item.text ?? "") });
  }
}

/** What changes how every row reads: who is who. */
function versionOf({ snapshot, connection }) {
  return JSON.stringify([snapshot?.participants, snapshot?.places, connection === "offline"]);
}

/** @type {Record<string, (page: Page, button: HTMLElement) => void>} */
const ACTS = {
  reply: (page, { dataset }) => page.quote(Number(dataset.of)),
  show: (page, { dataset }) => page.view.show(Number(dataset.of)),
  answer: (page, { dataset }) => {
    page.open.answer(dataset.question, dataset.answer);
    page.composer.focus();
  },
  press: (page, { dataset }) => page.open.say(dataset.say, null),
  dismiss: (page, { dataset }) => {
    page.open.dropNote(dataset.note);
    page.composer.focus();
  },
  copy: (_page, button) => copyCode(button),
};

/** @param {HTMLElement} button */
async function copyCode(button) {
  const text = button.closest(".code").querySelector("pre").textContent;
  await navigator.clipboard?.writeText(text.replace(/\n$/, ""));
  const word = button.lastChild;
  word.textContent = WORDS.copied;
  setTimeout(() => (word.textContent = WORDS.copy), 1_500);
}

takeFromAddress();
new Page().start();
