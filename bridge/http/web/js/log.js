/**
 * The log, folded into what is shown. Pure.
 *
 * Rules:
 * - Keyed by seq and idempotent: an event at or below `log.seq` changes nothing.
 * - Dense: an event past `log.seq + 1` raises `Gap`; whoever feeds it reads again from its offset.
 * - Total: an unknown type, or a target that is not there, is passed over; its seq still counts.
 * - An item is never changed in place; `fold` copies the list once and replaces what changed.
 * - What a run writes is numbered within the run (`run:r_1:0`, `run:r_1:1`), so that a preview
 *   and the message it becomes have one key.
 *
 * @typedef {import("./types.js").Event} Event
 * @typedef {import("./types.js").Item} Item
 * @typedef {{seq: number, items: Item[], index: Map<string, number>, seqs: Map<number, string>,
 *   open: {run: string, agent: string, at: string, said: number} | null, ended: Set<string>,
 *   questions: Set<string>, merged: Map<string, string>, agent: string, title: string | null,
 *   archived: boolean}} Log
 */

/** Raised when an event is missing between the log and what comes next. */
export class Gap extends Error {}

/** @returns {Log} */
export function emptyLog() {
  return {
    seq: 0,
    items: [],
    index: new Map(),
    seqs: new Map(),
    open: null,
    ended: new Set(),
    questions: new Set(),
    merged: new Map(),
    agent: "",
    title: null,
    archived: false,
  };
}

/**
 * Return the log with these events taken in; the same object when there is nothing new.
 * @param {Log} log
 * @param {Event[]} events
 * @returns {Log}
 */
export function fold(log, events) {
  const fresh = events.filter((event) => event.seq > log.seq);
  if (!fresh.length) return log;
  const next = copied(log);
  for (const event of fresh) take(next, event);
  return next;
}

/** @param {Log} log */
const copied = (log) => ({
  ...log,
  items: log.items.slice(),
  index: new Map(log.index),
  seqs: new Map(log.seqs),
  ended: new Set(log.ended),
  questions: new Set(log.questions),
  merged: new Map(log.merged),
});

/** @param {Log} log @param {Event} event */
function take(log, event) {
  if (event.seq <= log.seq) return;
  if (event.seq !== log.seq + 1) throw new Gap(`expected ${log.seq + 1}, got ${event.seq}`);
  log.seq = event.seq;
  Object.hasOwn(FOLDS, event.type) && FOLDS[event.type](log, event);
}

/**
 * Return the item an event is shown as.
 * @param {Log} log @param {number | null | undefined} seq @returns {Item | undefined}
 */
export function itemOf(log, seq) {
  const key = seq == null ? undefined : log.seqs.get(seq);
  return key === undefined ? undefined : log.items[log.index.get(key) ?? -1];
}

/** Follow merged participants to who they are now. @param {Log} log @param {string} id */
export function personOf(log, id) {
  let now = id;
  for (let hops = 0; log.merged.has(now) && hops < 10; hops += 1) now = log.merged.get(now) ?? now;
  return now;
}

/** @param {Log} log @returns {"idle" | "running" | "waiting"} */
export function stateOf(log) {
  if (log.open) return "running";
  return log.questions.size ? "waiting" : "idle";
}

/** The key of what the open run writes next. @param {Log} log */
export const writingKey = (log) => (log.open ? `run:${log.open.run}:${log.open.said}` : "");

// -- how items are added and replaced ---------------------------------------------------------

/** @param {Log} log @param {Event} event @param {string} key @param {string} kind @param {object} rest */
function add(log, event, key, kind, rest) {
  log.index.set(key, log.items.length);
  log.seqs.set(event.seq, key);
  log.items.push({ key, kind, seq: event.seq, at: event.at, ...rest });
}

/** @param {Log} log @param {Event} event @param {object} rest */
const line = (log, event, rest) => add(log, event, `e:${event.seq}`, "line", rest);

/** @param {Log} log @param {string | undefined} key @param {object} change */
function replace(log, key, change) {
  const at = key === undefined ? undefined : log.index.get(key);
  if (at !== undefined) log.items[at] = { ...log.items[at], ...change };
}

/** @param {Log} log @param {number} seq @param {object} change */
const replaceSeq = (log, seq, change) => replace(log, log.seqs.get(seq), change);

/** @param {Event} event */
const words = (event) => ({
  text: event.content?.text ?? "",
  attachments: event.content?.attachments ?? [],
  literal: event.content?.literal === true,
});

const SHOWN_ENDS = new Set(["cancelled", "failed", "abandoned"]);

/** A run that a message interrupted is followed by the next one at once. @param {Event} event */
const shows = ({ outcome, reason }) => SHOWN_ENDS.has(outcome) && reason !== "interrupted";

/** Whether a notice of the same run has just said why it ended. @param {Log} log @param {Event} event */
function explained(log, { run }) {
  const last = log.items[log.items.length - 1];
  return last?.kind === "composed" && last.tone === "notice" && last.run === run;
}

// -- what each event does ---------------------------------------------------------------------

/** @type {Record<string, (log: Log, event: Event) => void>} */
const FOLDS = {
  message_received(log, event) {
    add(log, event, `e:${event.seq}`, "said", {
      ...words(event),
      who: event.participant,
      where: event.conversation,
      overheard: event.addressed === false,
      replyTo: event.reply_to ?? null,
      about: event.quote ?? null,
    });
  },
  message_edited(log, event) {
    replaceSeq(log, event.target, { ...words(event), edited: true });
  },
  message_deleted(log, event) {
    replaceSeq(log, event.target, { text: "", attachments: [], gone: "deleted" });
  },
  transcribed(log, event) {
    replaceSeq(log, event.target, { transcript: event.text ?? "" });
  },

  run_started(log, event) {
    log.open = { run: event.run, agent: event.agent ?? "", at: event.at, said: 0 };
    log.agent = event.agent || log.agent;
  },
  run_finished(log, event) {
    if (log.open?.run === event.run) log.open = null;
    log.ended.add(event.run);
    if (shows(event) && !explained(log, event)) {
      line(log, event, {
        what: event.outcome,
        who: event.by ?? null,
        reason: event.reason ?? "",
      });
    }
  },
  message_composed(log, event) {
    const open = log.open?.run === event.run ? log.open : null;
    const key = open ? `run:${event.run}:${open.said}` : `e:${event.seq}`;
    if (open) log.open = { ...open, said: open.said + 1 };
    add(log, event, key, "composed", {
      ...words(event),
      agent: event.agent,
      run: event.run,
      tone: event.kind ?? "final",
    });
  },
  tool_called(log, event) {
    add(log, event, `call:${event.call}`, "tool", {
      name: event.name,
      input: event.display ?? "",
      brief: event.brief ?? "",
      result: null,
      failed: false,
      run: event.run,
    });
  },
  tool_returned(log, event) {
    const key = `call:${event.call}`;
    replace(log, key, { result: event.result ?? "", failed: event.failed === true });
    if (log.index.has(key)) log.seqs.set(event.seq, key);
  },
  question_asked(log, event) {
    log.questions.add(event.question);
    add(log, event, `question:${event.question}`, "question", {
      question: event.question,
      form: event.kind,
      text: event.text ?? "",
      options: event.options ?? [],
      to: event.to ?? [],
      call: event.call ?? null,
      expires: event.expires_at ?? null,
      agent: log.open?.agent ?? log.agent,
      closed: null,
    });
  },
  question_closed(log, event) {
    log.questions.delete(event.question);
    replace(log, `question:${event.question}`, {
      closed: {
        outcome: event.outcome,
        answer: event.answer ?? "",
        by: event.by ?? null,
        where: event.conversation ?? null,
      },
    });
  },

  pushed(log, event) {
    add(log, event, `e:${event.seq}`, "pushed", {
      ...words(event),
      source: event.source ?? {},
      buttons: event.buttons ?? [],
    });
  },
  triggered(log, event) {
    line(log, event, { what: "triggered", source: event.source ?? {}, text: event.prompt ?? "" });
  },

  participant_joined(log, event) {
    line(log, event, { what: "joined", who: event.participant, role: event.role });
  },
  role_changed(log, event) {
    line(log, event, { what: "role", who: event.participant, role: event.role });
  },
  participant_left(log, event) {
    line(log, event, { what: "left", who: event.participant, by: event.by ?? null });
  },
  participant_merged(log, event) {
    if (event.participant !== event.into) log.merged.set(event.participant, event.into);
  },
  conversation_linked(log, event) {
    line(log, event, { what: "linked", where: event.conversation });
  },
  conversation_unlinked(log, event) {
    line(log, event, { what: "unlinked", where: event.conversation });
  },
  setting_changed(log, event) {
    if (event.scope !== "session") return;
    if (event.name === "title") log.title = event.value ?? "";
    // The bridge's own settings, such as a session's first title, are nobody's words.
    if (!event.by) return;
    line(log, event, {
      what: "setting",
      who: event.by ?? null,
      name: event.name,
      value: event.value ?? "",
    });
  },
  schedule_set(log, event) {
    line(log, event, { what: "scheduled", who: event.by ?? null, text: event.text ?? "" });
  },
  schedule_removed(log, event) {
    line(log, event, { what: "unscheduled", who: event.by ?? null });
  },
  note_kept(log, event) {
    line(log, event, { what: "noted", text: event.text ?? "" });
  },
  session_forked(log, event) {
    line(log, event, { what: "forked" });
  },
  session_archived(log, event) {
    log.archived = true;
    line(log, event, { what: "archived", who: event.by ?? null });
  },
  redacted(log, event) {
    replaceSeq(log, event.target, { text: "", attachments: [], gone: "redacted" });
  },
};
