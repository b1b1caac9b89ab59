/** Items in words: who says it, and how a reader that listens hears it. */

import { inMine, listed } from "../language.js";
import { plain } from "../markdown.js";
import { namesOf } from "../media.js";
import { label, shortened } from "../text.js";
import { WORDS } from "../words.js";
import { nameOf } from "./question.js";

/** @typedef {import("./rows.js").Context} Context */

/** @param {any} item @param {Context} context */
export function speakerOf(item, context) {
  if (item.kind === "said") return context.name(item.who);
  if (item.kind === "pushed") return sourceOf(item.source);
  return label(item.agent) || WORDS.agent;
}

/** Name what an unprompted message came from; a schedule's name is an id. @param {any} source */
export function sourceOf(source) {
  const name = source?.kind === "schedule" ? "" : label(source?.name);
  return name || (WORDS.cameFrom[source?.kind] ?? WORDS.bridge);
}

/** Return a line of the log as a sentence. @param {any} item @param {Context} context */
export function sentence(item, context) {
  const write = WORDS.lines[item.what];
  if (!write) return "";
  const by = item.by ? context.name(item.by) : "";
  const told = item.of ? { ...item, text: named(item.of) } : item;
  return label(shortened(write(told, context.name(item.who), by, context.place(item.where)), 400));
}

/** Name a question on one line: by its call, else how it begins. @param {any} question */
const named = (question) => shortened(question.call?.brief || plain(question), 80);

/**
 * Return an item as it is announced; empty for what nobody has to be told of.
 * @param {any} item @param {Context} context
 */
export function spoken(item, context) {
  const speak = Object.hasOwn(SPOKEN, item.kind) ? SPOKEN[item.kind] : null;
  return speak ? speak(item, context) : "";
}

/** What an item says in one plain text, as its reader reads it. @param {any} item */
const heard = (item) => plain({ ...item, text: inMine(item) });

/** What an item says in one plain text: its words, else the names of its files. @param {any} item */
export const gist = (item) => heard(item) || namesOf(item.attachments);

/** @param {any} item */
function words(item) {
  const said = shortened(heard(item), 600);
  return [said, namesOf(item.attachments)].filter(Boolean).join(" ");
}

/** Lines that someone who does not look has to be told. */
const ANNOUNCED = new Set(["cancelled", "failed", "expired", "withdrawn"]);

/** @type {Record<string, (item: any, context: Context) => string>} */
const SPOKEN = {
  said(item, context) {
    if (context.mine(item.who)) return "";
    const who = WORDS.said(context.name(item.who), context.place(item.where));
    return WORDS.announced(who, words(item));
  },
  composed(item, context) {
    const silent = item.tone === "interim";
    return silent ? "" : WORDS.announced(speakerOf(item, context), words(item));
  },
  pushed: (item, context) => WORDS.announced(speakerOf(item, context), words(item)),
  question(item) {
    const options = listed(item.options.map(nameOf));
    return WORDS.announced(WORDS.question, `${words(item)} ${options}`);
  },
  line(item, context) {
    return ANNOUNCED.has(item.what) ? sentence(item, context) : "";
  },
};
