/** Where one writes: the text, its files, the commands, what is quoted, send and stop. */

import { $, h, icon, setText } from "../dom.js";
import { own } from "../storage.js";
import { label, shortened } from "../text.js";
import { WORDS } from "../words.js";
import { CommandList } from "./commands.js";
import { takeFiles } from "./intake.js";
import { Tray } from "./tray.js";

const DRAFT = "bridgehead.draft.";
const COMMAND = /^\/[a-z]\w*(\s|$)/i;

/**
 * @typedef {import("../types.js").Attachment} Attachment
 *
 * @typedef {object} Desk
 * @property {(text: string, replyTo: number | null, attachments: Attachment[]) => void} say
 * @property {import("./tray.js").Upload} upload
 * @property {(error: Error) => void} unauthorized
 * @property {() => void} stop
 * @property {() => void} typing
 */

export class Composer {
  #session = "";
  #isHeld = false;
  /** @type {{seq: number, name: string, text: string} | null} */
  #quoted = null;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.text = $("#text");
    this.quoting = $("#quoting");
    this.stopButton = $("#stop");
    this.tray = new Tray(
      { list: $("#tray"), why: $("#tray-why") },
      {
        upload: (file, told, signal) => desk.upload(file, told, signal),
        unauthorized: (error) => desk.unauthorized(error),
        left: () => this.text.focus(),
      },
    );
    const ways = { room: $("#room"), button: $("#attach"), input: $("#files"), text: this.text };
    takeFiles(ways, (files) => this.#add(files));
    this.commands = new CommandList($("#commands"), this.text, () => this.#changed());
    $("#send").append(icon("send"));
    this.stopButton.append(icon("stop"));
    this.stopButton.addEventListener("click", () => desk.stop());
    // The button does not take the focus: on a touch screen the keyboard would go.
    $("#send").addEventListener("pointerdown", (event) => event.preventDefault());
    $("#composer").addEventListener("submit", (event) => this.#submitted(event));
    this.text.addEventListener("keydown", (event) => this.#pressed(event));
    this.text.addEventListener("input", () => this.#typed());
  }

  /** @param {string} session */
  open(session) {
    this.#session = session;
    this.text.value = own.get(DRAFT + session) ?? "";
    this.quote(null);
    this.#hold(false);
    this.tray.open(session);
    this.#changed();
  }

  /** @param {Iterable<File>} files */
  #add(files) {
    if (this.#isHeld || this.text.disabled) return;
    this.tray.add(files);
    this.focus();
  }

  /** @param {import("../types.js").Command[]} commands @param {boolean} running */
  update(commands, running) {
    this.commands.offer(commands);
    if (running === !this.stopButton.hidden) return;
    const focused = document.activeElement === this.stopButton;
    this.stopButton.hidden = !running;
    if (focused) this.focus();
  }

  /** Let one write, or say why one may not. @param {string} why */
  permit(why) {
    setText($("#only-reads"), why);
    if (this.text.disabled === Boolean(why)) return;
    for (const each of [this.text, $("#send"), $("#attach")]) each.disabled = Boolean(why);
    $("#composer").hidden = Boolean(why);
    $("#keys").hidden = Boolean(why);
    $("#only-reads").hidden = !why;
  }

  /** Not on touch screens, where a keyboard would cover half of what one came to read. */
  focus() {
    if (!matchMedia("(hover: none)").matches) this.text.focus();
  }

  /** Answer a message. @param {{seq: number, name: string, text: string} | null} quoted */
  quote(quoted) {
    this.#quoted = quoted;
    this.quoting.hidden = !quoted;
    this.quoting.replaceChildren(...(quoted ? this.#quoteParts(quoted) : []));
    if (quoted) this.text.focus();
  }

  #quoteParts({ name, text }) {
    const drop = h(
      "button",
      { type: "button", class: "icon-button", "aria-label": WORDS.dropReply },
      icon("close"),
    );
    drop.addEventListener("click", () => {
      this.quote(null);
      this.text.focus();
    });
    const shown = h("span", { dir: "auto" }, shortened(text, 120));
    return [icon("reply"), h("bdi", { class: "name" }, WORDS.answering(label(name))), shown, drop];
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || this.commands.pressed(event)) return;
    if (event.key === "Escape" && this.#isHeld) this.#hold(false);
    else if (event.key === "Escape" && this.#quoted) this.quote(null);
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.#send();
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    this.#send();
  }

  async #send() {
    const text = this.text.value.trim();
    if (this.#isHeld || (!text && this.tray.isEmpty)) return;
    if (!this.tray.isEmpty && COMMAND.test(text))
      return this.tray.complain(WORDS.noFilesInCommand);
    if (this.tray.isUp || (await this.#isAllUp())) this.#sendNow(text);
  }

  /** Wait for the files, for as long as this session stays open. */
  async #isAllUp() {
    const session = this.#session;
    this.#hold(true);
    const isUp = await this.tray.up();
    if (session !== this.#session || !this.#isHeld) return false;
    this.#hold(false);
    if (!isUp) this.tray.complain(WORDS.filesMissing);
    return isUp;
  }

  /** While its files go up a message stays as it is. @param {boolean} isHeld */
  #hold(isHeld) {
    this.#isHeld = isHeld;
    this.text.readOnly = isHeld;
    $("#composer").setAttribute("aria-busy", String(isHeld));
    this.tray.complain(isHeld ? WORDS.filesComing : "");
  }

  /** @param {string} text */
  #sendNow(text) {
    const { attachments } = this.tray;
    if (!text && !attachments.length) return;
    const replyTo = this.#quoted?.seq ?? null;
    this.text.value = "";
    this.quote(null);
    this.tray.clear();
    this.#changed();
    this.desk.say(text, replyTo, attachments);
  }

  #typed() {
    this.#changed();
    if (this.text.value.trim() && !this.text.value.startsWith("/")) this.desk.typing();
  }

  #changed() {
    own.set(DRAFT + this.#session, this.text.value);
    this.commands.match();
    this.#grow();
  }

  /** For browsers without `field-sizing`. */
  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }
}
