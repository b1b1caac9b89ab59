/**
 * From the log, what is pending and what is being written: the rows of the view, in order. Pure.
 *
 * Rules:
 * - A row is equal to the one before it (`sameRow`) exactly when it need not be drawn again.
 * - What was typed here keeps one key from the moment it is sent: the pending row becomes the
 *   event's row in place. `aliases` says which seq is which entry.
 * - Words of one speaker within five minutes stand under one heading.
 *
 * @typedef {import("./types.js").Entry} Entry
 * @typedef {import("./types.js").Item} Item
 * @typedef {import("./log.js").Log} Log
 * @typedef {{key: string, kind: string, at?: string, item?: any, continued?: boolean,
 *   quote?: Item | null, extra?: any}} Row
 * @typedef {{id: string, after: number, at: string, asked: string, text: string,
 *   refused: boolean, buttons: import("./types.js").Offered[]}} Note
 */

import { itemOf, writingKey } from "./log.js";
import { dayOf } from "./text.js";

const TOGETHER_MS = 5 * 60_000;

/**
 * @param {{log: Log, from: number, notes: Note[], pending: Entry[],
 *   aliases: Map<number, string>, previews: import("./types.js").Preview[], reach: number}} view
 *   `from` is the index of the first item that is shown, `reach` the first event that could be.
 * @returns {Row[]}
 */
export function timeline(view) {
  const shown = view.log.items.slice(view.from);
  const rows = withNotes(shown, view.notes).map((item) => rowOf(item, view));
  rows.push(...writingRows(view), ...pendingRows(view));
  return withDays(grouped(rows));
}

/**
 * The open questions that were asked before anything that is shown.
 * @param {{log: Log, pending: Entry[]}} view @returns {Row[]}
 */
export const askedRows = ({ log, pending }) =>
  [...log.asked.values()].map((item) => questionRow(item, pending));

/** @returns {Row} */
const questionRow = (item, pending) => ({
  key: item.key,
  kind: item.kind,
  at: item.at,
  item,
  extra: answering(item, pending),
});

/** @param {Row} a @param {Row} b */
export function sameRow(a, b) {
  return (
    a.kind === b.kind &&
    (a.item === b.item || a.kind === "writing") &&
    a.continued === b.continued &&
    a.quote === b.quote &&
    a.extra === b.extra
  );
}

/** Put each note behind the event that was last when it was answered. */
function withNotes(items, notes) {
  if (!notes.length) return items;
  const all = [...items, ...notes.map((note) => ({ ...note, key: note.id, kind: "note", note }))];
  const place = (one) => (one.note ? one.after + 0.5 : one.seq);
  return all.sort((a, b) => place(a) - place(b));
}

/** @returns {Row} */
function rowOf(item, { log, aliases, pending, reach }) {
  if (item.note) return { key: item.key, kind: "note", at: item.at, item: item.note };
  const row = { key: aliases.get(item.seq) ?? item.key, kind: item.kind, at: item.at, item };
  if (item.kind === "said") return { ...row, ...quoted(item, log, reach) };
  if (item.kind === "question") return questionRow(item, pending);
  if (item.kind === "tool") return { ...row, extra: cut(item, log) };
  return row;
}

/** What it replies to; `extra`: that is not here, but could be. */
function quoted({ replyTo }, log, reach) {
  const quote = itemOf(log, replyTo) ?? null;
  return { quote, extra: !quote && replyTo !== null && replyTo >= reach && replyTo < log.first };
}

/** Return the answer to this question that is on its way, if any. */
function answering(item, pending) {
  const entry = pending.find(
    ({ body }) => body.type === "answer" && body.question === item.question,
  );
  return entry?.body.answer ?? null;
}

/** A call whose run is over and that never returned. */
const cut = (item, log) => item.result === null && log.ended.has(item.run);

/** @returns {Row[]} */
function writingRows({ log, previews }) {
  const { open } = log;
  if (!open) return [];
  const preview = previews.find(({ run }) => run === open.run);
  const text = stale(log, preview) ? "" : (preview?.text ?? "");
  const activity = preview?.activity ?? "";
  const item = { agent: open.agent, text, activity };
  return [
    { key: writingKey(log), kind: "writing", at: open.at, item, extra: `${activity}\n${text}` },
  ];
}

/** A preview of what has just been said stands for a moment longer than the text it announced. */
function stale(log, preview) {
  const last = log.items[log.items.length - 1];
  return (
    !!preview?.text &&
    last?.kind === "composed" &&
    last.run === preview.run &&
    last.text === preview.text
  );
}

/** @returns {Row[]} */
function pendingRows({ log, pending }) {
  return pending
    .filter(({ body }) => body.type === "message")
    .map((entry) => ({
      key: entry.id,
      kind: entry.body.text.startsWith("/") ? "asking" : "pending",
      at: entry.at,
      item: entry,
      quote: itemOf(log, entry.body.reply_to) ?? null,
      extra: entry.base === null,
    }));
}

// -- headings ---------------------------------------------------------------------------------

/** Who a row's words belong to; empty for what never stands under a heading. */
function speaker(row) {
  if (row.kind === "said") return `${row.item.who} ${row.item.where}`;
  if (row.kind === "composed" || row.kind === "writing") return `agent ${row.item.agent}`;
  return row.kind === "pending" ? "pending" : "";
}

/** @param {Row[]} rows @returns {Row[]} */
function grouped(rows) {
  return rows.map((row, at) => ({ ...row, continued: at > 0 && together(rows[at - 1], row) }));
}

/** @param {Row} before @param {Row} row */
function together(before, row) {
  const who = speaker(row);
  if (!who || who !== speaker(before) || row.quote) return false;
  return (
    Date.parse(row.at) - Date.parse(before.at) < TOGETHER_MS && dayOf(row.at) === dayOf(before.at)
  );
}

/** @param {Row[]} rows @returns {Row[]} */
function withDays(rows) {
  const out = [];
  let day = "";
  for (const row of rows) {
    if (row.at && dayOf(row.at) !== day) {
      day = dayOf(row.at);
      out.push({ key: `day:${day}`, kind: "day", at: row.at, extra: day });
    }
    out.push(row);
  }
  return out;
}
