/** How each kind of row looks. Every function returns one fresh element. */

import { h, icon } from "../dom.js";
import { rendered, plain } from "../markdown.js";
import { dayName, exposed, fullTimeOf, hue, initials, label, shortened, sizeOf, timeOf } from "../text.js";
import { WORDS, listed } from "../words.js";
import { questionRow } from "./question.js";

/**
 * @typedef {object} Context  who and where the ids stand for
 * @property {(id: string | null) => string} name
 * @property {(id: string | null) => string} place
 * @property {(id: string) => boolean} mine
 * @property {string} me
 * @property {boolean} offline
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

// -- parts that rows share --------------------------------------------------------------------

/** @param {string} text */
export function prose(text) {
  const box = h("div", { class: "md", dir: "auto" });
  box.append(rendered(text));
  return box;
}

/** @param {string} id @param {string} name */
export const avatar = (id, name) =>
  h("span", { class: "avatar", "aria-hidden": "true", data: { hue: hue(id) } }, initials(name));

export const agentAvatar = () => {
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#mark");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "mark");
  svg.append(use);
  return h("span", { class: "avatar agent", "aria-hidden": "true" }, svg);
};

/** @param {string} at */
const time = (at) => h("time", { datetime: at, title: fullTimeOf(at) }, timeOf(at));

/** @param {string} name @param {string} place @param {string} at @param {...any} rest */
export const heading = (name, place, at, ...rest) =>
  h(
    "header",
    { class: "by" },
    h("bdi", { class: "name" }, name),
    place && h("span", { class: "place" }, "· ", h("bdi", {}, place)),
    time(at),
    ...rest,
  );

const badge = (text) => h("span", { class: "badge" }, text);

/** @param {import("../types.js").Attachment[]} attachments */
function files(attachments) {
  if (!attachments?.length) return null;
  const chips = attachments.map(({ kind, name, size }) =>
    h("li", { class: "file" }, icon("file"), h("bdi", {}, label(name) || kind), size ? h("span", {}, sizeOf(size)) : null),
  );
  return h("ul", { class: "files" }, ...chips);
}

/** The words of an item: what it says, or that they are gone. */
function body(item) {
  if (item.gone) return h("p", { class: "gone" }, WORDS[item.gone]);
  return item.text ? prose(item.text) : null;
}

/** @param {any} quote @param {number | null} replyTo @param {Context} context */
function quoteOf(quote, replyTo, context) {
  if (replyTo == null) return null;
  if (!quote) return h("p", { class: "quote" }, WORDS.unseen);
  const text = quote.gone ? WORDS[quote.gone] : shortened(plain(quote.text ?? ""), 160);
  const props = { type: "button", class: "quote", data: { act: "show", of: quote.seq } };
  return h("button", props, h("bdi", { class: "name" }, speakerOf(quote, context)), h("span", { dir: "auto" }, text));
}

/** @param {any} item @param {Context} context */
export function speakerOf(item, context) {
  if (item.kind === "said") return context.name(item.who);
  if (item.kind === "pushed") return sourceOf(item.source);
  return label(item.agent) || WORDS.agent;
}

/** @param {string} name @param {number} seq */
const replyButton = (name, seq) =>
  h(
    "div",
    { class: "acts" },
    h(
      "button",
      { type: "button", class: "icon-button", title: WORDS.reply, "aria-label": WORDS.replyTo(name), data: { act: "reply", of: seq } },
      icon("reply"),
    ),
  );

/** @param {any} source */
function sourceOf(source) {
  const kind = WORDS.cameFrom[source?.kind] ?? "";
  const name = label(source?.name);
  return name && !/^sch_/.test(name) ? name : kind || WORDS.bridge;
}

// -- people -----------------------------------------------------------------------------------

/** @param {any} row @param {Context} context */
function saidRow({ item, quote }, context) {
  const mine = context.mine(item.who);
  const name = mine ? WORDS.you : context.name(item.who);
  const place = context.place(item.where);
  const marks = [item.edited && badge(WORDS.edited), item.overheard && badge(WORDS.overheard)];
  return h(
    "article",
    { class: mine ? "row said mine" : "row said", "aria-label": WORDS.said(name, place), data: { seq: item.seq } },
    mine ? null : avatar(item.who, name),
    heading(name, place, item.at, ...marks),
    h(
      "div",
      { class: "bubble" },
      quoteOf(quote, item.replyTo, context),
      body(item),
      item.transcript ? h("p", { class: "transcript", dir: "auto" }, `${WORDS.transcript}: ${item.transcript}`) : null,
      files(item.attachments),
    ),
    replyButton(mine ? WORDS.yourself : name, item.seq),
  );
}

/** @param {any} row @param {Context} context */
function pendingRow({ item, quote, extra: untried }, context) {
  const state = untried || context.offline ? WORDS.pending : WORDS.sending;
  return h(
    "article",
    { class: "row said mine pending", "aria-label": WORDS.said(WORDS.you, state) },
    heading(WORDS.you, "", item.at),
    h("div", { class: "bubble" }, quoteOf(quote, item.body.reply_to ?? null, context), prose(item.body.text)),
    h("p", { class: "sending" }, icon("clock"), state),
  );
}

// -- the agent --------------------------------------------------------------------------------

/** @param {any} row */
function composedRow({ item }) {
  const name = label(item.agent) || WORDS.agent;
  const tone = item.tone === "interim" ? badge(WORDS.interim) : null;
  return h(
    "article",
    { class: `row composed ${item.tone}`, "aria-label": name, data: { seq: item.seq } },
    agentAvatar(),
    heading(name, "", item.at, tone),
    h("div", { class: "words" }, body(item), files(item.attachments)),
    replyButton(name, item.seq),
  );
}

/** @param {any} row */
function writingRow({ item, at }) {
  const name = label(item.agent) || WORDS.agent;
  return h(
    "article",
    { class: item.text ? "row composed writing" : "row composed writing waiting", "aria-busy": "true", "aria-label": name },
    agentAvatar(),
    heading(name, "", at),
    h("div", { class: "words" }, prose(item.text)),
    activity(item.activity),
  );
}

/** @param {string} text */
const activity = (text) =>
  h("p", { class: "activity" }, h("span", { class: "dots" }, h("i"), h("i"), h("i")), label(text) || WORDS.working);

/** @param {any} row */
function toolRow({ item, extra: cut }) {
  const [word, state] = toolState(item, cut);
  return h(
    "details",
    { class: "row tool", data: { state } },
    h(
      "summary",
      {},
      icon("tool"),
      h("code", {}, label(item.name)),
      h("span", { class: "brief", dir: "auto" }, brief(item.input)),
      h("span", { class: "tool-state" }, word),
    ),
    h("h3", {}, WORDS.toolInput),
    source(pretty(item.input)),
    item.result === null ? null : h("h3", {}, WORDS.toolResult),
    item.result === null ? null : source(pretty(item.result)),
  );
}

/** @returns {[string, string]} */
function toolState(item, cut) {
  if (item.failed) return [WORDS.toolFailed, "failed"];
  if (item.result !== null) return [WORDS.toolDone, "done"];
  return cut ? [WORDS.toolCut, "cut"] : [WORDS.toolRunning, "running"];
}

/** @param {string} text */
export const source = (text) => h("pre", { class: "source", tabindex: "0" }, h("code", {}, exposed(text)));

/** Return JSON over several lines, and anything else as it is. @param {string} text */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Return a call's arguments on one line. @param {string} text */
function brief(text) {
  try {
    const pairs = Object.entries(JSON.parse(text));
    const line = pairs.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
    return label(shortened(line.join(", "), 120));
  } catch {
    return label(shortened(text, 120));
  }
}

// -- the rest ---------------------------------------------------------------------------------

/** @param {any} row */
function pushedRow({ item }) {
  const name = sourceOf(item.source);
  const kind = WORDS.cameFrom[item.source?.kind] ?? "";
  const buttons = item.buttons.map(({ label: text }) =>
    h("button", { type: "button", class: "choice", data: { act: "press", say: text } }, label(text)),
  );
  return h(
    "article",
    { class: "row pushed", "aria-label": name, data: { seq: item.seq } },
    h("span", { class: "avatar bell", "aria-hidden": "true" }, icon("bell")),
    heading(name, kind === name ? "" : kind, item.at),
    h("div", { class: "words" }, body(item), files(item.attachments)),
    buttons.length ? h("div", { class: "choices" }, ...buttons) : null,
  );
}

/** @param {{id?: string, asked: string, text: string, refused?: boolean, waiting?: boolean}} note */
function noteBox({ id, asked, text, refused, waiting }) {
  const close = { type: "button", class: "icon-button", "aria-label": WORDS.dismiss, data: { act: "dismiss", note: id } };
  return h(
    "aside",
    { class: refused ? "row note refused" : "row note", "aria-label": refused ? WORDS.notSent : WORDS.private },
    h(
      "header",
      {},
      icon("eye"),
      refused ? WORDS.notSent : WORDS.private,
      asked && h("code", { dir: "auto" }, shortened(asked, 80)),
      waiting ? null : h("button", close, icon("close")),
    ),
    waiting ? activity(WORDS.sending) : prose(text),
  );
}

/** @param {any} row @param {Context} context */
function lineRow({ item }, context) {
  const write = WORDS.lines[item.what];
  const text = write ? write(item, context.name(item.who), item.by && context.name(item.by), context.place(item.where)) : "";
  return h(
    "p",
    { class: "row line", data: { what: item.what, seq: item.seq } },
    h("span", { dir: "auto" }, label(shortened(text, 400))),
    time(item.at),
  );
}

/** Return an item in one line, for a reader that listens. @param {any} item @param {Context} context */
export function spoken(item, context) {
  const text = shortened(plain(item.text ?? ""), 600);
  if (item.kind === "said") return context.mine(item.who) ? "" : WORDS.announced(WORDS.said(context.name(item.who), context.place(item.where)), text);
  if (item.kind === "question") return WORDS.announced(WORDS.question, `${text} ${listed(item.options.map((one) => one.label))}`);
  if (item.kind === "composed" && item.tone === "interim") return "";
  if (item.kind === "composed" || item.kind === "pushed") return WORDS.announced(speakerOf(item, context), text);
  return item.kind === "line" && /^(cancelled|failed)$/.test(item.what) ? label(lineRow({ item }, context).firstChild.textContent) : "";
}
