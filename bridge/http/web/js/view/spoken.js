/** Items in words: who says it, and how a reader that listens hears it. */

import { plain } from "../markdown.js";
import { namesOf } from "../media.js";
import { label, shortened } from "../text.js";
import { WORDS, listed } from "../words.js";

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
  return label(shortened(write(item, context.name(item.who), by, context.place(item.where)), 400));
}

/**
 * Return an item as it is announced; empty for what nobody has to be told of.
 * @param {any} item @param {Context} context
 */
export function spoken(item, context) {
  const speak = Object.hasOwn(SPOKEN, item.kind) ? SPOKEN[item.kind] : null;
  return speak ? speak(item, context) : "";
}

/** What an item says in one plain text: its words, else the names of its files. @param {any} item */
export const gist = (item) => plain(item) || namesOf(item.attachments);

/** @param {any} item */
function words(item) {
  const said = shortened(plain(item), 600);
  return [said, namesOf(item.attachments)].filter(Boolean).join(" ");
}

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
    const options = listed(item.options.map((option) => label(option.label)));
    return WORDS.announced(WORDS.question, `${words(item)} ${options}`);
  },
  line(item, context) {
    return item.what === "cancelled" || item.what === "failed" ? sentence(item, context) : "";
  },
};
