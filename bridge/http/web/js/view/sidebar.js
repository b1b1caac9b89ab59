/** The list of sessions, the way to a new one, and on a narrow screen the drawer they are in. */

import { $, h, icon, setText } from "../dom.js";
import { shared } from "../storage.js";
import { hue, initials, label, whenOf } from "../text.js";
import { WORDS } from "../words.js";
import { replaceIfChanged } from "./header.js";
import { MeForm } from "./me.js";

/**
 * @typedef {object} Choices
 * @property {(id: string) => void} open
 * @property {(title: string) => Promise<void>} create
 * @property {(me: {name?: string, language?: string}) => Promise<void>} change
 * @property {() => void} listen  the list is being looked at: read it again
 */

export class Sidebar {
  /** @param {Choices} choices */
  constructor(choices) {
    this.choices = choices;
    this.nav = $("#sidebar");
    this.list = $("#sessions");
    this.form = $("#new-form");
    this.me = new MeForm(choices.change);
    this.#wireDrawer();
    this.#wireNew();
    this.#wireTheme();
    this.list.addEventListener("click", (event) => this.#picked(event));
  }

  /** @param {{name: string, language: string, participant: string, may_begin: boolean}} me */
  greet({ name, language, participant, may_begin: mayBegin }) {
    $("#new-open").hidden = !mayBegin;
    setText($("#my-name"), label(name));
    this.me.known(name, language);
    setText($("#my-avatar"), initials(name));
    $("#my-avatar").dataset.hue = String(hue(participant));
  }

  /** @param {any[]} sessions @param {string} open @param {string} title  of the open one */
  update(sessions, open, title) {
    const shown = sessions.filter(({ id, archived }) => !archived || id === open);
    const names = shown.map((each) => (each.id === open && title ? { ...each, title } : each));
    replaceIfChanged(
      this.list,
      names.map((each) => row(each, each.id === open)),
    );
  }

  /** @param {import("../types.js").Connection} state */
  connection(state) {
    const node = $("#connection");
    node.dataset.state = state;
    setText(node, WORDS.connections[state]);
  }

  closeDrawer() {
    document.body.classList.remove("menu");
    $("#room").inert = false;
    $("#menu-open").setAttribute("aria-expanded", "false");
  }

  #openDrawer() {
    document.body.classList.add("menu");
    $("#room").inert = true;
    $("#menu-open").setAttribute("aria-expanded", "true");
    $("#menu-close").focus();
    this.choices.listen();
  }

  #leaveDrawer() {
    if (!document.body.classList.contains("menu")) return;
    this.closeDrawer();
    $("#menu-open").focus();
  }

  #wireDrawer() {
    $("#menu-open").append(icon("menu"));
    $("#menu-close").append(icon("close"));
    $("#menu-open").addEventListener("click", () => this.#openDrawer());
    $("#menu-close").addEventListener("click", () => this.#leaveDrawer());
    $("#app").addEventListener(
      "click",
      (event) => event.target === event.currentTarget && this.#leaveDrawer(),
    );
    addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && !$("dialog[open]")) this.#leaveDrawer();
    });
    matchMedia("(min-width: 761px)").addEventListener("change", () => this.closeDrawer());
  }

  #wireNew() {
    $("#new-open").prepend(icon("plus"));
    $("#new-open").addEventListener("click", () => this.#showForm(this.form.hidden));
    $("#new-cancel").addEventListener("click", () => this.#showForm(false));
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#showForm(false);
    });
    this.form.addEventListener("submit", (event) => this.#create(event));
  }

  /** @param {boolean} shown */
  #showForm(shown) {
    this.form.hidden = !shown;
    $("#new-open").setAttribute("aria-expanded", String(shown));
    (shown ? $("#new-title") : $("#new-open")).focus();
  }

  /** @param {SubmitEvent} event */
  async #create(event) {
    event.preventDefault();
    const title = $("#new-title").value.trim();
    await this.choices.create(title);
    $("#new-title").value = "";
    this.form.hidden = true;
    $("#new-open").setAttribute("aria-expanded", "false");
  }

  /** @param {any} event */
  #picked(event) {
    const link = event.target.closest("a[data-session]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.choices.open(link.dataset.session);
  }

  #wireTheme() {
    const button = $("#theme");
    button.append(icon("theme"));
    button.addEventListener("click", () => {
      const { dataset } = document.documentElement;
      const dark = dataset.theme
        ? dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      dataset.theme = dark ? "light" : "dark";
      shared.set("bridgehead.theme", dataset.theme);
    });
  }
}

/** @param {any} session @param {boolean} open */
function row({ id, title, touched_at: at }, open) {
  const props = {
    href: `#session=${encodeURIComponent(id)}`,
    "aria-current": open ? "page" : null,
    data: { session: id },
  };
  const when = at ? h("time", { datetime: at }, whenOf(at, new Date())) : null;
  return h("li", {}, h("a", props, h("bdi", {}, label(title) || WORDS.untitled), when));
}
