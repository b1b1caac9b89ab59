/**
 * The dialogs, from outside: what opens them. They are read once one of them is opened, with their
 * markup, their look and their texts, and kept.
 */

import { $, h } from "../dom.js";
import { more } from "../language.js";
import { WORDS } from "../words.js";
import { said } from "./static.js";

const NAMES = ["people", "schedules", "background", "questions", "deliveries", "hooks"];
/** Those for whoever runs the bridge. */
const OPERATORS = ["deliveries", "hooks"];
const MARKUP = "/web/dialogs.html";
const LOOK = "/web/css/dialogs.css";

export class Dialogs {
  /** @type {import("../session.js").OpenSession | null} */
  #session = null;
  /** @type {Promise<Record<string, import("../dialogs/list_dialog.js").ListDialog>> | null} */
  #reading = null;
  /** @type {Record<string, import("../dialogs/list_dialog.js").ListDialog>} */
  #made = {};

  /** @param {import("../dialogs/list_dialog.js").Around} around */
  constructor(around) {
    this.around = around;
    for (const name of NAMES)
      opener(name).addEventListener("click", () => this.#asked(name));
  }

  /** Offer what somebody may open. @param {{operates?: boolean}} me */
  permit({ operates }) {
    for (const name of OPERATORS) opener(name).hidden = !operates;
  }

  /** @param {import("../session.js").OpenSession} session  the page shows it from now on */
  enter(session) {
    this.#session = session;
    for (const name of NAMES) opener(name).disabled = false;
    for (const each of Object.values(this.#made)) each.enter(session);
  }

  leave() {
    this.#session = null;
    for (const name of NAMES) opener(name).disabled = true;
    for (const each of Object.values(this.#made)) each.leave();
  }

  update() {
    for (const each of Object.values(this.#made)) each.update();
  }

  /** @param {string} name */
  async #asked(name) {
    const session = this.#session;
    try {
      await this.#read();
    } catch {
      session?.note({ text: WORDS.unreachable, refused: true });
      return;
    }
    if (!session || session !== this.#session || document.querySelector("dialog[open]")) return;
    $("#about").hidePopover();
    await this.#made[name].open(opener(name));
    this.around.opened(name);
  }

  /** Read them, once; what failed is read again the next time. */
  async #read() {
    this.#reading ??= read(this.around);
    try {
      this.#made = await this.#reading;
    } catch (error) {
      this.#reading = null;
      throw error;
    }
    if (this.#session) for (const each of Object.values(this.#made)) each.enter(this.#session);
  }
}

const opener = (name) => $(`#${name}-open`);

/** @param {import("../dialogs/list_dialog.js").Around} around */
async function read(around) {
  const [{ DIALOGS }, markup] = await Promise.all([
    import("../dialogs/all.js"),
    markupOf(MARKUP),
    look(LOOK),
    more(),
  ]);
  said(markup);
  $("#app").append(...markup.children);
  return Object.fromEntries(DIALOGS.map(([name, Dialog]) => [name, new Dialog(name, around)]));
}

/** @param {string} path */
async function markupOf(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html").body;
}

/** @param {string} href */
function look(href) {
  return new Promise((resolve, reject) => {
    const link = h("link", { rel: "stylesheet", href });
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => reject(new Error(href)));
    document.head.append(link);
  });
}
