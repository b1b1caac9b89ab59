/**
 * The files that go out with the next message.
 *
 * Rules:
 * - A file goes up as soon as it is chosen; the message waits until all of its files are there.
 * - What failed stays, says why, and is tried again or removed: nothing goes out without it.
 * - Each session has its own. What is up already is still there after a reload; what is not has to
 *   be chosen again.
 */

import { Unauthorized, Unreachable } from "../api.js";
import { $, h, icon } from "../dom.js";
import { own } from "../storage.js";
import { label, sizeOf } from "../text.js";
import { WORDS } from "../words.js";
import { announce } from "./announcer.js";

const KEPT = "bridgehead.files.";
const MOST = 10;

/**
 * @typedef {import("../types.js").Attachment} Attachment
 *
 * @typedef {object} Chosen
 * @property {string} name
 * @property {number} size
 * @property {File | null} file  null after a reload
 * @property {Attachment | null} kept  once it is up
 * @property {string} why  it is not up; empty while it goes
 * @property {boolean} again  trying again may help
 * @property {AbortController} cut
 * @property {Promise<void>} done
 * @property {HTMLElement | null} node
 *
 * @typedef {(file: File, told: (part: number) => void, signal: AbortSignal) => Promise<Attachment>} Upload
 */

export class Tray {
  #session = "";
  /** @type {Map<string, Chosen[]>} */
  #all = new Map();
  maxBytes = Infinity;

  /**
   * @param {{list: HTMLElement, why: HTMLElement}} place
   * @param {{upload: Upload, unauthorized: (error: Error) => void, left: () => void}} desk
   */
  constructor(place, desk) {
    this.place = place;
    this.desk = desk;
  }

  /** @param {string} session */
  open(session) {
    this.#session = session;
    if (!this.#all.has(session)) this.#all.set(session, remembered(session));
    this.complain("");
    this.#draw();
  }

  get #files() {
    return this.#all.get(this.#session) ?? [];
  }

  get isEmpty() {
    return !this.#files.length;
  }

  get isUp() {
    return this.#files.every(({ kept }) => kept);
  }

  /** @returns {Attachment[]} */
  get attachments() {
    return this.#files.flatMap(({ kept }) => kept ?? []);
  }

  /** @param {Iterable<File>} files */
  add(files) {
    const fresh = [...files].map(chosenFrom);
    const taken = fresh.slice(0, Math.max(0, MOST - this.#files.length));
    this.complain(taken.length < fresh.length ? WORDS.tooManyFiles(MOST) : "");
    this.#files.push(...taken);
    this.#draw();
    for (const chosen of taken) this.#send(chosen, this.#session);
  }

  /** Wait until nothing is on its way; whether all of it arrived. */
  async up() {
    const files = this.#files;
    while (files.some(isGoing)) await Promise.all(files.filter(isGoing).map(({ done }) => done));
    return files.every(({ kept }) => kept);
  }

  clear() {
    this.#all.set(this.#session, []);
    this.complain("");
    this.#keep(this.#session);
    this.#draw();
  }

  /** Say why a message cannot go out as it is; nothing: take it away. @param {string} why */
  complain(why) {
    this.place.why.textContent = why;
    this.place.why.hidden = !why;
  }

  // -- going up -------------------------------------------------------------------------------

  /** @param {Chosen} chosen @param {string} session */
  #send(chosen, session) {
    const why = this.#refusal(chosen);
    Object.assign(chosen, { why, again: false });
    if (!why) chosen.done = this.#upload(chosen, session);
    else announce([WORDS.fileFailed(chosen.name, why)]);
    this.#redraw(chosen);
  }

  /** @param {Chosen} chosen */
  #refusal({ size }) {
    if (!size) return WORDS.emptyFile;
    return size > this.maxBytes ? WORDS.largeFile(sizeOf(this.maxBytes)) : "";
  }

  /** @param {Chosen} chosen @param {string} session */
  async #upload(chosen, session) {
    const { signal } = (chosen.cut = new AbortController());
    try {
      chosen.kept = await this.desk.upload(chosen.file, (part) => progress(chosen, part), signal);
      this.#keep(session);
      announce([WORDS.fileReady(chosen.name)]);
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(chosen, error);
    }
    this.#redraw(chosen);
  }

  /** @param {Chosen} chosen @param {Error} error */
  #failed(chosen, error) {
    if (error instanceof Unauthorized) this.desk.unauthorized(error);
    chosen.again = error instanceof Unreachable;
    chosen.why = error.message || WORDS.noConnection;
    announce([WORDS.fileFailed(chosen.name, chosen.why)]);
  }

  /** @param {Chosen} chosen */
  #again(chosen) {
    this.complain("");
    this.#send(chosen, this.#session);
    this.desk.left();
  }

  /** @param {Chosen} chosen */
  #remove(chosen) {
    chosen.cut.abort();
    chosen.node?.remove();
    const left = this.#files.filter((other) => other !== chosen);
    this.#files.splice(0, Infinity, ...left);
    this.complain("");
    this.#keep(this.#session);
    this.place.list.hidden = this.isEmpty;
    this.desk.left();
  }

  /** @param {string} session */
  #keep(session) {
    const kept = (this.#all.get(session) ?? []).flatMap((chosen) => chosen.kept ?? []);
    own.set(KEPT + session, JSON.stringify(kept));
  }

  // -- drawing --------------------------------------------------------------------------------

  #draw() {
    for (const chosen of this.#files) chosen.node ??= this.#chip(chosen);
    this.place.list.hidden = this.isEmpty;
    this.place.list.replaceChildren(...this.#files.map(({ node }) => node));
  }

  /** @param {Chosen} chosen */
  #redraw(chosen) {
    const old = chosen.node;
    const focused = old?.contains(document.activeElement) && document.activeElement.className;
    chosen.node = this.#chip(chosen);
    old?.replaceWith(chosen.node);
    if (focused) $(`.${focused}`, chosen.node)?.focus();
  }

  /** @param {Chosen} chosen */
  #chip(chosen) {
    const { name, size, why, again } = chosen;
    const state = why ? "failed" : chosen.kept ? "up" : "going";
    return h(
      "li",
      { class: "chosen", data: { state } },
      icon("file"),
      h("span", { class: "about-file" }, h("bdi", {}, name), h("span", {}, why || sizeOf(size))),
      state === "going" && h("progress", { max: 1, value: 0, "aria-label": WORDS.uploading(name) }),
      again && button("again", WORDS.tryAgain, WORDS.tryFileAgain(name), () => this.#again(chosen)),
      button("icon-button", icon("close"), WORDS.removeFile(name), () => this.#remove(chosen)),
    );
  }
}

/** @param {string} kind @param {Node | string} face @param {string} name @param {() => void} act */
const button = (kind, face, name, act) =>
  h("button", { type: "button", class: kind, "aria-label": name, on: { click: act } }, face);

/** @param {Chosen} chosen */
const isGoing = ({ kept, why }) => !kept && !why;

/** @param {File} file @returns {Chosen} */
const chosenFrom = (file) => ({
  name: label(file.name) || WORDS.kinds.file,
  size: file.size,
  file,
  kept: null,
  why: "",
  again: false,
  cut: new AbortController(),
  done: Promise.resolve(),
  node: null,
});

/** What was up before a reload. @param {string} session @returns {Chosen[]} */
function remembered(session) {
  try {
    /** @type {Attachment[]} */
    const kept = JSON.parse(own.get(KEPT + session) ?? "[]");
    return kept.map((file) => ({
      ...chosenFrom(new File([], file.name)),
      size: file.size,
      kept: file,
    }));
  } catch {
    return [];
  }
}

/** @param {Chosen} chosen @param {number} part */
function progress({ node }, part) {
  const bar = node?.querySelector("progress");
  if (bar) bar.value = part;
}
