/** The schedules of a session: what is planned, by whom and for when; and what is planned anew. */

import { Refused, Unauthorized } from "../api.js";
import { $, h, icon } from "../dom.js";
import { code } from "../language.js";
import { fullTimeOf, label, shortened } from "../text.js";
import { WORDS } from "../words.js";
import { replaceIfChanged } from "./header.js";
import { prose } from "./parts.js";

const SAYS = WORDS.schedules;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** Characters of what is planned that are shown; and that name it where buttons are read out. */
const SHOWN = 300;
const NAMED = 60;

/** @typedef {import("../session.js").OpenSession} OpenSession */

export class SchedulesDialog {
  /** @type {OpenSession | null} */
  #session = null;
  /** @type {any[]} */
  #lines = [];
  #drawnAt = "";
  /** How often the lines were asked for: an answer that was overtaken is not shown. */
  #asking = 0;
  /** How often it was closed: what was asked for before is not shown any more. */
  #opening = 0;
  /** What is sent twice, since an answer was lost, is planned once. */
  #key = "";

  /** @param {(error: Error) => void} unauthorized */
  constructor(unauthorized) {
    this.unauthorized = unauthorized;
    this.dialog = $("#schedules");
    this.form = $("#schedules-add");
    $("#schedules-close").append(icon("close"));
    $("#schedules-close").addEventListener("click", () => this.dialog.close());
    $("#schedules-open").addEventListener("click", () => this.#asked());
    this.dialog.addEventListener("close", () => this.#closed());
    this.dialog.addEventListener("click", (event) => this.#clicked(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    this.form.addEventListener("input", () => (this.#key = ""));
  }

  /** @param {OpenSession} session  the page shows it from now on */
  open(session) {
    if (this.#session === session) return;
    this.close();
    this.#session = session;
    $("#schedules-open").disabled = false;
  }

  /** Whoever looks is no longer in the session: nothing of it is shown, and nothing of it asked. */
  close() {
    this.#session = null;
    this.#lines = [];
    this.#drawnAt = this.#key = "";
    this.dialog.close();
    this.form.reset();
    this.form.hidden = true;
    $("#schedules-list").replaceChildren();
    this.#clear();
    $("#schedules-open").disabled = true;
  }

  /** Something happened in the session: it may be about what is planned. */
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
    this.#clear();
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
    this.#load();
  }

  #closed() {
    this.#opening += 1;
    $("#who").focus();
  }

  // -- asking the bridge ----------------------------------------------------------------------

  async #load() {
    const asking = ++this.#asking;
    await this.#ask(
      ({ api, id }) => api.schedules(id),
      ({ schedules, may_set: maySet }) => {
        if (asking === this.#asking) this.#draw(schedules, maySet);
      },
    );
  }

  /**
   * Ask something of the open session; what comes when it is another one by then, or when the
   * dialog was closed, is not shown.
   * @template T
   * @param {(session: OpenSession) => Promise<T>} deed @param {(answer: T) => void} then
   * @param {(error: Error) => void} [failed]
   */
  async #ask(deed, then, failed = (error) => this.#said(error.message || WORDS.unreachable, true)) {
    const [session, opening] = [this.#session, this.#opening];
    if (!session) return;
    const stays = () => session === this.#session && opening === this.#opening;
    try {
      const answer = await deed(session);
      if (stays()) then(answer);
    } catch (error) {
      if (!stays()) return;
      if (error instanceof Unauthorized) this.unauthorized(error);
      else failed(error);
    }
  }

  /**
   * Do something, and show how things are then.
   * @param {(api: import("../api.js").Api, id: string) => Promise<any>} deed
   * @param {(answer: any) => string} say  what became of it
   */
  async #do(deed, say = ({ text }) => text) {
    await this.#ask(
      ({ api, id }) => deed(api, id),
      (answer) => this.#said(say(answer)),
    );
    await this.#load();
  }

  async #add() {
    const { when, text, action } = /** @type {any} */ (this.form.elements);
    this.#key ||= crypto.getRandomValues(new Uint32Array(4)).join("-");
    const wanted = { when: when.value, text: text.value, action: action.value, key: this.#key };
    this.#clear();
    await this.#ask(
      ({ api, id }) => api.schedule(id, { ...wanted, zone: ZONE }),
      (made) => {
        this.#key = "";
        this.form.reset();
        this.#said(understood(made));
        when.focus();
      },
      (error) => this.#wrong(error),
    );
    await this.#load();
  }

  /** Say beside the field why something cannot be planned. @param {Error} error */
  #wrong(error) {
    if (!(error instanceof Refused)) return this.#said(error.message || WORDS.unreachable, true);
    const why = $("#schedule-why");
    why.hidden = false;
    why.replaceChildren(prose(error.message));
    const { when } = /** @type {any} */ (this.form.elements);
    when.setAttribute("aria-invalid", "true");
    when.focus();
  }

  #clear() {
    $("#schedule-why").hidden = true;
    $("#schedule-why").replaceChildren();
    $("#schedule-when").removeAttribute("aria-invalid");
    this.#said("");
  }

  /** @param {string} text @param {boolean} [wrong] */
  #said(text, wrong = false) {
    const said = $("#schedules-said");
    said.classList.toggle("wrong", wrong);
    said.replaceChildren(...(text ? [prose(text)] : []));
  }

  // -- what is pressed, and drawn -------------------------------------------------------------

  /** @param {Event} event */
  #clicked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const { act, of = "" } = button?.dataset ?? {};
    const line = this.#lines.find(({ id }) => id === of);
    if (!act || !line) return;
    const acts = {
      rest: () => this.#do((api, id) => api.pauseSchedule(id, of, !line.paused), rested),
      run: () => this.#do((api, id) => api.runSchedule(id, of)),
      remove: () =>
        confirm(SAYS.sureToRemove(nameOf(line))) &&
        this.#do((api, id) => api.removeSchedule(id, of)),
    };
    acts[act]?.();
  }

  /** Draw; the keyboard stays where it was. @param {any[]} lines @param {boolean} maySet */
  #draw(lines, maySet) {
    const { act, of } = /** @type {HTMLElement} */ (document.activeElement).dataset;
    const people = this.#session.snapshot?.participants ?? [];
    const names = new Map(people.map(({ id, name }) => [id, label(name)]));
    this.#lines = lines;
    $("#schedules-none").hidden = lines.length > 0;
    this.form.hidden = !maySet;
    replaceIfChanged(
      $("#schedules-list"),
      lines.map((line) => lineOf(line, names)),
    );
    if (!act || document.activeElement?.closest("dialog")) return;
    ($(`[data-act="${act}"][data-of="${of}"]`, this.dialog) ?? $("#schedules-close")).focus();
  }
}

/** What a schedule is called where there is little room. */
const nameOf = ({ text }) => shortened(label(text), NAMED);

const whenOf = ({ when }) => label(when.replaceAll("`", ""));

const understood = (line) =>
  line.next
    ? SAYS.understood(whenOf(line), fullTimeOf(line.next))
    : SAYS.planned(whenOf(line));

const rested = (line) =>
  line.next ? SAYS.goesOn(nameOf(line), fullTimeOf(line.next)) : SAYS.isPaused(nameOf(line));

/** @param {any} line @param {Map<string, string>} names */
function lineOf(line, names) {
  const { id, action, by, paused, next, until, times, may_change: mayChange } = line;
  const about = [
    whenOf(line),
    paused ? SAYS.paused : next && SAYS.next(fullTimeOf(next)),
    until && SAYS.until(fullTimeOf(until)),
    times !== null && SAYS.times(times),
    by === null ? SAYS.byBridge : SAYS.by(names.get(by) ?? WORDS.someone),
  ];
  const text = shortened(label(line.text), SHOWN);
  const press = (/** @type {string} */ act, /** @type {string} */ name) =>
    h(
      "button",
      {
        type: "button",
        class: "small",
        "aria-label": WORDS.announced(name, nameOf(line)),
        data: { act, of: id },
      },
      name,
    );
  return h(
    "li",
    { data: { paused } },
    h(
      "span",
      { class: "about-one" },
      h("span", { dir: "auto" }, SAYS.doing({ action, text })),
      h("small", {}, about.filter(Boolean).join(" · ")),
    ),
    ...(mayChange
      ? [
          press("rest", paused ? SAYS.resume : SAYS.pause),
          press("run", SAYS.run),
          press("remove", SAYS.remove),
        ]
      : []),
  );
}
