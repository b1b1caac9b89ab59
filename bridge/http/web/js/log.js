/**
 * The log, folded into what is shown. Pure.
 *
 * Rules:
 * - Keyed by seq and idempotent: an event at or below `log.seq` changes nothing.
 * - Dense: an event past `log.seq + 1` raises `Gap`; whoever feeds it reads again from its offset.
 *   It begins anywhere: only the last events are read at first, and from whoever came later what
 *   was said before is hidden. `first` is where it begins.
 * - Of what was before it only what still matters is known (`logOf`): the open run, and questions.
 *   An open one is in `asked`, and no item; when it is closed, its card stands where that happened.
 * - Earlier events are put before it by folding it anew (`refolded`): what later ones change in
 *   them is right then. What is shown as before stays the same item.
 * - Total: an unknown type, or a target that is not there, is passed over; its seq still counts.
 * - An item is never changed in place; `fold` copies the list once and replaces what changed.
 * - What a run writes is numbered within the run (`run:r_1:0`, `run:r_1:1`), so that a preview
 *   and the message it becomes have one key.
 *
 * @typedef {import("./types.js").Event} Event
 * @typedef {import("./types.js").Item} Item
 * @typedef {{seq: number, first: number, position: number, items: Item[],
 *   index: Map<string, number>, seqs: Map<number, string>,
 *   open: {run: string, agent: string, at: string, said: number, upto: number} | null,
 *   ended: Set<string>, questions: Set<string>, asked: Map<string, Item>,
 *   merged: Map<string, string>, schedules: Map<string, Event>, agent: string, title: string | null, archived: boolean}} Log
 */

/** Raised when an event is missing between the log and what comes next. */
export class Gap extends Error {}

/** @returns {Log} */
export function emptyLog() {
  return {
    seq: 0,
    first: 0,
    position: 0,
    items: [],
    index: new Map(),
    seqs: new Map(),
    open: null,
    ended: new Set(),
    questions: new Set(),
    asked: new Map(),
    merged: new Map(),
    schedules: new Map(),
    agent: "",
    title: null,
    archived: false,
  };
}

/**
 * Return a log that begins with these events.
 * @param {Event[]} standing  what still matters of what was before them
 * @param {Event[]} events
 * @returns {Log}
 */
export function logOf(standing, events) {
  const log = emptyLog();
  for (const event of standing) STANDING[event.type]?.(log, event);
  for (const event of events) take(log, event);
  return log;
}

/**
 * Return the log folded anew, now that it begins earlier.
 * @param {Log} had @param {Event[]} standing @param {Event[]} events
 */
export function refolded(had, standing, events) {
  const log = logOf(standing, events);
  log.items = log.items.map((item) => {
    const was = had.items[had.index.get(item.key) ?? -1];
    return was && JSON.stringify(was) === JSON.stringify(item) ? was : item;
  });
  return log;
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
  asked: new Map(log.asked),
  merged: new Map(log.merged),
  schedules: new Map(log.schedules),
});

/** @param {Log} log @param {Event} event */
function take(log, event) {
  if (event.seq <= log.seq) return;
  if (log.seq && event.seq !== log.seq + 1) throw new Gap(`expected ${log.seq + 1}, got ${event.seq}`);
  log.first ||= event.seq;
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

/** Return the question that was asked last under an id. @param {Log} log @param {string} question */
export const askedIn = ({ items, asked }, question) =>
  asked.get(question) ??
  items.filter((item) => item.kind === "question" && item.question === question).at(-1);

/** Return the open questions, the oldest first. @param {Log} log */
export const questionsOf = ({ items, questions, asked }) => [
  ...asked.values(),
  ...items.filter((item) => item.kind === "question" && !item.closed && questions.has(item.question)),
];

/** @param {Log} log @returns {"idle" | "running" | "waiting"} */
export function stateOf(log) {
  if (log.open) return "running";
  return log.questions.size ? "waiting" : "idle";
}

/** The key of what the open run writes next. @param {Log} log */
export const writingKey = (log) => (log.open ? `run:${log.open.run}:${log.open.said}` : "");

// -- how items are added and replaced ---------------------------------------------------------

/** @param {Log} log @param {Event} event @param {string} key @param {string} kind @param {object} rest */
const add = (log, event, key, kind, rest) =>
  put(log, { key, kind, seq: event.seq, at: event.at, ...rest });

/** @param {Log} log @param {Item} item */
function put(log, item) {
  log.index.set(item.key, log.items.length);
  log.seqs.set(item.seq, item.key);
  log.items.push(item);
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
  said: event.content?.said ?? {},
  attachments: event.content?.attachments ?? [],
  literal: event.content?.literal === true,
});

/**
 * Put what became of something pushed below what it says, in each language of either.
 * @param {Item} pushed @param {Event} event
 */
function below(pushed, event) {
  const codes = Object.keys({ ...pushed.said, ...event.said });
  const both = (/** @type {string} */ code) =>
    `${pushed.said?.[code] ?? pushed.text}\n\n${event.said?.[code] ?? event.text ?? ""}`;
  return { text: both(""), said: Object.fromEntries(codes.map((code) => [code, both(code)])) };
}

/** What of a schedule people change: when it was planned anew, all of it is as before. */
const planOf = ({ rule = {}, action, text, to, late, until }) =>
  JSON.stringify([rule.at, rule.seconds, rule.expression, rule.zone, action, text, to, late, until]);

/**
 * What happened to a schedule that was set; empty: nothing that people did, or can tell by what is
 * known. Whose it is, is not who paused it.
 * @param {Event | undefined} before @param {Event} now
 */
function changeOf(before, now) {
  const again = before !== undefined || now.again > 0;
  if (!again) return "scheduled";
  if (now.paused && !before?.paused) return "paused";
  if (before?.paused && !now.paused) return "resumed";
  return before && planOf(before) !== planOf(now) ? "changed" : "";
}

const SHOWN_ENDS = new Set(["cancelled", "failed", "abandoned"]);

/** A run that a message interrupted is followed by the next one at once. @param {Event} event */
const shows = ({ outcome, reason }) => SHOWN_ENDS.has(outcome) && reason !== "interrupted";

/** Whether a notice of the same run has just said why it ended. @param {Log} log @param {Event} event */
function explained(log, { run }) {
  const last = log.items[log.items.length - 1];
  return last?.kind === "composed" && last.tone === "notice" && last.run === run;
}

/** @param {Log} log @param {Event} event @returns {Item} */
const question = (log, event) => ({
  key: `question:${event.seq}`,
  kind: "question",
  seq: event.seq,
  at: event.at,
  question: event.question,
  run: event.run,
  form: event.kind,
  text: event.text ?? "",
  options: event.options ?? [],
  to: event.to ?? [],
  call: event.call ?? null,
  expires: event.expires_at ?? null,
  agent: event.agent || log.open?.agent || log.agent,
  closed: null,
});

/** That a browser rings is its person's business. @param {Event} event */
const isBrowser = ({ conversation }) => String(conversation).startsWith("browser_");

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
    const { run, agent = "", at, upto = 0 } = event;
    log.open = { run, agent, at, said: 0, upto };
    log.agent = event.agent || log.agent;
  },
  run_finished(log, event) {
    const upto = log.open?.run === event.run ? log.open.upto : log.position + 1;
    if (log.open?.run === event.run) log.open = null;
    log.ended.add(event.run);
    if (shows(event) && !explained(log, event)) {
      line(log, event, {
        what: event.outcome,
        who: event.by ?? null,
        reason: event.reason ?? "",
        again: event.upto < upto,
      });
    }
    log.position = Math.max(log.position, event.upto ?? 0);
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
    put(log, question(log, event));
  },
  question_closed(log, event) {
    log.questions.delete(event.question);
    const before = log.asked.get(event.question);
    if (log.asked.delete(event.question)) put(log, { ...before, seq: event.seq, at: event.at });
    const key = `question:${event.asked}`;
    const asked = log.items[log.index.get(key) ?? -1];
    if (asked && asked !== log.items[log.items.length - 1] && event.outcome !== "answered")
      line(log, event, { what: event.outcome, of: asked });
    replace(log, key, {
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
  push_closed(log, event) {
    const key = log.seqs.get(event.push);
    const pushed = log.items[log.index.get(key) ?? -1];
    if (pushed) replace(log, key, { buttons: [], ...below(pushed, event) });
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
    if (isBrowser(event)) return;
    line(log, event, { what: "linked", where: event.conversation });
  },
  conversation_unlinked(log, event) {
    if (isBrowser(event)) return;
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
    const what = changeOf(log.schedules.get(event.schedule), event);
    log.schedules.set(event.schedule, event);
    if (what) line(log, event, { what, who: event.by ?? null, text: event.text ?? "" });
  },
  schedule_removed(log, event) {
    log.schedules.delete(event.schedule);
    line(log, event, { what: "unscheduled", who: event.by ?? null });
  },
  background_started(log, event) {
    line(log, event, { what: "begun", text: event.task ?? "" });
  },
  background_stopped(log, event) {
    line(log, event, { what: "halted", who: event.by ?? null });
  },
  note_kept(log, event) {
    line(log, event, { what: "noted", text: event.text ?? "" });
  },
  exchange_undone(log, event) {
    line(log, event, { what: "undone", who: event.by ?? null });
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

/** What an event of before the log does to it. @type {Record<string, (log: Log, event: Event) => void>} */
const STANDING = {
  run_started: FOLDS.run_started,
  question_asked(log, event) {
    log.questions.add(event.question);
    log.asked.set(event.question, question(log, event));
  },
};
