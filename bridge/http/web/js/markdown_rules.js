/**
 * The rules by which chat apps are shown the same words, for the page (bridge/delivery/markdown_rules.py
 * has their reasons): names, products and paths are no emphasis; emphasis beside the punctuation of
 * Chinese, Japanese and Korean is some; a formula is kept to the letter.
 */

const IN_PRODUCT =
  /(?<=[A-Za-z0-9_])\*(?=[A-Za-z0-9_])(?!\*)|(?<=[0-9])\*\*(?=[A-Za-z0-9_])|(?<=[A-Za-z0-9_])\*\*(?=[0-9])/y;
const NAME =
  /__(?:(?:init|main|name|file|all|doc|dict|class|version)__(?![\p{L}\p{N}_])|[A-Za-z0-9][\p{L}\p{N}_]{0,60}?__(?=\.[\p{L}\p{N}_]|\())/uy;
const OWN_NAME = /__[A-Za-z0-9][\p{L}\p{N}_]{0,60}?__(?![\p{L}\p{N}_])/uy;
const PATH =
  /(?<![\p{L}\p{N}_\\])[A-Za-z]:\\[A-Za-z0-9][^\s<>"`|*?[\]()$]*(?<![_~.,:;!'\\])/uy;
const DRIVE = 2;
const MOST_MARKS = 50;
const WORD = /[\p{L}\p{N}_]/u;

const FORMULA =
  /\\\((?:(?!\\\()[^])+?\\\)|\\\[(?:(?!\\\[)[^])+?\\\]|\$\$(?:(?!\$\$)[^])+?\$\$|\$(?![\s$])[^$\n]{1,200}(?<!\s)\$(?![0-9])/y;
const SIGN_OF_TEX = /(?<!\\)\\[A-Za-z]|[\^=]|_\{|[A-Za-z0-9_]_[A-Za-z0-9_]/;
const LONGEST_FORMULA = 4000;

const UNSPACED =
  /[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]|[\ud82c-\ud8ff][\udc00-\udfff]/;
const PUNCTUATION = /[\p{P}\p{S}]/u;

/** Return what a pattern finds at a place, and nowhere else. */
function at(pattern, text, place) {
  pattern.lastIndex = place;
  return pattern.exec(text)?.[0] ?? "";
}

/** Take some of the text as it is. */
function taken(state, length, silent) {
  if (!silent) state.pending += state.src.slice(state.pos, state.pos + length);
  state.pos += length;
  return true;
}

function path(state, silent) {
  const drive = state.pos - DRIVE;
  if (state.src[state.pos] !== "\\" || drive < 0 || !state.pending.endsWith(":")) return false;
  const found = at(PATH, state.src, drive);
  return found.length > DRIVE && taken(state, found.length - DRIVE, silent);
}

function name(state, silent) {
  const sign = state.src[state.pos];
  if (sign === "*") {
    const found = at(IN_PRODUCT, state.src, state.pos);
    const isOpen = state.delimiters.slice(-MOST_MARKS).some((each) => each.marker === 0x2a);
    return found !== "" && !isOpen && taken(state, found.length, silent);
  }
  const before = state.src[state.pos - 1] ?? "";
  if (sign !== "_" || WORD.test(before)) return false;
  const found = at(before === "." ? OWN_NAME : NAME, state.src, state.pos);
  return found !== "" && taken(state, found.length, silent);
}

function formula(state, silent) {
  const near = state.src.slice(0, state.pos + LONGEST_FORMULA);
  const found = "\\$".includes(state.src[state.pos]) ? at(FORMULA, near, state.pos) : "";
  if (!found || !SIGN_OF_TEX.test(found.slice(found[1] === "$" ? 2 : 1).replace(/^[([]/, "")))
    return false;
  if (!silent) state.push("code_inline", "code", 0).content = found;
  state.pos += found.length;
  return true;
}

/** Teach a parser to find names, products, paths and formulas. */
export function readNames(made) {
  made.inline.ruler.before("escape", "path", path);
  made.inline.ruler.before("escape", "formula", formula);
  made.inline.ruler.before("emphasis", "name", name);
}

/** Teach a parser emphasis beside the punctuation of scripts that write no spaces. */
export function unspacedEmphasis(made) {
  made.inline.State = class extends made.inline.State {
    scanDelims(start, canSplitWord) {
      const scanned = super.scanDelims(start, canSplitWord);
      if (!canSplitWord) return scanned;
      const last = lastOf(this.src.slice(Math.max(0, start - 2), start));
      const next = firstOf(this.src.slice(start + scanned.length, start + scanned.length + 2));
      const opens = UNSPACED.test(last) && PUNCTUATION.test(next);
      const closes = PUNCTUATION.test(last) && UNSPACED.test(next);
      return {
        ...scanned,
        can_open: scanned.can_open || opens,
        can_close: scanned.can_close || closes,
      };
    }
  };
}

const lastOf = (text) => Array.from(text).at(-1) ?? "";
const firstOf = (text) => Array.from(text)[0] ?? "";
