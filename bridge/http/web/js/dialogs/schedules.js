/** The schedules of a session: what is planned, by whom and for when; planned anew, and changed. */

import { Refused } from "../api.js";
import { $, setText } from "../dom.js";
import { fullTimeOf, label } from "../text.js";
import { prose } from "../view/parts.js";
import { ListDialog, inBrief, inFull, line, press } from "./list_dialog.js";
import { TEXTS } from "./words.js";

const SAYS = TEXTS.schedules;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export class SchedulesDialog extends ListDialog {
  /** @type {any[]} */
  #lines = [];
  /** Which one is being changed; null: another one is planned. @type {any} */
  #changing = null;
  /** What is sent twice, since an answer was lost, is planned once. */
  #key = "";

  acts = {
    change: (of) => this.#edit(this.#line(of)),
    rest: (of) => this.#rest(this.#line(of)),
    run: (of) => this.do((api, id) => api.runSchedule(id, of)),
    remove: (of) =>
      confirm(SAYS.sureToRemove(briefOf(this.#line(of)))) &&
      this.do((api, id) => api.removeSchedule(id, of)),
    cancel: () => this.#back(),
  };

  /** @param {string} name @param {import("./list_dialog.js").Around} around */
  constructor(name, around) {
    super(name, around);
    this.form = $("#schedules-add");
    this.fields = /** @type {any} */ (this.form.elements);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#changing) this.#change(this.#changing);
      else this.#add();
    });
    this.form.addEventListener("input", () => (this.#key = ""));
  }

  read = ({ api, id }) => api.schedules(id);

  draw({ schedules, may_set: maySet }) {
    this.#lines = schedules;
    this.form.hidden = !maySet;
    this.list(
      "#schedules-list",
      schedules.map((each) => this.#drawn(each)),
    );
    this.#name();
  }

  leave() {
    super.leave();
    this.#lines = [];
    this.#key = "";
    this.form.reset();
  }

  clear() {
    this.#calm();
    if (this.#changing) this.#edit(null);
  }

  // -- what is done ---------------------------------------------------------------------------

  #line = (of) => this.#lines.find(({ id }) => id === of);

  #rest({ id: of, paused }) {
    return this.do(
      (api, id) => api.changeSchedule(id, of, { paused: !paused }),
      (now) => this.say(rested(now)),
    );
  }

  #add() {
    const { when, text, action } = this.fields;
    this.#key ||= crypto.getRandomValues(new Uint32Array(4)).join("-");
    const wanted = { when: when.value, text: text.value, action: action.value, key: this.#key };
    this.#calm();
    return this.do(
      (api, id) => api.schedule(id, { ...wanted, zone: ZONE }),
      (made) => {
        this.#key = "";
        this.form.reset();
        this.say(understood(made));
        when.focus();
      },
      (error) => this.#wrong(error),
    );
  }

  #change(old) {
    const wanted = this.#changed(old);
    this.#calm();
    if (!Object.keys(wanted).length) return this.#back();
    return this.do(
      (api, id) => api.changeSchedule(id, old.id, wanted),
      (made) => {
        this.#back();
        this.say(understood(made));
      },
      (error) => this.#wrong(error),
    );
  }

  /** Return what is to be another than before. */
  #changed(old) {
    const { when, text, action, until, late } = this.fields;
    return {
      ...(when.value.trim() && { when: when.value, zone: ZONE }),
      ...(text.value !== old.text && { text: text.value }),
      ...(action.value !== old.action && { action: action.value }),
      ...(late.value !== old.late && { late: late.value }),
      ...(until.value !== localOf(old.until) && {
        until: until.value ? new Date(until.value).toISOString() : null,
      }),
    };
  }

  /** Offer a schedule to be changed; null: another one to be planned. */
  #edit(line) {
    const { when, text, action, until, late } = this.fields;
    this.#calm();
    this.#changing = line;
    this.form.reset();
    when.required = !line;
    $("#schedules-more").hidden = $("[data-act=cancel]", this.form).hidden = !line;
    this.#name();
    if (!line) return;
    [text.value, action.value, late.value] = [line.text, line.action, line.late];
    until.value = localOf(line.until);
    text.focus();
  }

  /** The keyboard goes back to where it came from. */
  #back() {
    const { id } = this.#changing;
    this.#edit(null);
    ($(`[data-act=change][data-of="${CSS.escape(id)}"]`, this.dialog) ?? this.closer).focus();
  }

  /** Say what the form is for. */
  #name() {
    const line = this.#changing;
    setText($("#schedules-add-title"), line ? SAYS.changing(briefOf(line)) : SAYS.planAnother);
    setText($("[type=submit]", this.form), line ? SAYS.save : SAYS.plan);
    setText($("#schedule-kept"), line ? SAYS.kept(whenOf(line)) : "");
  }

  /** Say beside the field why something cannot be planned. @param {Error} error */
  #wrong(error) {
    if (!(error instanceof Refused)) return this.failed(error);
    const why = $("#schedule-why");
    why.hidden = false;
    why.replaceChildren(prose(error.message));
    this.fields.when.setAttribute("aria-invalid", "true");
    this.fields.when.focus();
  }

  #calm() {
    $("#schedule-why").hidden = true;
    $("#schedule-why").replaceChildren();
    this.fields.when.removeAttribute("aria-invalid");
    this.say("");
  }

  // -- drawing --------------------------------------------------------------------------------

  #drawn(each) {
    const { id, action, by, paused, next, until, times, late, may_change: mayChange } = each;
    const about = [
      whenOf(each),
      paused ? SAYS.paused : next && SAYS.next(fullTimeOf(next)),
      until && SAYS.until(fullTimeOf(until)),
      times !== null && SAYS.times(times),
      late !== "once" && SAYS.late[late],
      by === null ? SAYS.byBridge : SAYS.by(this.nameOf(by)),
    ];
    const acts = [
      ["rest", paused ? SAYS.resume : SAYS.pause],
      ["run", SAYS.run],
      ["change", SAYS.change],
      ["remove", SAYS.remove],
    ];
    return line(
      SAYS.doing({ action, text: inFull(each.text) }),
      about,
      mayChange ? acts.map(([act, name]) => press(act, id, name, briefOf(each))) : [],
      { paused },
    );
  }
}

const briefOf = ({ text }) => inBrief(text);

const whenOf = ({ when }) => label(when.replaceAll("`", ""));

const understood = (each) =>
  each.next
    ? SAYS.understood(whenOf(each), fullTimeOf(each.next))
    : SAYS.planned(whenOf(each));

const rested = (each) =>
  each.next ? SAYS.goesOn(briefOf(each), fullTimeOf(each.next)) : SAYS.isPaused(briefOf(each));

/** Return a time as a field for one has it: on the clock of whoever looks. @param {string | null} at */
function localOf(at) {
  if (!at) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
