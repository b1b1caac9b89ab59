/** The people of a session: who asks, who is here and as what, who is invited, what rings. */

import { Refused } from "../api.js";
import { $, h } from "../dom.js";
import { listed } from "../language.js";
import { label } from "../text.js";
import { WORDS } from "../words.js";
import { avatar } from "../view/parts.js";
import { InviteForm, invitationLine, linkApp } from "./invites.js";
import { ListDialog, copy, named } from "./list_dialog.js";
import { NotifyForm } from "./notify.js";
import { TEXTS } from "./words.js";

const SAYS = TEXTS.people;
const ROLES = ["owner", "member", "viewer"];

/** @typedef {import("../session.js").OpenSession} OpenSession */

/**
 * @typedef {object} Whole  what the dialog shows; a part that is not for the asker is empty
 * @property {any[]} people @property {Record<string, boolean>} may
 * @property {any[]} invitations @property {any[]} requests @property {any} notify
 */

export class PeopleDialog extends ListDialog {
  /** @type {Whole | null} */
  #whole = null;

  acts = {
    allow: (of) => this.do((api) => api.answerRequest(of, true)),
    deny: (of) => this.do((api) => api.answerRequest(of, false)),
    revoke: (of) => this.do((api, id) => api.revoke(id, of)),
    remove: (of, { dataset }) =>
      confirm(SAYS.sureToRemove(dataset.name)) && this.do((api, id) => api.remove(id, of)),
    leave: (of) => confirm(SAYS.sureToLeave) && this.#leave(of),
    link: () => this.#link(),
    copy: (_of, button) => copy(button),
  };

  /** @param {string} name @param {import("./list_dialog.js").Around} around */
  constructor(name, around) {
    super(name, around);
    this.invite = new InviteForm($("#people-invite"), (wanted) => this.#invite(wanted));
    this.notify = new NotifyForm($("#people-notify"), (chosen) => this.#choose(chosen));
    this.dialog.addEventListener("change", (event) => this.#changed(event));
  }

  read = read;

  version = ({ log, snapshot, frame }) => [log.seq, snapshot?.participants, frame.present];

  leave() {
    this.#whole = null;
    super.leave();
  }

  clear() {
    this.invite.clear();
    $("#people-linked").replaceChildren();
  }

  /** @param {Error} error */
  failed(error) {
    super.failed(error);
    if (this.#whole) this.#draw(true);
  }

  // -- what is done ---------------------------------------------------------------------------

  /** @param {string} me */
  #leave(me) {
    return this.ask(
      ({ api, id }) => api.remove(id, me),
      () => this.dialog.close(),
    );
  }

  /** @param {Record<string, any>} wanted */
  #invite(wanted) {
    return this.do(
      (api, id) => api.invite(id, wanted),
      (made) => {
        this.invite.made(made, wanted.browser);
        this.say("");
      },
    );
  }

  /** @param {Record<string, any>} chosen */
  #choose(chosen) {
    return this.ask(
      ({ api }) => api.chooseNotify(chosen),
      (notify) => {
        if (this.#whole) this.#whole.notify = notify;
        this.say(SAYS.saved);
      },
    );
  }

  #link() {
    return this.ask(
      ({ api, id }) => api.linkApp(id),
      (made) => {
        $("#people-linked").replaceChildren(...linkApp(made));
        this.say("");
        $("#people-linked input").focus();
      },
    );
  }

  /** @param {Event} event */
  #changed(event) {
    const { dataset, value } = /** @type {HTMLSelectElement} */ (event.target);
    if (dataset.act === "role") this.do((api, id) => api.giveRole(id, dataset.of, value));
  }

  // -- drawing --------------------------------------------------------------------------------

  /** @param {Whole} whole */
  draw(whole) {
    this.#whole = whole;
    this.#draw();
  }

  /** @param {boolean} [anew]  a choice did not hold */
  #draw(anew = false) {
    const { people, may, invitations, requests, notify } = this.#whole;
    const me = this.session.me.participant;
    const names = new Map(people.map(({ id, name }) => [id, label(name)]));
    if (anew) $("#people-list").replaceChildren();
    $("#people-requests").hidden = !requests.length;
    this.list("#people-asking", requests.map(requestLine));
    this.list(
      "#people-list",
      people.map((person) => personLine(person, may, me, whereNow(person, this.session))),
    );
    this.invite.permit(may);
    $("#people-invitations").hidden = !invitations.length;
    this.list(
      "#people-invited",
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
  if (mine) acts.push(named("leave", id, SAYS.leave, SAYS.leaveSession));
  else if (may.remove && !owns)
    acts.push(named("remove", id, SAYS.remove, SAYS.removeNamed(called), called));
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
      : h("span", { class: "role" }, WORDS.roles[role]),
    ...acts,
  );
}

function roleChoice(of, name, role) {
  const options = ROLES.map((each) =>
    h("option", { value: each, selected: each === role }, WORDS.roles[each]),
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
    named("allow", number, allow, SAYS.answerFor(allow, called)),
    named("deny", number, SAYS.deny, SAYS.answerFor(SAYS.deny, called)),
  );
}
