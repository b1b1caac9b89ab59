/** Small texts: names made harmless, times, sizes. Pure, but for the language of the page. */

import { tag } from "./language.js";

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

const CLAIM =
  /(?:[a-z][a-z0-9+.-]*:[\\/]{2}[^\s]+|(?<![\p{L}\p{N}_-])(?<![\p{L}\p{N}_][./\\])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\p{L}\p{N}_-]|\.\d)|(?:[\p{L}\p{N}_-]+\.)+(?:xn--[a-z0-9-]{2,}|\p{L}{2,})(?![\p{L}\p{N}]|\.[\p{L}\p{N}])|[a-z][a-z0-9_-]*:\d{2,5}(?![\p{L}\p{N}])|localhost(?![\p{L}\p{N}_-])|0x[0-9a-f]{1,8}(?:\.(?:0x)?[0-9a-f]{1,8}){0,3}(?![\p{L}\p{N}_])|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}|(?=[0-9a-f:]{0,45}[0-9a-f])(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?)(?![\p{L}\p{N}_:])|\[(?=[^\]]{0,50}:[^\]]{0,50}:)[0-9a-f:.]{2,50}(?:%[^\]\s]{1,20})?\]))/giu;
// A text that is an address as browsers read one: in one number, or in a short form.
const NUMERIC =
  /^[\s()[\]{}<>"']*(?:https?:)?[/\\]{0,2}((?:\d{8,10}|0[0-7]{1,11}(?:\.\d{1,11}){0,3}|(?:127|192\.168)(?:\.\d{1,8}){1,2})(?::\d{1,5})?(?:[/?#]\S*?)?)[\s()[\]{}<>"'.,;!]*$/;
const SIX = /^\[?([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)(?:%[^\]]*)?\]?$/i;
const FILES =
  /\.(?:c|cc|cfg|conf|cpp|cs|css|csv|db|diff|docx?|env|exe|gif|go|gz|h|hpp|hs|html?|ini|ipynb|java|jpe?g|jsx?|jsonl?|kt|lock|log|lua|md|mjs|ml|odt|patch|pdf|php|png|pptx?|pyi?|rb|rst?|scss|sh|so|sql|svg|swift|tar|tex|toml|tsx?|tsv|txt|vb|vue|wav|webp|xlsx?|xml|ya?ml)$/i;

const LIKE_A_DOT = /[\u2024\u2043\u2027\u2219\u22c5\u3002\uff61\ua4f8\ua78f\u2e31\u2e33]/g;
const LIKE_A_SLASH = /[\u2215\u2044\u2571\u29f8\u27cb]/g;
const LIKE_A_COLON = /[\u2236\ua789\u02d0\u02f8\ua4fd\u205a]/g;
const LIKE_A_DASH = /[\u2010-\u2013\u2212\u02d7]/g;
const APART =
  /(?<=[\p{L}\p{N}_])(?:\s+\.\s*(?=(?:com|org|net|edu|gov|info|biz|io|co|dev|app|bank)\b)(?!NET\b)|\.\s+(?=(?:com|edu|gov)\b))/gu;

/** Return a text as whoever looks for a host in it reads it. @param {string} text */
const asRead = (text) =>
  text
    .replace(LIKE_A_DOT, ".")
    .replace(LIKE_A_SLASH, "/")
    .replace(LIKE_A_COLON, ":")
    .replace(LIKE_A_DASH, "-")
    .normalize("NFKC")
    .replace(APART, ".");

/** Return what in a text reads like a host, or an address of one. @param {string} plain */
const claimsOf = (plain) => {
  const [, number] = plain.trim().match(NUMERIC) ?? [];
  return [...(number ? [number] : []), ...(plain.match(CLAIM) ?? []).filter((each) => !FILES.test(each))];
};

/** @param {string} claim */
function hostOf(claim) {
  try {
    const [, six] = claim.match(SIX) ?? [];
    if (six) return new URL(`https://[${six}]`).hostname;
    const url = new URL(/^[a-z][a-z0-9+.-]*:[\\/]/i.test(claim) ? claim : `https://${claim}`);
    return url.hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
}

const MAIL = /[^\s@<>()[\]"',;:]{1,64}@(?:[\p{L}\p{N}_-]{1,63}\.){1,8}[\p{L}\p{N}]{2,63}/gu;
const NUMBER = /\+?\d(?:[\d\s()./-]{4,30})\d/g;
const MORE_READERS = /[?&](?:to|b?cc)=/i;

/**
 * Return the mailbox or number of an address that is none of the web, where a text claims another.
 * @param {string} text @param {string} address
 */
function hiddenReader(text, address) {
  const colon = address.indexOf(":");
  const [to] = address.slice(colon + 1).split("?");
  const plain = asRead(text);
  let reader = to;
  try {
    reader = decodeURIComponent(to);
  } catch {
    // as it is written
  }
  const isMail = /^mailto:/i.test(address);
  const mails = plain.match(MAIL) ?? [];
  const hosts = claimsOf(plain.replace(MAIL, ""));
  const domain = isMail ? reader.slice(reader.lastIndexOf("@") + 1).toLowerCase() : "";
  const digits = (/** @type {string} */ each) => each.replace(/\D/g, "").replace(/^0+/, "");
  const isOther =
    mails.some((each) => !isMail || each.toLowerCase() !== reader.toLowerCase()) ||
    (mails.length > 0 && MORE_READERS.test(address)) ||
    hosts.map(hostOf).some((each) => each && each !== domain && !domain.endsWith(`.${each}`)) ||
    (!isMail && (plain.match(NUMBER) ?? []).some((each) => !digits(reader).endsWith(digits(each))));
  return isOther ? address.slice(colon + 1) : "";
}

/**
 * Return the host to be shown beside a link, or nothing where its text hides none: the text names
 * another host, the address names a user before its host, or the host is written in other letters.
 * Of mail and telephone it is the mailbox or the number.
 * @param {string} text @param {string} address
 */
export function hiddenHost(text, address) {
  if (!/^https?:/i.test(address)) return hiddenReader(text, address);
  let url;
  try {
    url = new URL(address);
  } catch {
    return "";
  }
  const host = url.hostname.replace(/^www\./, "");
  const claims = claimsOf(asRead(text));
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

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const FORMATS = {
  clock: { hour: "2-digit", minute: "2-digit" },
  full: { dateStyle: "full", timeStyle: "short" },
  weekday: { weekday: "long", day: "numeric", month: "long" },
  dated: { dateStyle: "long" },
  short: { day: "numeric", month: "short" },
};
/** @type {Map<string, Intl.DateTimeFormat>} */
const made = new Map();

/** @param {string} name @param {string} at */
function written(name, at) {
  const key = `${name} ${tag()}`;
  const format = made.get(key) ?? new Intl.DateTimeFormat(tag(), FORMATS[name]);
  made.set(key, format);
  return format.format(new Date(at));
}

const DAY = 86_400_000;

/** @param {string} at */
export const timeOf = (at) => written("clock", at);

/** @param {string} at */
export const fullTimeOf = (at) => written("full", at);

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
  return written(near ? "weekday" : "dated", at);
}

/** Return a time for a list: the hour today, else the day. @param {string} at @param {Date} now */
export function whenOf(at, now) {
  return dayOf(at) === dayOf(now.toISOString()) ? timeOf(at) : written("short", at);
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = value < 10 && unit ? 1 : 0;
  const rounded = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${value.toLocaleString(tag(), rounded)} ${units[unit]}`;
}

/** @param {string} text @param {number} most */
export const shortened = (text, most) =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;
