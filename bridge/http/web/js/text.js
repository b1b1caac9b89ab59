/** Small texts: names made harmless, times, sizes. Pure. */

// Controls that reorder text, and characters that show nothing: both let a name pass for another.
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff]/g;

/** Return a name or a label fit to stand beside other text, on one line. @param {unknown} raw */
export function label(raw) {
  const text = String(raw ?? "")
    .replace(REORDERING, "")
    .replace(INVISIBLE, " ");
  return text.replace(/\s+/g, " ").trim();
}

// What shows nothing, but hides words from people or from filters. Flags of regions are made of tags.
const UNSEEN =
  /(\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f})|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Return text without what cannot be seen, and without what turns it around. @param {string} text */
export const seen = (text) => text.replace(UNSEEN, "$1");

const CLAIM = /(?:[a-z][a-z0-9+.-]*:[\\/]{2}[^\s]+|(?:[\p{L}\p{N}_-]+\.)+\p{L}{2,}(?![\p{L}\p{N}]))/giu;
const FILES = /\.(?:c|cc|cs|css|csv|db|go|h|hs|html|java|js|json|kt|lock|md|ml|pdf|php|pl|png|py|rb|rs|sh|so|sql|toml|ts|txt|vb|xml|yaml|yml)$/i;

/** @param {string} claim */
function hostOf(claim) {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:[\\/]/i.test(claim) ? claim : `https://${claim}`);
    return url.hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
}

/**
 * Return the host to be shown beside a link, or nothing where its text hides none: the text names
 * another host, the address names a user before its host, or the host is written in other letters.
 * @param {string} text @param {string} address
 */
export function hiddenHost(text, address) {
  if (!/^https?:/i.test(address)) return "";
  let url;
  try {
    url = new URL(address);
  } catch {
    return "";
  }
  const host = url.hostname.replace(/^www\./, "");
  const claims = (text.normalize("NFKC").match(CLAIM) ?? []).filter((each) => !FILES.test(each));
  const others = claims.map(hostOf).filter((each) => each && each !== host && !host.endsWith(`.${each}`));
  const foreign = /(?:^|\.)xn--/.test(host) && claims.length > 0;
  return others.length || url.username || foreign ? url.host : "";
}

/** Return source text with reordering controls made visible. @param {string} text */
export function exposed(text) {
  return text.replace(
    REORDERING,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** @param {string} name */
export function initials(name) {
  const parts = label(name).split(" ").filter(Boolean);
  const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
  return (
    letters
      .map((part) => [...part][0])
      .join("")
      .toUpperCase() || "?"
  );
}

/** Return which of the page's eight hues stands for this id, always the same. @param {string} id */
export function hue(id) {
  let sum = 7;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return sum % 8;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const dated = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

const DAY = 86_400_000;

/** @param {string} at */
export const timeOf = (at) => clock.format(new Date(at));

/** @param {string} at */
export const fullTimeOf = (at) => full.format(new Date(at));

/** Return the local day as "2026-11-23", to compare by. @param {string} at */
export function dayOf(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** @param {string} at @param {Date} now @param {{today: string, yesterday: string}} words */
export function dayName(at, now, words) {
  const day = dayOf(at);
  if (day === dayOf(now.toISOString())) return words.today;
  if (day === dayOf(new Date(now.getTime() - DAY).toISOString())) return words.yesterday;
  const near = Math.abs(now.getTime() - new Date(at).getTime()) < 180 * DAY;
  return (near ? weekday : dated).format(new Date(at));
}

/** Return a time for a list: the hour today, else the day. @param {string} at @param {Date} now */
export function whenOf(at, now) {
  return dayOf(at) === dayOf(now.toISOString()) ? timeOf(at) : short.format(new Date(at));
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** @param {string} text @param {number} most */
export const shortened = (text, most) =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;
