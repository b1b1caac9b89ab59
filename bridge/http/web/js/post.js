/** All outboxes of this page: this tab's, and those of closed tabs until they are empty. */

import { Outbox, emptyQueue } from "./outbox.js";
import { adoptClosedTabs, claimTab, forgetTab, keepQueues, loadQueues } from "./tab.js";

/**
 * @typedef {import("./types.js").Entry} Entry
 *
 * @typedef {object} Mail  what a page does with what became of its entries
 * @property {(session: string, entry: Entry, answer: any) => void} taken
 * @property {(session: string, entry: Entry, why: string) => void} refused
 * @property {(session: string) => number} base
 * @property {(session: string, entry: Entry) => number | null | undefined} find
 * @property {(error: Error) => void} unauthorized
 * @property {() => void} changed
 */

export class PostOffice {
  /** Outboxes by producer, then by session. @type {Map<string, Map<string, Outbox>>} */
  #boxes = new Map();
  #own = "";
  #count = 0;

  /** @param {import("./api.js").Api} api @param {string} person @param {Mail} mail */
  constructor(api, person, mail) {
    this.api = api;
    this.person = person;
    this.mail = mail;
  }

  async open() {
    this.#own = await claimTab(this.person);
    this.#load(this.#own);
    await this.adopt();
  }

  /** Take over what closed tabs left, and send everything. */
  async adopt() {
    for (const id of await adoptClosedTabs(this.person, this.#own)) this.#load(id);
    this.flush();
  }

  flush() {
    for (const [id, boxes] of this.#boxes) {
      for (const box of boxes.values()) box.flush();
      this.#forgetIfDone(id);
    }
  }

  /** @param {string} session @param {Record<string, any>} body @returns {Entry} */
  send(session, body) {
    const id = `${this.#own}.${Date.now().toString(36)}.${(this.#count += 1)}`;
    const entry = { id, at: new Date().toISOString(), base: null, body };
    this.#box(this.#own, session).add(entry);
    this.mail.changed();
    return entry;
  }

  /** What is still to be sent to a session, the oldest tab's first. @param {string} session */
  pending(session) {
    const boxes = [...this.#boxes.values()].map((each) => each.get(session));
    return boxes.flatMap((box) => box?.queue.entries ?? []);
  }

  close() {
    for (const boxes of this.#boxes.values()) for (const box of boxes.values()) box.close();
  }

  /** @param {string} id */
  #load(id) {
    this.#boxes.set(id, new Map());
    for (const [session, queue] of Object.entries(loadQueues(this.person, id)))
      this.#box(id, session, queue);
    this.#forgetIfDone(id);
  }

  /** @param {string} id @param {string} session @returns {Outbox} */
  #box(id, session, queue = emptyQueue()) {
    const boxes = this.#boxes.get(id) ?? new Map();
    const box = boxes.get(session) ?? new Outbox(queue, this.#outside(id, session));
    boxes.set(session, box);
    return box;
  }

  /** @returns {import("./outbox.js").Outside} */
  #outside(id, session) {
    const { api, mail } = this;
    return {
      post: (body, number) => api.say(session, body, { id, ...number }),
      keep: () => this.#keep(id),
      base: () => mail.base(session),
      find: (entry) => mail.find(session, entry),
      taken: (entry, answer) => mail.taken(session, entry, answer),
      refused: (entry, why) => mail.refused(session, entry, why),
      unauthorized: (error) => mail.unauthorized(error),
    };
  }

  /** @param {string} id */
  #keep(id) {
    const queues = [...this.#queues(id)].map(([session, box]) => [session, box.queue]);
    keepQueues(this.person, id, Object.fromEntries(queues));
    this.#forgetIfDone(id);
    this.mail.changed();
  }

  #queues = (id) => this.#boxes.get(id) ?? new Map();

  /** A closed tab's id is over once nothing is left under it. @param {string} id */
  #forgetIfDone(id) {
    if (id === this.#own) return;
    if ([...this.#queues(id).values()].some((box) => box.queue.entries.length)) return;
    this.#boxes.delete(id);
    forgetTab(this.person, id);
  }
}
