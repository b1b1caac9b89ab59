/** Everything in sight, drawn from the open session. */

import { $, setText } from "../dom.js";
import { code } from "../language.js";
import { label } from "../text.js";
import { WORDS } from "../words.js";
import { announce } from "./announcer.js";
import { AskedView } from "./asked.js";
import { drawHeader, placeName } from "./header.js";
import { LogView } from "./log.js";

const BAR_AFTER_MS = 1_500;

export class Screen {
  #barState = "";
  #barTimer = 0;

  /** @param {import("./composer.js").Composer} composer @param {import("./sidebar.js").Sidebar} sidebar */
  constructor(composer, sidebar) {
    this.composer = composer;
    this.sidebar = sidebar;
    this.log = new LogView();
    this.asked = new AskedView();
  }

  /** @param {import("../session.js").OpenSession} session */
  open(session) {
    this.log.open(session);
    this.asked.rows.clear();
    this.composer.open(session.id);
    this.composer.focus();
  }

  /** The page speaks another language: what is not drawn each time is drawn again. */
  speak() {
    this.#barState = "";
    this.log.speak();
  }

  /**
   * @param {import("../session.js").OpenSession} open @param {import("./rows.js").Context} context
   * @param {any[]} sessions @param {number} unread
   */
  draw(open, context, sessions, unread) {
    drawHeader(open, context);
    this.asked.update(open, context, versionOf(open));
    this.log.update(context, versionOf(open));
    this.composer.update(open.snapshot?.commands ?? [], open.state === "running");
    this.composer.permit(isViewer(open, context) ? WORDS.onlyReads : "");
    this.sidebar.update(sessions, open.id, open.title);
    this.sidebar.connection(open.connection);
    drawTyping(open, context);
    this.#drawConnection(open.connection);
    drawTitle(open, unread);
  }

  /** @param {import("../types.js").Connection} state */
  #drawConnection(state) {
    if (this.#barState === state) return;
    this.#barState = state;
    clearTimeout(this.#barTimer);
    if (state === "connected") this.bar("", state);
    else if (state === "offline") this.bar(WORDS.offlineBar, state);
    else if (state === "reconnecting")
      this.#barTimer = setTimeout(() => this.bar(WORDS.reconnectingBar, state), BAR_AFTER_MS);
  }

  /** Say something over the whole width; nothing: take it away. @param {string} text @param {string} state */
  bar(text, state) {
    const bar = $("#bar");
    bar.hidden = !text;
    bar.dataset.state = state;
    setText(bar, text);
    if (text) announce([text]);
  }
}

/**
 * @param {import("../session.js").OpenSession} open @param {{participant: string}} me
 * @returns {import("./rows.js").Context}
 */
export function contextOf(open, me) {
  const people = new Map(open.snapshot?.participants.map(({ id, name }) => [id, label(name)]));
  const places = new Map(open.snapshot?.places.map((place) => [place.id, placeName(place)]));
  return {
    me: me.participant,
    name: (id) => people.get(open.person(id ?? "")) || WORDS.someone,
    place: (id) => places.get(id ?? "") ?? (id ? WORDS.formerPlace : ""),
    mine: (id) => open.person(id) === me.participant,
    offline: open.connection === "offline",
    shelf: open.shelf,
  };
}

function isViewer({ snapshot }, context) {
  return snapshot?.participants.some(({ id, role }) => role === "viewer" && context.mine(id));
}

/** What changes how every row reads: who is who. */
function versionOf({ snapshot, connection }) {
  const isOffline = connection === "offline";
  return JSON.stringify([snapshot?.participants, snapshot?.places, isOffline, code()]);
}

function drawTyping(open, context) {
  const others = open.frame.typing.filter((id) => !context.mine(id)).map(context.name);
  setText($("#typing"), others.length ? WORDS.typing(others) : "");
}

function drawTitle(open, unread) {
  const count = unread ? `(${unread}) ` : "";
  document.title = `${count}${label(open.title) || WORDS.untitled} · ${WORDS.bridge}`;
}
