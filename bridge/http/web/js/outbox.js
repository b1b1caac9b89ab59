/**
 * What was typed here and not yet taken by the bridge: sent in order, each exactly once.
 *
 * Rules:
 * - An entry gets its number (epoch, seq) by its place in the queue, one at a time, and the queue
 *   is kept before it is sent: after a crash the same entry goes out under the same number, and the
 *   bridge answers a repeat as it did the first time.
 * - A refused entry has used its number up. Any other final "no" leaves the number uncertain, so
 *   the queue goes on in a new epoch, which starts at 0.
 * - A gap (409) means the entry was not taken: it is sent again in a new epoch.
 * - A fence (403 with `Producer-Epoch`) means someone else went on under this id. An entry never
 *   tried before was surely not taken; one that was tried is looked for in the log first.
 */

import { Refused, Unauthorized, Unreachable } from "./api.js";
import { pauseAfter } from "./live.js";

const NEW_EPOCHS_IN_A_ROW = 5;

/**
 * @typedef {import("./types.js").Entry} Entry
 * @typedef {{epoch: number, next: number, entries: Entry[]}} Queue
 *
 * @typedef {object} Outside
 * @property {(body: object, number: {epoch: number, seq: number}) => Promise<any>} post
 * @property {() => void} keep  store the queue; called before and after every attempt
 * @property {() => number} base  the last seq of the log as it is known here
 * @property {(entry: Entry) => number | null | undefined} find  which event an entry became,
 *   null for none, undefined while that cannot be known
 * @property {(entry: Entry, answer: any) => void} taken
 * @property {(entry: Entry, why: string) => void} refused
 * @property {(error: Error) => void} unauthorized
 */

/** @returns {Queue} */
export const emptyQueue = () => ({ epoch: 0, next: 0, entries: [] });

export class Outbox {
  #sending = false;
  #failures = 0;
  #renewals = 0;
  #timer = 0;
  #closed = false;

  /** @param {Queue} queue @param {Outside} outside */
  constructor(queue, outside) {
    this.queue = queue;
    this.outside = outside;
  }

  /** @param {Entry} entry */
  add(entry) {
    this.queue.entries.push(entry);
    this.outside.keep();
    this.flush();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Send what is there; called again and again, it sends once. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.queue.entries.length && !this.#closed && (await this.#sendFirst()));
    } finally {
      this.#sending = false;
    }
  }

  /** @returns {Promise<boolean>} whether to go on */
  async #sendFirst() {
    const [entry] = this.queue.entries;
    const { epoch, next } = this.queue;
    const tried = entry.base !== null;
    entry.base ??= this.outside.base();
    this.outside.keep();
    try {
      const answer = await this.outside.post(entry.body, { epoch, seq: next });
      this.#used(entry);
      this.outside.taken(entry, answer);
      return true;
    } catch (error) {
      return this.#failed(error, entry, tried);
    }
  }

  /** The entry is dealt with and its number used. @param {Entry} entry */
  #used(entry) {
    this.#failures = 0;
    this.#renewals = 0;
    this.queue.next += 1;
    this.#drop(entry);
  }

  /** @param {Entry} entry */
  #drop(entry) {
    this.queue.entries = this.queue.entries.filter((other) => other !== entry);
    this.outside.keep();
  }

  /** @param {Error} error @param {Entry} entry @param {boolean} tried */
  #failed(error, entry, tried) {
    if (error instanceof Unreachable) return this.#later(error.after);
    if (error instanceof Unauthorized) return this.#unauthorized(error);
    if (!(error instanceof Refused)) throw error;
    const fence = error.status === 403 ? error.headers.get("Producer-Epoch") : null;
    if (fence !== null) return this.#fenced(entry, tried, Number(fence));
    const isGap = error.headers.has("Producer-Expected-Seq");
    if (isGap) return this.#renew(entry, this.queue.epoch);
    if (error.status === 403) this.#used(entry);
    else this.#giveUp(entry);
    this.outside.refused(entry, error.message);
    return true;
  }

  /** @param {Error} error */
  #unauthorized(error) {
    this.outside.unauthorized(error);
    return false;
  }

  /** @param {Entry} entry */
  #giveUp(entry) {
    this.#drop(entry);
    this.#startEpoch(this.queue.epoch + 1);
  }

  /** @param {Entry} entry @param {boolean} tried @param {number} epoch */
  #fenced(entry, tried, epoch) {
    const seq = tried ? this.outside.find(entry) : null;
    if (seq === undefined) return this.#later(null);
    if (seq === null) return this.#renew(entry, epoch);
    this.#drop(entry);
    this.#startEpoch(epoch + 1);
    this.outside.taken(entry, { events: [seq], reply: null });
    return true;
  }

  /** The entry was surely not taken: it goes out again, in an epoch of its own. */
  #renew(entry, epoch) {
    this.#renewals += 1;
    if (this.#renewals > NEW_EPOCHS_IN_A_ROW) return this.#later(null);
    entry.base = null;
    this.#startEpoch(epoch + 1);
    return true;
  }

  /** @param {number} epoch */
  #startEpoch(epoch) {
    Object.assign(this.queue, { epoch, next: 0 });
    this.outside.keep();
  }

  /** @param {number | null} after in ms */
  #later(after) {
    this.#failures += 1;
    this.#timer = setTimeout(() => this.flush(), after ?? pauseAfter(this.#failures));
    return false;
  }
}
