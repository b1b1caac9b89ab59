/** The list of commands that opens on "/": arrows choose, Tab or Enter complete, Escape closes. */

import { h } from "../dom.js";
import { label } from "../text.js";

export class CommandList {
  /** @type {import("../types.js").Command[]} */
  #all = [];
  /** @type {import("../types.js").Command[]} */
  #shown = [];
  #at = 0;
  #dismissed = "";

  /** @param {HTMLElement} list @param {HTMLTextAreaElement} text @param {() => void} changed */
  constructor(list, text, changed) {
    this.list = list;
    this.text = text;
    this.changed = changed;
    list.addEventListener("pointerdown", (event) => this.#clicked(event));
    text.addEventListener("blur", () => this.#show([]));
  }

  /** @param {import("../types.js").Command[]} commands */
  offer(commands) {
    this.#all = commands;
  }

  /** Show what fits the text, if it is the beginning of a command; a whole one (/mode) is meant. */
  match() {
    const start = /^\/(\S*)$/.exec(this.text.value)?.[1]?.toLowerCase();
    const whole = this.#all.some(({ name }) => name === start);
    const open = start !== undefined && !whole && this.text.value !== this.#dismissed;
    if (this.text.value !== this.#dismissed) this.#dismissed = "";
    this.#at = 0;
    this.#show(
      open ? this.#all.filter(({ name }) => name.startsWith(start)) : [],
    );
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  pressed(event) {
    if (!this.#shown.length) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      this.#move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey))
      this.#complete(this.#shown[this.#at]);
    else if (event.key === "Escape") this.#dismiss();
    else return false;
    event.preventDefault();
    return true;
  }

  #dismiss() {
    this.#dismissed = this.text.value;
    this.#show([]);
  }

  #move(by) {
    this.#at = (this.#at + by + this.#shown.length) % this.#shown.length;
    this.#show(this.#shown);
  }

  #complete({ name }) {
    this.text.value = `/${name} `;
    this.changed();
  }

  /** @param {PointerEvent} event */
  #clicked(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
    event.preventDefault();
    if (row) this.#complete(this.#shown[[...this.list.children].indexOf(row)]);
  }

  /** @param {import("../types.js").Command[]} commands */
  #show(commands) {
    this.#shown = commands;
    this.list.hidden = !commands.length;
    this.list.replaceChildren(...commands.map((command, at) => this.#option(command, at)));
    this.list.children[this.#at]?.scrollIntoView({ block: "nearest" });
    if (commands.length) this.text.setAttribute("aria-activedescendant", `command-${this.#at}`);
    else this.text.removeAttribute("aria-activedescendant");
  }

  #option({ name, text }, at) {
    const selected = String(at === this.#at);
    return h(
      "li",
      { id: `command-${at}`, role: "option", "aria-selected": selected },
      h("code", {}, `/${label(name)}`),
      h("span", {}, label(text)),
    );
  }
}
