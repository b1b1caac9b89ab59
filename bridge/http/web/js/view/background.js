/** What works in the background of a session: since when, what it used, and stopping it. */

import { Unauthorized } from "../api.js";
import { $, h, icon } from "../dom.js";
import { code } from "../language.js";
import { fullTimeOf, label, shortened } from "../text.js";
import { WORDS } from "../words.js";
import { replaceIfChanged } from "./header.js";
import { prose } from "./parts.js";

const SAYS = WORDS.background;
/** Characters of a task that are shown; and that name it where buttons are read out. */
const SHOWN = 300;
const NAMED = 60;

/** @typedef {import("../session.js").OpenSession} OpenSession */

export class BackgroundDialog {
  /** @type {OpenSession | null} */
  #session = null;
  /** @type {any[]} */
  #lines = [];
  #drawnAt = "";
  /** How often the lines were asked for: an answer that was overtaken is not shown. */
  #asking = 0;
  /** How often it was closed: what was asked for before is not shown any more. */
  #opening = 0;

  /** @param {(error: Error) => void} unauthorized */
  constructor(unauthorized) {
    this.unauthorized = unauthorized;
    this.dialog = $("#background");
    $("#background-close").append(icon("close"));
    $("#background-close").addEventListener("click", () => this.dialog.close());
    $("#background-open").addEventListener("click", () => this.#asked());
    this.dialog.addEventListener("close", () => this.#closed());
    this.dialog.addEventListener("click", (event) => this.#clicked(event));
  }

  /** @param {OpenSession} session  the page shows it from now on */
  open(session) {
    if (this.#session === session) return;
    this.close();
    this.#session = session;
    $("#background-open").disabled = false;
  }

  /** Whoever looks is no longer in the session: nothing of it is shown, and nothing of it asked. */
  close() {
    this.#session = null;
    this.#lines = [];
    this.#drawnAt = "";
    this.dialog.close();
    $("#background-list").replaceChildren();
    this.#said("");
    $("#background-open").disabled = true;
  }

  /** Something happened in the session: it may be about what works in its background. */
  update() {
    const { log, snapshot } = this.#session ?? {};
    const now = JSON.stringify([log?.seq, snapshot?.participants, code()]);
    if (!this.dialog.open || now === this.#drawnAt) return;
    this.#drawnAt = now;
    this.#load();
  }

  #asked() {
    if (!this.#session) return;
    $("#about").hidePopover();
    this.#said("");
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
    this.#load();
  }

  #closed() {
    this.#opening += 1;
    $("#who").focus();
  }

  async #load() {
    const asking = ++this.#asking;
    await this.#ask(
      ({ api, id }) => api.background(id),
      ({ background, may_stop: mayStop }) => {
        if (asking === this.#asking) this.#draw(background, mayStop);
      },
    );
  }

  /**
   * Ask something of the open session; what comes when it is another one by then, or when the
   * dialog was closed, is not shown.
   * @template T
   * @param {(session: OpenSession) => Promise<T>} deed @param {(answer: T) => void} then
   */
  async #ask(deed, then) {
    const [session, opening] = [this.#session, this.#opening];
    if (!session) return;
    const stays = () => session === this.#session && opening === this.#opening;
    try {
      const answer = await deed(session);
      if (stays()) then(answer);
    } catch (error) {
      if (!stays()) return;
      if (error instanceof Unauthorized) this.unauthorized(error);
      else this.#said(error.message || WORDS.unreachable, true);
    }
  }

  /** @param {string} text @param {boolean} [wrong] */
  #said(text, wrong = false) {
    const said = $("#background-said");
    said.classList.toggle("wrong", wrong);
    said.replaceChildren(...(text ? [prose(text)] : []));
  }

  /** @param {Event} event */
  async #clicked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const { act, of = "" } = button?.dataset ?? {};
    if (act !== "stop" || !this.#lines.some(({ id }) => id === of)) return;
    await this.#ask(
      ({ api, id }) => api.stopBackground(id, of),
      ({ text }) => this.#said(text),
    );
    await this.#load();
  }

  /** Draw; the keyboard stays where it was. @param {any[]} lines @param {boolean} mayStop */
  #draw(lines, mayStop) {
    const { act, of } = /** @type {HTMLElement} */ (document.activeElement).dataset;
    const people = this.#session.snapshot?.participants ?? [];
    const names = new Map(people.map(({ id, name }) => [id, label(name)]));
    this.#lines = lines;
    $("#background-none").hidden = lines.length > 0;
    replaceIfChanged(
      $("#background-list"),
      lines.map((line) => lineOf(line, names, mayStop)),
    );
    if (!act || document.activeElement?.closest("dialog")) return;
    ($(`[data-act="${act}"][data-of="${of}"]`, this.dialog) ?? $("#background-close")).focus();
  }
}

/** @param {any} line @param {Map<string, string>} names @param {boolean} mayStop */
function lineOf({ id, task, by, state, began, ended, used }, names, mayStop) {
  const about = [
    SAYS.states[state],
    ended ? SAYS.from(fullTimeOf(began), fullTimeOf(ended)) : SAYS.since(fullTimeOf(began)),
    SAYS.tokens(used.tokens),
    used.cost > 0 && SAYS.cost(used.cost.toFixed(2)),
    by !== null && SAYS.by(names.get(by) ?? WORDS.someone),
  ];
  const name = shortened(label(task), NAMED);
  return h(
    "li",
    { data: { state } },
    h(
      "span",
      { class: "about-one" },
      h("span", { dir: "auto" }, shortened(label(task), SHOWN)),
      h("small", {}, about.filter(Boolean).join(" · ")),
    ),
    ...(mayStop && !ended
      ? [
          h(
            "button",
            {
              type: "button",
              class: "small",
              "aria-label": WORDS.announced(SAYS.stop, name),
              data: { act: "stop", of: id },
            },
            SAYS.stop,
          ),
        ]
      : []),
  );
}
