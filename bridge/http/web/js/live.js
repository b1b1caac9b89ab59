/**
 * One connection that follows a session: the log, and what passes beside it.
 *
 * Rules:
 * - It begins with the last events, and goes on from the offset that they came with.
 * - The offset moves only with what was taken in; every reopening starts from it, so nothing is
 *   missed, and what comes twice is for the fold to pass over.
 * - The server ends each response after a minute; that is no failure and is not shown.
 * - Closing the connection cancels nothing: the agent works on.
 * - A proxy may hold back streams: where nothing comes through for a while, the log is polled for,
 *   and only previews and presence are missed.
 * - No byte for 35 s (the server sends one every 15 s) means a dead connection, whatever the
 *   browser believes; so does coming back from the background after more than 5 s.
 * - When the browser says that it is offline the bridge is asked anew: that may be wrong, and what
 *   still comes in may be the rest of what was on its way.
 */

import { Refused, Unauthorized } from "./api.js";
import { Gap } from "./log.js";
import { SseParser } from "./sse.js";

const BEGINNING = "-1";
const STALL_MS = 35_000;
const HIDDEN_MS = 5_000;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;
const GAPS_BEFORE_RELOAD = 3;
const FIRST_BYTE_MS = 10_000;
const SILENCES_BEFORE_POLLING = 2;

/**
 * @typedef {object} Listener
 * @property {(stretch: import("./types.js").Stretch) => void} begin  the end of the log, all anew
 * @property {(events: any[], caughtUp: boolean) => void} log  raises `Gap` when events are missing
 * @property {(frame: import("./types.js").Frame) => void} live
 * @property {(state: import("./types.js").Connection) => void} state
 * @property {() => void} reset  the offset is not valid any more: forget, it starts over
 * @property {(error: Error) => void} over  it cannot be followed; nothing more will come
 */

export class Follower {
  #offset = BEGINNING;
  #failures = 0;
  #gaps = 0;
  #silences = 0;
  #closed = false;
  #hiddenAt = 0;
  #response = new AbortController();
  #again = false;
  #wake = () => {};

  /** Where in the log this page stands; opaque. */
  get offset() {
    return this.#offset;
  }

  /** @param {import("./api.js").Api} api @param {string} session @param {Listener} listener */
  constructor(api, session, listener) {
    this.api = api;
    this.session = session;
    this.listener = listener;
    this.listening = new AbortController();
  }

  async start() {
    this.#watchThePage();
    this.listener.state("connecting");
    while (!this.#closed) {
      this.#again = false;
      try {
        if (this.#offset === BEGINNING) await this.#begin();
        if (this.#silences < SILENCES_BEFORE_POLLING) await this.#stream();
        else await this.#poll();
        if (!this.#closed) await this.#pause(Math.random() * 150);
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  close() {
    this.#closed = true;
    this.listening.abort();
    this.reopen();
  }

  /** Drop the connection, if any, and open it again at once. */
  reopen() {
    this.#again = true;
    this.#response.abort();
    this.#wake();
  }

  /** Read the end of the log. */
  async #begin() {
    const stretch = await this.api.events(this.session);
    if (this.#closed) return;
    this.listener.begin(stretch);
    this.#offset = stretch.offset;
  }

  async #stream() {
    if (this.#closed) return;
    this.#response = new AbortController();
    const { signal } = this.#response;
    const query = new URLSearchParams({ place: "web", offset: this.#offset });
    const path = `/v1/sessions/${encodeURIComponent(this.session)}/live?${query}`;
    const silence = this.#deadline(FIRST_BYTE_MS, () => (this.#silences += 1));
    try {
      const response = await this.api.open(path, {
        signal,
        headers: { Accept: "text/event-stream" },
      });
      await this.#readAll(response.body.getReader(), silence);
    } finally {
      clearTimeout(silence);
      this.#response.abort();
    }
  }

  /** Wait for one page of the log; it comes whole, so no proxy can hold it back. */
  async #poll() {
    this.#response = new AbortController();
    const deadline = this.#deadline(STALL_MS);
    const { signal } = this.#response;
    const how = { live: "long-poll" };
    const asked = this.api.page(this.session, this.#offset, how, signal);
    const page = await asked.finally(() => clearTimeout(deadline));
    this.#alive();
    this.listener.log(page.events, page.upToDate);
    this.#offset = page.offset;
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {number} silence */
  async #readAll(reader, silence) {
    const decoder = new TextDecoder();
    const parser = new SseParser();
    for (;;) {
      const stall = this.#deadline(STALL_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(stall));
      if (done) return;
      clearTimeout(silence);
      this.#silences = 0;
      this.#alive();
      for (const frame of parser.push(decoder.decode(value, { stream: true }))) this.#take(frame);
    }
  }

  /** Give the response up after a while. @param {number} ms @param {() => void} [and] */
  #deadline(ms, and = () => {}) {
    const response = this.#response;
    return setTimeout(() => {
      and();
      response.abort();
    }, ms);
  }

  #alive() {
    this.#failures = 0;
    this.listener.state("connected");
  }

  /** @param {import("./sse.js").SseFrame} frame */
  #take({ event, data }) {
    const body = JSON.parse(data);
    if (event === "data") this.listener.log(body, false);
    else if (event === "live") this.listener.live(body);
    else if (event === "control") this.#moved(body);
  }

  #moved({ streamNextOffset, upToDate }) {
    this.#gaps = 0;
    if (streamNextOffset) this.#offset = streamNextOffset;
    if (upToDate) this.listener.log([], true);
  }

  async #failed(error) {
    if (this.#closed) return;
    if (error instanceof Refused && error.status === 410) return this.#startOver();
    if (error instanceof Gap && (this.#gaps += 1) >= GAPS_BEFORE_RELOAD) return this.#startOver();
    if (error instanceof Unauthorized || error instanceof Refused) {
      this.close();
      this.listener.over(error);
      return;
    }
    if (this.#again) return;
    this.#failures += 1;
    this.listener.state(navigator.onLine ? "reconnecting" : "offline");
    await this.#pause(pauseAfter(this.#failures));
  }

  #startOver() {
    this.#gaps = 0;
    this.#offset = BEGINNING;
    this.listener.reset();
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  #watchThePage() {
    const { signal } = this.listening;
    addEventListener("online", () => this.reopen(), { signal });
    addEventListener("offline", () => this.#doubted(), { signal });
    document.addEventListener("visibilitychange", () => this.#seenAgain(), { signal });
  }

  #doubted() {
    this.listener.state("offline");
    this.#response.abort();
  }

  #seenAgain() {
    if (document.hidden) this.#hiddenAt = Date.now();
    else if (this.#hiddenAt && Date.now() - this.#hiddenAt > HIDDEN_MS) this.reopen();
  }
}

/** Half fixed, half chance: many clients do not come back in step. @param {number} failures */
export function pauseAfter(failures) {
  const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return most / 2 + (Math.random() * most) / 2;
}
