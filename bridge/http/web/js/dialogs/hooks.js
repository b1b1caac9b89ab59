/** The hooks of the bridge: where each is called, what came of it, and making one. */

import { $, h, setText } from "../dom.js";
import { fullTimeOf, label } from "../text.js";
import { WORDS } from "../words.js";
import { ListDialog, copied, copy, inFull, line, press } from "./list_dialog.js";
import { TEXTS } from "./words.js";

const SAYS = TEXTS.hooks;

export class HooksDialog extends ListDialog {
  /** Whose calls are shown. */
  #shown = "";
  /** @type {Promise<any[]> | null} */
  #sessions = null;

  every = 5_000;

  acts = {
    calls: (of) => this.#show(of),
    pause: (of) => this.#turn(of, false),
    resume: (of) => this.#turn(of, true),
    remove: (of) =>
      confirm(SAYS.sureToRemove(of)) &&
      this.do((api) => api.removeHook(of), () => this.say(SAYS.removed(of))),
    replay: (of) => this.#replay(of),
    copy: (_of, button) => copy(button),
  };

  /** @param {string} name @param {import("./list_dialog.js").Around} around */
  constructor(name, around) {
    super(name, around);
    this.form = $("#hooks-add");
    this.fields = /** @type {any} */ (this.form.elements);
    this.made = $(".made", this.form);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  clear() {
    this.#shown = "";
    this.#sessions = null;
    this.made.replaceChildren();
    $("#hooks-calls").hidden = true;
  }

  leave() {
    super.leave();
    this.form.reset();
  }

  async read({ api, id }) {
    this.#sessions ??= api.sessions();
    const [book, sessions] = await Promise.all([api.hooks(), this.#sessions]);
    const shown = book.hooks.find(({ name }) => name === this.#shown)?.name;
    const calls = shown ? (await api.hookCalls(shown)).calls : null;
    return { ...book, sessions, calls, id };
  }

  draw({ hooks, ways, templates, sessions, calls, id }) {
    const titles = new Map(sessions.map((each) => [each.id, label(each.title) || WORDS.untitled]));
    this.list(
      "#hooks-list",
      hooks.map((hook) => hookLine(hook, titles.get(hook.session) ?? hook.session)),
    );
    const { session, verify, template } = this.fields;
    this.form.hidden = false;
    offer(session, [...titles], id);
    offer(verify, ways.map((each) => [each, each]), ways[0]);
    offer(template, [["", SAYS.usual], ...templates.map((each) => [each, each])], "");
    $("#hooks-calls").hidden = !calls;
    if (!calls) return;
    setText($("#hooks-calls-title"), SAYS.callsOf(this.#shown));
    this.list("#hooks-calls-list", calls.toReversed().map(callLine));
  }

  /** @param {string} of */
  async #show(of) {
    this.#shown = this.#shown === of ? "" : of;
    await this.load();
    if (this.#shown) $("#hooks-calls").scrollIntoView({ block: "nearest" });
  }

  #turn(of, on) {
    return this.do(
      (api) => api.turnHook(of, on),
      () => this.say(on ? SAYS.isOn(of) : SAYS.isOff(of)),
    );
  }

  #replay(of) {
    return this.do(
      (api) => api.replayCall(this.#shown, Number(of)),
      ({ outcome, why }) =>
        this.say(SAYS.replayed(SAYS.outcomes[outcome] ?? outcome, label(why)), outcome === "failed"),
    );
  }

  #add() {
    const { name, session, verify, template, does, ask, secret } = this.fields;
    const wanted = {
      name: name.value.trim(),
      session: session.value,
      verify: verify.value,
      as: does.value,
      ...(template.value && { template: template.value }),
      ...(ask.value.trim() && { ask: ask.value.trim() }),
      ...(secret.value && { secret: secret.value }),
    };
    this.made.replaceChildren();
    return this.do(
      (api) => api.addHook(wanted),
      (made) => {
        this.form.reset();
        this.made.replaceChildren(...shownOnce(made));
        this.made.querySelector("input").focus();
        this.say("");
      },
    );
  }
}

/** Offer choices; what was chosen stays. @param {any} select @param {[string, string][]} choices @param {string} first */
function offer(select, choices, first) {
  const now = JSON.stringify(choices);
  if (select.dataset.offered === now) return;
  select.dataset.offered = now;
  const chosen = select.value || first;
  const option = ([value, text]) => h("option", { value, selected: value === chosen }, text);
  select.replaceChildren(...choices.map(option));
}

/** @param {any} hook @param {string} session  its title */
function hookLine(hook, session) {
  const { name, url, path, enabled, verify, does, template, events, configured, last } = hook;
  const about = [
    enabled ? SAYS.on : SAYS.off,
    SAYS.proves(verify),
    SAYS.does[does],
    session,
    SAYS.template(template),
    events.length > 0 && SAYS.events(events.map(label).join(", ")),
    configured && SAYS.configured,
    last ? SAYS.last(fullTimeOf(last.at), became(last)) : SAYS.never,
  ];
  const [act, what] = enabled ? ["pause", SAYS.pause] : ["resume", SAYS.resume];
  const own = configured
    ? []
    : [press(act, name, what, name), press("remove", name, SAYS.remove, name)];
  const acts = [press("calls", name, SAYS.calls, name), ...own];
  return line(name, about, [h("code", {}, label(url ?? path)), ...acts], { enabled });
}

/** @param {any} call */
function callLine(call) {
  const { number, at, status, event, replayable } = call;
  const title = SAYS.call(number, label(event) || SAYS.noEvent);
  const again = replayable ? [press("replay", number, SAYS.replay, title)] : [];
  return line(title, [fullTimeOf(at), String(status), became(call)], again);
}

/** What became of a call, and why. @param {any} call */
const became = ({ outcome, why, id }) =>
  [SAYS.outcomes[outcome] ?? label(outcome), inFull(why) || label(id).replace(":", "#")]
    .filter(Boolean)
    .join(": ");

/** Where a new hook is called, and its secret; both are to be entered at the service. */
function shownOnce({ name, url, path, secret }) {
  return [
    h("p", {}, SAYS.enter(name)),
    copied(url ?? path),
    ...(secret ? [copied(secret), h("p", { class: "hint" }, SAYS.secretOnce)] : []),
    url ? null : h("p", { class: "hint" }, SAYS.noAddress),
  ].filter(Boolean);
}
