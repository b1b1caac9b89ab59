/** One session as this page has it open: what was read of it, and what is said to it. */

import { Unauthorized } from "./api.js";
import { askedIn, emptyLog, fold, logOf, personOf, refolded, stateOf } from "./log.js";
import { Follower } from "./live.js";
import { MediaShelf, namesOf } from "./media.js";

const TYPING_MS = 3_000;
/** Said again well before the bridge forgets it, after a minute. */
const LOOKING_MS = 25_000;
/** Not for each event of a burst. */
const LOOKED_MS = 500;
const REFRESH_MS = 250;
/** Events of one page of what came before. */
const EARLIER = 200;
/** The same, where something far above is looked for. */
const FAR_ABOVE = 1_000;
/** Events above what is read within which something that is pointed at is fetched. */
const REACH = 5_000;
/** @type {import("./types.js").Frame} */
const NOBODY = { previews: [], typing: [], present: [] };

/** @param {import("./types.js").Attachment[] | undefined} attachments */
const mediaOf = (attachments) => (attachments ?? []).map(({ media }) => media).join(" ");

/**
 * @typedef {import("./types.js").Entry} Entry
 *
 * @typedef {object} Watcher
 * @property {() => void} changed  something has to be drawn
 * @property {(items: import("./types.js").Item[]) => void} heard  what came in while it was open
 * @property {() => void} connected
 * @property {(error: Error) => void} over  it can no longer be followed
 */

export class OpenSession {
  log = emptyLog();
  caughtUp = false;
  /** There are events before those that were read. */
  more = false;
  /** What was read: the log is their fold. @type {Pick<import("./types.js").Stretch, "events" | "standing">} */
  #read = { events: [], standing: [] };
  /** @type {Promise<boolean> | null} */
  #reading = null;
  /** @type {import("./types.js").Snapshot | null} */
  snapshot = null;
  frame = NOBODY;
  /** @type {import("./types.js").Connection} */
  connection = "connecting";
  /** @type {import("./timeline.js").Note[]} */
  notes = [];
  /** Which seq is which entry of this page. @type {Map<number, string>} */
  aliases = new Map();
  /** Taken by the bridge, not yet seen in the log. @type {{entry: Entry, seq: number}[]} */
  #settling = [];
  #strangers = new Set();
  #refreshing = 0;
  #typedAt = 0;
  #looking = { timer: 0, soon: 0, visible: false };
  #view = `web-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;

  /**
   * @param {import("./api.js").Api} api @param {string} id
   * @param {{participant: string, name: string}} me
   * @param {import("./post.js").PostOffice} post @param {Watcher} watcher
   */
  constructor(api, id, me, post, watcher) {
    this.api = api;
    this.id = id;
    this.me = me;
    this.post = post;
    this.watcher = watcher;
    this.shelf = new MediaShelf(api, id);
    this.follower = new Follower(api, id, {
      begin: (stretch) => this.#begin(stretch),
      log: (events, caughtUp) => this.#took(events, caughtUp),
      live: (frame) => this.#saw(frame),
      state: (state) => this.#state(state),
      reset: () => this.#reset(),
      over: (error) => watcher.over(error),
    });
  }

  start() {
    this.refresh();
    this.follower.start();
    this.#looking.timer = setInterval(() => this.look(), LOOKING_MS);
  }

  close() {
    clearTimeout(this.#refreshing);
    clearInterval(this.#looking.timer);
    clearTimeout(this.#looking.soon);
    this.#say({ visible: false });
    this.follower.close();
    this.shelf.close();
  }

  get title() {
    return this.log.title ?? this.snapshot?.title ?? "";
  }

  get state() {
    if (this.log.archived || this.snapshot?.archived) return "archived";
    return this.caughtUp ? stateOf(this.log) : (this.snapshot?.state ?? "idle");
  }

  // -- what is said to it ---------------------------------------------------------------------

  /**
   * @param {string} text @param {number | null} replyTo
   * @param {import("./types.js").Attachment[]} attachments  which are up already
   * @param {boolean} [literal]  it is no command, whatever it looks like
   */
  say(text, replyTo, attachments, literal = false) {
    const body = { type: "message", text, place: "web" };
    if (replyTo !== null)
      Object.assign(body, { reply_to: replyTo, offset: this.follower.offset });
    if (literal) Object.assign(body, { literal });
    if (attachments.length) Object.assign(body, { attachments });
    this.post.send(this.id, body);
  }

  /** @param {string} question @param {string} answer */
  answer(question, answer) {
    const run = askedIn(this.log, question)?.run;
    this.post.send(this.id, { type: "answer", question, run, answer, place: "web" });
  }

  /** Not queued: a stop that arrives late would end another answer. */
  async stop() {
    const { reply } = await this.api.say(this.id, { type: "stop" });
    if (reply) this.note({ text: reply });
  }

  /** Say that something is being typed; at most once in three seconds goes out. */
  typing() {
    if (this.connection !== "connected" || Date.now() - this.#typedAt < TYPING_MS) return;
    this.#typedAt = Date.now();
    this.api.say(this.id, { type: "typing" }).catch(() => {});
  }

  /** Say that this page is visible and what it shows, or that it is not any more. */
  look() {
    const visible = !document.hidden && this.caughtUp && this.connection === "connected";
    this.#say(visible ? { visible, seen: this.log.seq } : { visible });
  }

  #lookSoon() {
    if (document.hidden || this.#looking.soon) return;
    this.#looking.soon = setTimeout(() => {
      this.#looking.soon = 0;
      this.look();
    }, LOOKED_MS);
  }

  /** What was not said is not looking: nothing is tried again. */
  #say({ visible, seen = 0 }) {
    if (!visible && !this.#looking.visible) return;
    this.#looking.visible = visible;
    const body = { type: "looking", view: this.#view, visible, seen };
    this.api.say(this.id, body).catch(() => {});
  }

  /** Show something to this reader alone. @param {Partial<import("./timeline.js").Note>} note */
  note(note) {
    const id = note.id ?? `note:${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
    const at = new Date().toISOString();
    const fresh = { asked: "", text: "", refused: false, buttons: [], at, ...note };
    this.notes = [...this.notes, { ...fresh, id, after: this.log.seq }];
    this.watcher.changed();
  }

  /** @param {string} id */
  dropNote(id) {
    this.notes = this.notes.filter((note) => note.id !== id);
    this.watcher.changed();
  }

  // -- what became of it ----------------------------------------------------------------------

  /** What was typed here and is not in the log yet. */
  pending() {
    const claimed = new Set(this.aliases.values());
    const settling = this.#settling.map(({ entry }) => entry);
    return [...settling, ...this.post.pending(this.id)].filter(({ id }) => !claimed.has(id));
  }

  /** @param {Entry} entry @param {import("./types.js").Answer} answer */
  taken(entry, { events, reply, buttons }) {
    if (events.length) this.#settle(entry, events[events.length - 1]);
    if (reply) this.note({ ...this.#noteOf(entry, events), text: reply, buttons });
    this.watcher.changed();
  }

  /** @param {Entry} entry @param {string} why */
  refused(entry, why) {
    this.note({ ...this.#noteOf(entry, []), text: why, refused: true });
  }

  /** A command's note takes the place of its pending row. */
  #noteOf({ id, body }, events) {
    const asked = body.text || namesOf(body.attachments);
    return { id: events.length ? undefined : id, asked };
  }

  /** @param {Entry} entry @param {number} seq */
  #settle(entry, seq) {
    for (const [other, id] of this.aliases)
      if (id === entry.id && other !== seq) this.aliases.delete(other);
    if (this.log.seq >= seq) this.aliases.set(seq, entry.id);
    else this.#settling.push({ entry, seq });
  }

  /**
   * Which event an entry became: null for none, undefined while that cannot be known.
   * @param {Entry} entry
   */
  find(entry) {
    if (!this.caughtUp || this.connection !== "connected") return undefined;
    if (this.more && this.log.first > (entry.base ?? 0) + 1) {
      this.earlier(FAR_ABOVE);
      return undefined;
    }
    const { items } = this.log;
    const same = items.find((item) => item.seq > (entry.base ?? 0) && this.#isOwn(item, entry));
    return same?.seq ?? null;
  }

  #isOwn(item, { body }) {
    return (
      item.kind === "said" &&
      body.type === "message" &&
      item.who === this.me.participant &&
      item.text === body.text &&
      mediaOf(item.attachments) === mediaOf(body.attachments)
    );
  }

  // -- what it says ---------------------------------------------------------------------------

  /** @param {import("./types.js").Stretch} stretch */
  #begin({ events, standing, more }) {
    this.log = logOf(standing, events);
    this.#read = { events, standing };
    this.more = more;
    this.#claim(this.log.items);
    this.#meet([...standing, ...events]);
    this.caughtUp = true;
    this.#lookSoon();
    this.watcher.changed();
  }

  /** Read a page of what came before; false: there is none, or it could not be had. */
  earlier(limit = EARLIER) {
    this.#reading ??= this.#before(limit).finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #before(limit) {
    const { first } = this.log;
    if (!this.more) return false;
    try {
      const { events, standing, more } = await this.api.events(this.id, { before: first, limit });
      if (this.log.first !== first) return false;
      this.#prepend(events, standing);
      this.more = more;
    } catch (error) {
      if (error instanceof Unauthorized) this.watcher.over(error);
      return false;
    }
    this.watcher.changed();
    return true;
  }

  #prepend(events, standing) {
    const from = events[0]?.seq ?? this.log.first;
    const known = new Set(standing.map(({ seq }) => seq));
    const kept = this.#read.standing.filter(({ seq }) => seq < from && !known.has(seq));
    const all = [...standing, ...kept].sort((a, b) => a.seq - b.seq);
    this.#read = { events: [...events, ...this.#read.events], standing: all };
    this.log = refolded(this.log, all, this.#read.events);
    this.#meet([...standing, ...events]);
  }

  /** The first event that can be fetched to be shown. */
  get reach() {
    return this.more ? this.log.first - REACH : this.log.first;
  }

  /** Read what is above, up to an event. @param {number} seq */
  async readUpTo(seq) {
    if (seq < this.reach) return;
    while (this.log.first > seq && (await this.earlier(FAR_ABOVE)));
  }

  /** @param {import("./types.js").Event[]} events @param {boolean} caughtUp */
  #took(events, caughtUp) {
    const { seq } = this.log;
    this.log = fold(this.log, events);
    this.#read.events.push(...events.filter((event) => event.seq > seq));
    const fresh = this.log.seq > seq ? this.#since(seq) : [];
    this.#claim(fresh);
    this.#meet(events);
    if (this.caughtUp && fresh.length) this.watcher.heard(fresh);
    this.caughtUp ||= caughtUp;
    if (this.caughtUp && (fresh.length || caughtUp)) this.#lookSoon();
    if (fresh.length || caughtUp || this.log.seq > seq) this.watcher.changed();
  }

  #since(seq) {
    const { items } = this.log;
    let at = items.length;
    while (at > 0 && items[at - 1].seq > seq) at -= 1;
    return items.slice(at);
  }

  /**
   * The event may come before the answer to its post: it is taken for the entry in flight that
   * says the same; the answer, when it comes, has the last word.
   */
  #claim(items) {
    for (const item of items) {
      const settled = this.#settling.find(({ seq }) => seq === item.seq)?.entry;
      const entry =
        settled ?? this.pending().find((one) => one.base !== null && this.#isOwn(item, one));
      if (entry) this.aliases.set(item.seq, entry.id);
    }
    this.#settling = this.#settling.filter(({ seq }) => seq > this.log.seq);
  }

  /** Ask again who is who when someone or some place is new. */
  #meet(events) {
    const known = new Set(this.snapshot?.participants.map(({ id }) => id));
    for (const place of this.snapshot?.places ?? []) known.add(place.id);
    const ids = events.flatMap(({ participant, conversation }) => [participant, conversation]);
    const strangers = ids.filter((id) => id && !known.has(id) && !this.#strangers.has(id));
    for (const id of strangers) this.#strangers.add(id);
    const moved =
      this.caughtUp && events.some(({ type }) => /^(participant|role|conversation)_/.test(type));
    if (strangers.length || moved) this.#refreshSoon();
  }

  #refreshSoon() {
    clearTimeout(this.#refreshing);
    this.#refreshing = setTimeout(() => this.refresh(), REFRESH_MS);
  }

  async refresh() {
    try {
      this.snapshot = await this.api.session(this.id);
      this.watcher.changed();
    } catch (error) {
      if (error instanceof Unauthorized) this.watcher.over(error);
    }
  }

  /** @param {import("./types.js").Frame} frame */
  #saw(frame) {
    this.frame = { ...NOBODY, ...frame };
    this.watcher.changed();
  }

  /** @param {import("./types.js").Connection} state */
  #state(state) {
    if (state === this.connection) return;
    this.connection = state;
    if (state !== "connected") this.frame = { ...this.frame, typing: [], present: [] };
    else this.#connected();
    this.watcher.changed();
  }

  #connected() {
    if (!this.snapshot) this.refresh();
    this.watcher.connected();
  }

  #reset() {
    this.log = emptyLog();
    this.#read = { events: [], standing: [] };
    this.more = false;
    this.caughtUp = false;
    this.aliases = new Map();
    this.watcher.changed();
  }

  /** @param {string} id */
  person = (id) => personOf(this.log, id);
}
