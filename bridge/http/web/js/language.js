/**
 * The language that the page speaks.
 *
 * Rules:
 * - A text is English in the code and its own key: `_("Reply to {name}", { name })`. What a catalog
 *   does not have is said in English, text by text.
 * - Catalogs are `/web/words/<code>.json`, made from the same `.po` files as the texts in chats, and
 *   `/web/words/<code>.more.json`, which is read once a dialog is opened. For English none is read. A catalog that cannot be had leaves the page in the language it speaks.
 * - What is put in is never read as a pattern.
 * - The language is the person's; until it is known, and where they chose none, the browser's.
 *
 * @typedef {Record<string, string | Record<string, string>>} Texts  in forms by plural category
 */

import { shared } from "./storage.js";

/** The languages there are, as those who speak them call them. */
export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  zh: "简体中文",
};
const TAGS = { zh: "zh-Hans" };
const ENGLISH = "en";
const KEPT = "bridgehead.language";
const READ_TIMEOUT_MS = 30_000;
const NAMED = /\{([a-z_]+)\}/g;

/** @type {{code: string, texts: Texts}} */
let spoken = { code: ENGLISH, texts: {} };
/** @type {Map<string, Promise<Texts>>} */
const catalogs = new Map();

/** Return a text in the language of the page. @param {string} pattern @param {Record<string, any>} [values] */
export function _(pattern, values = {}) {
  const found = own(pattern);
  return put(typeof found === "string" ? found : pattern, values);
}

/**
 * Return a text about `count` of something, which stands in it as `{count}`.
 * @param {string} one @param {string} many @param {number} count @param {Record<string, any>} [values]
 */
export function _n(one, many, count, values = {}) {
  const found = own(one);
  const forms = typeof found === "object" ? found : { one, other: many };
  const locale = found ? spoken.code : ENGLISH;
  const form = forms[new Intl.PluralRules(locale).select(count)] ?? forms.other;
  return put(form, { ...values, count: count.toLocaleString(tag()) });
}

/** @param {string} pattern */
const own = (pattern) =>
  Object.hasOwn(spoken.texts, pattern) ? spoken.texts[pattern] : undefined;

/** @param {string} pattern @param {Record<string, any>} values */
const put = (pattern, values) =>
  pattern.replace(NAMED, (whole, name) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );

/**
 * Return a text of the log: the bridge's own is there in other languages, too.
 * @param {{text?: string, label?: string, said?: Record<string, string>}} item
 */
export const inMine = ({ text, label, said = {} }) =>
  (Object.hasOwn(said, spoken.code) ? said[spoken.code] : null) ?? text ?? label ?? "";

/** The code of the language that is spoken. */
export const code = () => spoken.code;

/** How times and numbers are written: as the browser does it, if that is in the same language. */
export const tag = () => navigator.languages.find((each) => codeOf(each) === code()) ?? code();

/** Return names as one text. @param {string[]} names */
export function listed(names) {
  // No comma before the last "and".
  const locale = code() === ENGLISH ? "en-GB" : code();
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(names);
}

/** @param {string} wanted  such as `de-AT` */
function codeOf(wanted) {
  const [language] = wanted.toLowerCase().split("-");
  return Object.hasOwn(LANGUAGES, language) ? language : "";
}

const browsers = () => navigator.languages.map(codeOf).find(Boolean) ?? ENGLISH;

/**
 * Speak the language that somebody chose; nothing: the browser's. It is kept for the next time.
 * @param {string} chosen @returns {Promise<boolean>} whether it is another one than before
 */
export async function speak(chosen) {
  if (chosen) shared.set(KEPT, chosen);
  else shared.remove(KEPT);
  return change(codeOf(chosen) || browsers());
}

/** Speak as somebody wanted it the last time, for as long as nobody is signed in. */
export const speakAsBefore = () => change(codeOf(shared.get(KEPT) ?? "") || browsers());

/** @type {string} the one that was asked for last */
let asked = ENGLISH;

/** @param {string} wanted */
async function change(wanted) {
  asked = wanted;
  if (wanted === spoken.code) return false;
  const texts = await textsOf(wanted).catch(() => null);
  if (texts === null || asked !== wanted || wanted === spoken.code) return false;
  spoken = { code: wanted, texts };
  const { documentElement: page } = document;
  page.lang = TAGS[wanted] ?? wanted;
  page.dir = /** @type {any} */ (new Intl.Locale(wanted)).textInfo?.direction ?? "ltr";
  return true;
}

/** The parts of a language that are wanted by now. */
const parts = [""];
const MORE = ".more";

/** Have the texts of dialogs, too; what cannot be had is said in English. */
export async function more() {
  if (!parts.includes(MORE)) parts.push(MORE);
  const { code } = spoken;
  const texts = await textsOf(code).catch(() => null);
  if (texts && spoken.code === code) spoken = { code, texts };
}

/** @param {string} wanted @returns {Promise<Texts>} */
async function textsOf(wanted) {
  if (wanted === ENGLISH) return {};
  const wantedParts = [...parts];
  const read = await Promise.all(wantedParts.map((part) => catalogOf(`${wanted}${part}`)));
  if (wantedParts.length < parts.length) return textsOf(wanted);
  return Object.assign({}, ...read);
}

/** @param {string} name @returns {Promise<Texts>} */
function catalogOf(name) {
  const reading = catalogs.get(name) ?? read(name);
  catalogs.set(name, reading);
  reading.catch(() => catalogs.delete(name));
  return reading;
}

/** @param {string} name @returns {Promise<Texts>} */
async function read(name) {
  const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
  const response = await fetch(`/web/words/${name}.json`, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}
