/** The people of a session: who asks, who is here and as what, who is invited, what rings. */

import { Refused, Unauthorized } from "../api.js";
import { $, h, icon, setText } from "../dom.js";
import { code, listed } from "../language.js";
import { label } from "../text.js";
import { WORDS } from "../words.js";
import { replaceIfChanged } from "./header.js";
import { InviteForm, invitationLine, linkApp } from "./invites.js";
import { NotifyForm } from "./notify.js";
import { avatar, prose } from "./parts.js";

const SAYS = WORDS.people;
const ROLES = ["owner", "member", "viewer"];

const LISTS = ["#people-asking", "#people-list", "#people-invited", "#people-linked"];
const PARTS = [
  "#people-requests",
  "#people-invite",
  "#people-invitations",
  "#people-apps",
  "#people-notify",
];

/**
 * @typedef {object} Whole  what the dialog shows; a part that is not for the asker is empty
 * @property {any[]} people @property {Record<string, boolean>} may
 * @property {any[]} invitations @property {any[]} requests @property {any} notify
 */

export class PeopleDialog {
  /** @type {import("../session.js").OpenSession | null} */
  #session = null;
  /** @type {Whole | null} */
  #whole = null;
  #drawnAt = "";
  /** @type {import("../session.js").OpenSession | null} */
  #loading = null;
  #again = false;
  /** How often it was closed: what was asked for before is not shown any more. */
  #opening = 0;

  /** @param {(error: Error) => void} unauthorized */
  constructor(unauthorized) {
    this.unauthorized = unauthorized;
    this.dialog = $("#people");
    this.invite = new InviteForm($("#people-invite"), (wanted) => this.#invite(wanted));
    this.notify = new NotifyForm($("#people-notify"), (chosen) => this.#choose(chosen));
    $("#people-close").append(icon("close"));
    $("#people-close").addEventListener("click", () => this.dialog.close());
    $("#people-open").addEventListener("click", () => this.#asked());
    $("#people-link").addEventListener("click", () => this.#link());
    this.dialog.addEventListener("close", () => this.#closed());
    this.dialog.addEventListener("click", (event) => this.#clicked(event));
    this.dialog.addEventListener("change", (event) => this.#changed(event));
  }

  /** @param {import("../session.js").OpenSession} session  the page shows it from now on */
  open(session) {
    if (this.#session === session) return;
    this.close();
    this.#session = session;
    $("#people-open").disabled = false;
  }

  /** Whoever looks is no longer in the session: nothing of it is shown, and nothing of it asked. */
  close() {
    this.#session = this.#whole = this.#loading = null;
    this.#drawnAt = "";
    this.dialog.close();
    for (const list of LISTS) $(list).replaceChildren();
    for (const part of PARTS) $(part).hidden = true;
    this.invite.clear();
    this.#said("");
    $("#people-open").disabled = true;
  }

  /** Something happened in the session: it may be about its people. */
  update() {
    const { log, snapshot, frame } = this.#session ?? {};
    const now = JSON.stringify([log?.seq, snapshot?.participants, frame?.present, code()]);
    if (!this.dialog.open || now === this.#drawnAt) return;
    this.#drawnAt = now;
    this.#load();
  }

  async #asked() {
    if (!this.#session) return;
    $("#about").hidePopover();
    this.#said("");
    this.invite.clear();
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
    await this.#load();
  }

  #closed() {
    this.#opening += 1;
    this.invite.clear();
    $("#people-linked").replaceChildren();
    $("#who").focus();
  }

  // -- asking the bridge ----------------------------------------------------------------------

  /** Read everything anew; what changes meanwhile is read once more. */
  async #load() {
    const session = this.#session;
    if (!session) return;
    this.#again = this.#loading === session;
    if (this.#again) return;
    this.#loading = session;
    do {
      this.#again = false;
      await this.#ask(read, (whole) => {
        this.#whole = whole;
        this.#draw();
      });
    } while (this.#again && session === this.#session);
    if (session === this.#session) this.#loading = null;
  }

  /**
   * Ask something of the open session; what comes when it is another one by then, or when the
   * dialog was closed, is not shown.
   * @template T
   * @param {(session: import("../session.js").OpenSession) => Promise<T>} deed
   * @param {(answer: T) => void} then
   */
  async #ask(deed, then) {
    const [session, opening] = [this.#session, this.#opening];
    if (!session) return;
    const stays = () => session === this.#session && opening === this.#opening;
    try {
      const answer = await deed(session);
      if (stays()) then(answer);
    } catch (error) {
      if (stays()) this.#failed(error);
    }
  }

  /**
   * Do something, and show how things are then.
   * @template T
   * @param {(api: import("../api.js").Api, id: string) => Promise<T>} deed
   * @param {(answer: T) => void} [then]  by default what became of it is said
   */
  async #do(deed, then = (/** @type {any} */ answer) => this.#said(answer?.text ?? "")) {
    const session = this.#session;
    await this.#ask(({ api, id }) => deed(api, id), then);
    if (session === this.#session) await this.#load();
  }

  /** @param {string} me */
  #leave(me) {
    this.#ask(
      ({ api, id }) => api.remove(id, me),
      () => this.dialog.close(),
    );
  }

  /** @param {Record<string, any>} wanted */
  #invite(wanted) {
    return this.#do(
      (api, id) => api.invite(id, wanted),
      (made) => {
        this.invite.made(made, wanted.browser);
        this.#said("");
      },
    );
  }

  /** @param {Record<string, any>} chosen */
  #choose(chosen) {
    return this.#ask(
      ({ api }) => api.chooseNotify(chosen),
      (notify) => {
        if (this.#whole) this.#whole.notify = notify;
        this.#said(SAYS.saved);
      },
    );
  }

  #link() {
    this.#ask(
      ({ api, id }) => api.linkApp(id),
      (made) => {
        $("#people-linked").replaceChildren(...linkApp(made));
        this.#said("");
        $("#people-linked input").focus();
      },
    );
  }

  /** @param {Error} error */
  #failed(error) {
    if (error instanceof Unauthorized) return this.unauthorized(error);
    this.#said(error.message || WORDS.unreachable, true);
    if (this.#whole) this.#draw(true);
  }

  /** @param {string} text @param {boolean} [wrong] */
  #said(text, wrong = false) {
    const said = $("#people-said");
    said.classList.toggle("wrong", wrong);
    said.replaceChildren(...(text ? [prose(text)] : []));
  }

  // -- what is pressed ------------------------------------------------------------------------

  /** @param {Event} event */
  #clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const { act, of = "", name = "" } = target.closest("button")?.dataset ?? {};
    const acts = {
      allow: () => this.#do((api) => api.answerRequest(of, true)),
      deny: () => this.#do((api) => api.answerRequest(of, false)),
      revoke: () => this.#do((api, id) => api.revoke(id, of)),
      remove: () => confirm(SAYS.sureToRemove(name)) && this.#do((api, id) => api.remove(id, of)),
      leave: () => confirm(SAYS.sureToLeave) && this.#leave(of),
      copy: () => copy(target.closest("button")),
    };
    acts[act]?.();
  }

  /** @param {Event} event */
  #changed(event) {
    const { dataset, value } = /** @type {HTMLSelectElement} */ (event.target);
    if (dataset.act === "role") this.#do((api, id) => api.giveRole(id, dataset.of, value));
  }

  // -- drawing --------------------------------------------------------------------------------

  /** Draw; the keyboard stays where it was. @param {boolean} [anew]  a choice did not hold */
  #draw(anew = false) {
    const { act, of } = /** @type {HTMLElement} */ (document.activeElement).dataset;
    this.#drawAll(anew);
    if (!act || document.activeElement?.closest("dialog")) return;
    ($(`[data-act="${act}"][data-of="${of}"]`, this.dialog) ?? $("#people-close")).focus();
  }

  /** @param {boolean} anew */
  #drawAll(anew) {
    const { people, may, invitations, requests, notify } = this.#whole;
    const me = this.#session.me.participant;
    const names = new Map(people.map(({ id, name }) => [id, label(name)]));
    if (anew) $("#people-list").replaceChildren();
    $("#people-requests").hidden = !requests.length;
    replaceIfChanged($("#people-asking"), requests.map(requestLine));
    replaceIfChanged(
      $("#people-list"),
      people.map((person) => personLine(person, may, me, whereNow(person, this.#session))),
    );
    this.invite.permit(may);
    $("#people-invitations").hidden = !invitations.length;
    replaceIfChanged(
      $("#people-invited"),
      invitations.map((each) => invitationLine(each, names.get(each.by) ?? WORDS.someone)),
    );
    $("#people-apps").hidden = !may.link_apps;
    this.notify.show(notify);
  }
}

/** @param {import("../session.js").OpenSession} session @returns {Promise<Whole>} */
async function read({ api, id }) {
  const { people, may } = await api.people(id);
  const invites = may.invite_to_apps || may.invite_to_browser;
  const [invitations, requests, notify] = await Promise.all([
    invites ? api.invitations(id).then((all) => all.invitations) : [],
    may.answer_requests ? api.requests().then((all) => all.requests) : [],
    api.notify(),
  ]).catch((error) => {
    if (error instanceof Refused) return [[], [], null]; // it has changed just now
    throw error;
  });
  return { people, may, invitations, requests, notify };
}

/** Say from where somebody writes: in apps that follow, and where they are looking now. */
function whereNow({ id, apps }, session) {
  const looking = session.frame.present
    .filter(({ participant }) => session.person(participant) === id)
    .map(({ place }) => WORDS.places[place] ?? "");
  return listed([...new Set([...apps.map(label), ...looking])].filter(Boolean));
}

function personLine({ id, name, role, owns_bridge: owns }, may, me, where) {
  const called = label(name) || WORDS.someone;
  const mine = id === me;
  const acts = [];
  if (mine) acts.push(act("leave", id, SAYS.leave, SAYS.leaveSession));
  else if (may.remove && !owns)
    acts.push(act("remove", id, SAYS.remove, SAYS.removeNamed(called), called));
  return h(
    "li",
    {},
    avatar(id, name),
    h(
      "span",
      { class: "about-one" },
      h("span", {}, h("bdi", {}, called), mine ? ` ${WORDS.isYou}` : ""),
      h("small", {}, where || WORDS.away),
    ),
    may.change_roles && (mine || !owns)
      ? roleChoice(id, called, role)
      : h("span", { class: "role" }, SAYS.roles[role]),
    ...acts,
  );
}

function roleChoice(of, name, role) {
  const options = ROLES.map((each) =>
    h("option", { value: each, selected: each === role }, SAYS.roles[each]),
  );
  return h("select", { "aria-label": SAYS.roleOf(name), data: { act: "role", of } }, ...options);
}

function requestLine({ number, name, user, app, words, room }) {
  const called = label(name) || WORDS.someone;
  const where = room === null ? SAYS.inPrivate(label(app)) : SAYS.inRoom(label(room), label(app));
  const allow = room === null ? SAYS.allow : SAYS.onlyThisRoom;
  return h(
    "li",
    {},
    h(
      "span",
      { class: "about-one" },
      h("span", {}, h("bdi", {}, called)),
      h("small", {}, h("bdi", {}, label(user)), ` · ${where}`),
      words ? h("q", {}, label(words)) : null,
    ),
    act("allow", number, allow, SAYS.answerFor(allow, called)),
    act("deny", number, SAYS.deny, SAYS.answerFor(SAYS.deny, called)),
  );
}

/** @param {string} act @param {string} of @param {string} text @param {string} spoken */
function act(act, of, text, spoken, name = "") {
  const data = { act, of, name };
  return h("button", { type: "button", class: "small", "aria-label": spoken, data }, text);
}

/** Copy what stands beside a button; without a clipboard it is selected, ready to be copied. */
async function copy(button) {
  const field = button.parentElement.querySelector("input");
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    setText(button, WORDS.copied);
  } catch {
    field.focus();
  }
}
