/** How each kind of row looks. Every function returns one fresh element. */

import { h, icon } from "../dom.js";
import { inMine } from "../language.js";
import { dayName, label, shortened } from "../text.js";
import { WORDS } from "../words.js";
import {
  activity,
  agentAvatar,
  avatar,
  badge,
  body,
  heading,
  prose,
  replyButton,
  time,
} from "./parts.js";
import { files } from "./files.js";
import { questionRow } from "./question.js";
import { gist, sentence, sourceOf, speakerOf } from "./spoken.js";
import { toolRow } from "./tool.js";

/**
 * @typedef {object} Context  who and where the ids stand for
 * @property {(id: string | null) => string} name
 * @property {(id: string | null) => string} place
 * @property {(id: string) => boolean} mine
 * @property {string} me
 * @property {boolean} offline
 * @property {import("../media.js").MediaShelf} shelf
 */

/** @param {import("../timeline.js").Row} row @param {Context} context @returns {HTMLElement} */
export function drawn(row, context) {
  const draw = Object.hasOwn(ROWS, row.kind) ? ROWS[row.kind] : ROWS.nothing;
  const node = draw(row, context);
  if (row.continued) node.classList.add("continued");
  return node;
}

/** @type {Record<string, (row: any, context: Context) => HTMLElement>} */
const ROWS = {
  said: saidRow,
  pending: pendingRow,
  asking: ({ item }) => noteBox({ asked: item.body.text, text: "", waiting: true }),
  composed: composedRow,
  writing: writingRow,
  tool: toolRow,
  question: questionRow,
  pushed: pushedRow,
  note: ({ item }) => noteBox(item),
  line: lineRow,
  day: ({ at }) => h("h2", { class: "day" }, h("span", {}, dayName(at, new Date(), WORDS))),
  nothing: () => h("div", { hidden: true }),
};

// -- people -----------------------------------------------------------------------------------

/** @param {any} row @param {Context} context */
function saidRow({ item, quote, extra: isNear }, context) {
  const mine = context.mine(item.who);
  const name = mine ? WORDS.you : context.name(item.who);
  const place = context.place(item.where);
  const marks = [item.edited && badge(WORDS.edited), item.overheard && badge(WORDS.overheard)];
  return h(
    "article",
    {
      class: mine ? "row said mine" : "row said",
      "aria-label": WORDS.said(name, place),
      data: { seq: item.seq },
    },
    mine ? null : avatar(item.who, name),
    heading(name, place, item.at, ...marks),
    h(
      "div",
      { class: "bubble" },
      quoteOf(quote, item.replyTo, context, isNear),
      item.about ? aboutOf(item.about) : null,
      body(item),
      item.transcript
        ? h("p", { class: "transcript", dir: "auto" }, WORDS.transcript(item.transcript))
        : null,
      files(item.attachments, context.shelf),
    ),
    replyButton(mine ? "" : name, item.seq),
  );
}

/** @param {any} row @param {Context} context */
function pendingRow({ item, quote, extra: untried }, context) {
  const state = untried || context.offline ? WORDS.pending : WORDS.sending;
  return h(
    "article",
    { class: "row said mine pending", "aria-label": WORDS.said(WORDS.you, state) },
    heading(WORDS.you, "", item.at),
    h(
      "div",
      { class: "bubble" },
      quoteOf(quote, item.body.reply_to ?? null, context),
      item.body.text ? prose(item.body.text) : null,
      files(item.body.attachments, context.shelf),
    ),
    h("p", { class: "sending" }, icon("clock"), state),
  );
}

/**
 * @param {any} quote @param {number | null} replyTo @param {Context} context
 * @param {boolean} [isNear]  what is not here can be fetched
 */
function quoteOf(quote, replyTo, context, isNear = false) {
  if (replyTo == null) return null;
  const props = { type: "button", class: "quote", data: { act: "show", of: replyTo } };
  if (!quote && isNear) return h("button", props, h("span", {}, WORDS.unseen));
  if (!quote) return h("p", { class: "quote" }, WORDS.unseen);
  const text = quote.gone ? WORDS[quote.gone] : shortened(gist(quote), 160);
  return h(
    "button",
    props,
    h("bdi", { class: "name" }, speakerOf(quote, context)),
    h("span", { dir: "auto" }, text),
  );
}

/** What a message is about that was said outside of this session. @param {{author: string, text: string}} about */
const aboutOf = ({ author, text }) =>
  h(
    "p",
    { class: "quote" },
    h("bdi", { class: "name" }, label(author)),
    h("span", { dir: "auto" }, shortened(text, 160)),
  );

// -- the agent --------------------------------------------------------------------------------

/** @param {any} row @param {Context} context */
function composedRow({ item }, context) {
  const name = label(item.agent) || WORDS.agent;
  const tone = item.tone === "interim" ? badge(WORDS.interim) : null;
  return h(
    "article",
    { class: `row composed ${item.tone}`, "aria-label": name, data: { seq: item.seq } },
    agentAvatar(),
    heading(name, "", item.at, tone),
    h("div", { class: "words" }, body(item), files(item.attachments, context.shelf)),
    replyButton(name, item.seq),
  );
}

/** @param {any} row */
function writingRow({ item, at }) {
  const name = label(item.agent) || WORDS.agent;
  return h(
    "article",
    {
      class: item.text ? "row composed writing" : "row composed writing waiting",
      "aria-busy": "true",
      "aria-label": name,
    },
    agentAvatar(),
    heading(name, "", at),
    h("div", { class: "words" }, prose(item.text)),
    activity(item.activity),
  );
}

// -- the rest ---------------------------------------------------------------------------------

/**
 * Of what the bridge itself pushes, an option may take back a grant or answer a request; any other
 * says its label.
 */
function said({ source, seq }, option) {
  const { id, label: name } = option;
  const ours = source?.kind === "background" && source?.name === "bridge";
  const [kind, number, decision] = ours ? (id?.split(":") ?? []) : [];
  if (kind === "u") return { label: inMine(option), text: `/unlink ${number}` };
  if (kind === "r")
    return { label: inMine(option), text: `/${decision === "allow" ? "admit" : "deny"} ${number}` };
  return { label: name, text: name, of: seq };
}

/** @param {any} row @param {Context} context */
function pushedRow({ item }, context) {
  const name = sourceOf(item.source);
  const kind = WORDS.cameFrom[item.source?.kind] ?? "";
  const buttons = item.buttons.map((option) => said(item, option));
  return h(
    "article",
    { class: "row pushed", "aria-label": name, data: { seq: item.seq } },
    h("span", { class: "avatar bell", "aria-hidden": "true" }, icon("bell")),
    heading(name, kind === name ? "" : kind, item.at),
    h("div", { class: "words" }, body(item), files(item.attachments, context.shelf)),
    choices(buttons),
  );
}

/**
 * @param {{id?: string, asked: string, text: string, refused?: boolean, waiting?: boolean,
 *   buttons?: import("../types.js").Offered[]}} note
 */
function noteBox({ id, asked, text, refused, waiting, buttons = [] }) {
  const unsent = asked.startsWith("/") ? WORDS.notDone : WORDS.notSent;
  const close = {
    type: "button",
    class: "icon-button",
    "aria-label": WORDS.dismiss,
    data: { act: "dismiss", note: id },
  };
  return h(
    "aside",
    {
      class: refused ? "row note refused" : "row note",
      "aria-label": refused ? unsent : WORDS.private,
    },
    h(
      "header",
      {},
      icon("eye"),
      refused ? unsent : WORDS.private,
      asked && h("code", { dir: "auto" }, shortened(asked, 80)),
      waiting ? null : h("button", close, icon("close")),
    ),
    waiting ? activity(WORDS.sending) : prose(text),
    choices(buttons),
  );
}

/**
 * Buttons that say something: a command, or, `of` something pushed, words to the letter.
 * @param {(import("../types.js").Offered & {of?: number})[]} buttons
 */
function choices(buttons) {
  if (!buttons.length) return null;
  const drawn = buttons.map(({ label: name, text: say, of }) => {
    const data = of === undefined ? { act: "press", say } : { act: "echo", say, of };
    return h("button", { type: "button", class: "choice", data }, label(name));
  });
  return h("div", { class: "choices" }, ...drawn);
}

/** @param {any} row @param {Context} context */
function lineRow({ item }, context) {
  return h(
    "p",
    { class: "row line", data: { what: item.what, seq: item.seq } },
    h("span", { dir: "auto" }, sentence(item, context)),
    time(item.at),
  );
}
