"""How a tool call is shown to people, in every place: what is approved is what is shown. Pure.

It is made here and not by the agent that asks, whose words may say anything.

The rules:

- Two calls that differ never look the same. The arguments are shown as JSON over several lines,
  in the order in which they were given; a text that is no JSON is shown as it was written, and
  says so.
- What cannot be seen, what turns the order of other letters round, and what looks like something
  else is written out between `⟨` and `⟩`: `⟨U+202E⟩`, `⟨3000 spaces⟩`, `⟨40 times U+3164⟩`,
  `⟨5 backticks⟩`. Those two marks themselves are written out wherever a call holds them.
- One space between letters stays; two and more are counted, and so is every other kind of blank.
- A letter that does not stand for itself after Unicode's normalisation (NFC) is written out, and so
  are marks piled upon one letter, a letter of another alphabet inside a word, and any letter or
  sign that looks like one of ASCII: `⟨U+0261⟩it`, `a⟨U+FF1B⟩b`, `it⟨U+2019⟩s`.
- Of scripts whose letters are seldom taken for Latin ones, Hebrew or Thai for instance, those few
  letters and digits that are taken so are written out in a word that has anything else but such
  letters: `file⟨U+0665⟩`; and in one that has nothing else. A digit of ASCII in a word of another
  alphabet, with letters that look like it, is written out as well: `и⟨U+0033⟩`.
- A word of another alphabet that could be read as a Latin one is told to be none: `⟨Cyrillic⟩сор`
  where its letters are everyday ones, else letter by letter. Other words stay as they are.
- No line is longer than `WIDTH`: a line that goes on in the next says so. So a part of a message
  always ends at the end of a line, and nothing is lost where a platform or we cut.
- No words of a question change how its call is read.
- A call of more than `MOST_IN_PARTS` characters, as written or as shown, is shown by its head, its
  tail, and how much is left out between them. It cannot be approved where it was not shown whole.
"""

# ruff: noqa: RUF002 - letters of other scripts are the point

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bridge.domain.events import PlannedCall, QuestionAsked, is_whole
from bridge.domain.look_alikes import latin_base, looks

WIDTH = 100
"""Characters of a line, without the mark that it goes on."""

MOST_IN_PARTS = 20_000
"""Characters of a call that a chat app is shown whole: a dozen messages at most."""

MOST_ON_ONE_LINE = 4_000
"""Characters of arguments that are read whole for one line; of more, only the ends are."""

AN_END = 1200
"""Characters that are shown of each end of a call that is too long."""

LONGEST_NAMED = 80
"""Characters of the few words that name a question."""

DEEPEST = 24
"""Levels of nesting that are shown by indentation; what is deeper stands on one line."""

MOST_MARKS = 2
"""Combining marks that one letter may carry: more of them cover what stands around it."""

GOES_ON = "⟨goes on⟩"
AS_WRITTEN = "⟨no JSON, as it was written⟩"
NOTHING = "⟨no arguments⟩"
RIGHT_TO_LEFT = "⟨some letters here are written from right to left⟩"

_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_MARKS = frozenset({"Mn", "Mc", "Me"})
_LOOKS_EMPTY = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffc"
    "\U00016fe4\U0001d159"
)
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
_OURS = frozenset("⟨⟩〈〉\u2329\u232a❬❭⧼⧽")
"""Our marks, and what can be taken for them."""

_FOREIGN = (
    *("GREEK ", "CYRILLIC ", "ARMENIAN ", "CHEROKEE ", "COPTIC ", "LISU ", "CANADIAN SYLLABICS "),
    *("DESERET ", "TIFINAGH ", "RUNIC "),
)
"""Alphabets with letters that look like Latin ones."""

_OTHER_SCRIPTS = (
    *("HEBREW ", "ARABIC", "EXTENDED ARABIC", "NKO ", "DEVANAGARI ", "BENGALI ", "GURMUKHI "),
    *("GUJARATI ", "ORIYA ", "TAMIL ", "TELUGU ", "KANNADA ", "MALAYALAM ", "THAI ", "LAO "),
    *("MYANMAR ", "ETHIOPIC ", "ADLAM "),
)
_STROKES = ("CJK ", "IDEOGRAPHIC ", "KATAKANA", "HANGUL ")
"""Scripts of which only a few letters and digits look like those of ASCII; the latter's are plain
strokes and rings, which are what they are beside another letter of theirs."""

_APOSTROPHE = "\u2019"

_EVERYDAY = {
    "Cyrillic": frozenset("АВЕЁКМНОРСТУХІЇаеёорсухіїкмтвнзбч"),
    "Greek": frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεγικνορτυχάέίόύΆΈΉΊΌΎ"),
}
"""Letters that look like Latin ones, and no two of them like the same."""

_ODD = re.compile(r"[^\x20-\x7e]+| {2,}|\A | \Z|`{3,}")
_ALIKE = re.compile(r"(.)\1*", re.DOTALL)
_WORD = re.compile(r"\w+")
_RUN = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[^\W\d_]+|[01346]|[^\W_]")
"""Letters, a digit that letters of other alphabets look like, and any other digit."""

_DIGIT = re.compile("[01346]")
_ASCII = re.compile("[0-9A-Za-z]")
_LATIN = re.compile(r"[A-Za-z]")
_OTHER_ALPHABETS = re.compile(
    "[\u0370-\u1fff\u2c80-\u2d7f\u3007\u30a0-\u30ff\u3130-\u318f\u4e00\u4e28"
    "\u4e36\ua4d0-\ua4ff\ua640-\ua69f\uab70-\uabbf\U00010400-\U0001044f\U0001e900-\U0001e95f]"
)
_BACKWARDS = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_HALF, _OTHER_HALF = re.compile(r"⟨[^⟩]*\Z"), re.compile(r"\A[^⟨⟩]*⟩")
"""What a cut leaves of something written out."""

_FENCE = re.compile("`{3}|~{3}")
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*+"|([\[{])|([\]}])', re.DOTALL)


# -- a call in a place ----------------------------------------------------------------------------


def fits_in_parts(call: PlannedCall) -> bool:
    """Say whether a chat app is shown the whole call."""
    is_short = len(call.arguments) <= MOST_IN_PARTS
    return is_short and len(text(call.name, call.arguments)) <= MOST_IN_PARTS


def block(call: PlannedCall, *, in_parts: bool = True) -> str:
    """Return a call as a block of code, in Markdown: its ends if it does not fit `in_parts`."""
    if in_parts and len(call.arguments) > MOST_IN_PARTS:
        return f"```\n{_far_too_long(call.name, call.arguments)}\n```"
    shown = text(call.name, call.arguments)
    ends = in_parts and len(shown) > MOST_IN_PARTS
    return f"```\n{_ends(shown) if ends else shown}\n```"


def under(words: str, call: PlannedCall, *, in_parts: bool = True) -> str:
    """Return a question in Markdown: its words, and the call below them.

    Words that begin a block of code would take the call for its end, and the call would be read as
    Markdown, which shows less than is written. They stand below the call.
    """
    shown = block(call, in_parts=in_parts)
    parts = (shown, words) if _FENCE.search(words) else (words, shown)
    return "\n\n".join(parts)


@lru_cache(maxsize=64)
def text(name: str, arguments: str) -> str:
    """Return a call as plain text over several lines; its ends where it is beyond all measure."""
    if not is_whole(arguments):
        return _far_too_long(name, arguments)
    lines = [each for line in _lines(name, arguments) for each in _wrapped(line)]
    shown = "\n".join(lines)
    return f"{shown}\n{RIGHT_TO_LEFT}" if _BACKWARDS.search(shown) else shown


def brief(name: str, arguments: str, *, most: int = 120) -> str:
    """Return a call on one line: its head and its tail where it is longer."""
    half = most // 2
    value = _parsed(arguments) if is_whole(arguments) else None
    if value is not None:
        arguments = _dumped(value.one, indent=None)
    is_read = len(arguments) <= MOST_ON_ONE_LINE
    shown = visible(arguments) if is_read else arguments
    if len(shown) > most:
        head, tail = _two(shown, half)
        if not is_read:
            head, tail = visible(head)[:half], visible(tail)[-half:]
        shown = f"{_HALF.sub('', head)}{_left_out(len(shown) - most)}{_OTHER_HALF.sub('', tail)}"
    return f"{visible(name)} {shown}"


def named(asked: QuestionAsked) -> str:
    """Name a question on one line, in Markdown: by its call if it has one, else how it begins."""
    if asked.call is None:
        first = next(filter(None, map(str.strip, asked.text.splitlines())), "")
        return first if len(first) <= LONGEST_NAMED else f"{first[: LONGEST_NAMED - 1]}…"
    shown = brief(asked.call.name, asked.call.arguments, most=LONGEST_NAMED)
    return f"`{' '.join(shown.replace('`', chr(39)).split())}`"


def _ends(shown: str) -> str:
    """Return the first and the last lines of a call that is too long."""
    head = shown[: shown.rindex("\n", 0, AN_END)]
    tail = shown[shown.index("\n", len(shown) - AN_END) + 1 :]
    return f"{head}\n{_left_out(len(shown) - len(head) - len(tail))}\n{tail}"


def _far_too_long(name: str, arguments: str) -> str:
    """Return the ends of what would take long to read even for a machine."""
    head, tail = ("\n".join(_wrapped(visible(end))) for end in _two(arguments, AN_END))
    left = _left_out(len(arguments) - 2 * AN_END)
    return f"{visible(name)} {AS_WRITTEN}\n{head}\n{left}\n{tail}"


def _two(whole: str, most: int) -> tuple[str, str]:
    return whole[:most], whole[-most:]


def _left_out(count: int) -> str:
    return f"⟨{count} more characters⟩"


# -- its lines ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Value:
    one: Any


def _lines(name: str, arguments: str) -> Iterator[str]:
    named = visible(name)
    value = _parsed(arguments)
    if value is None:
        written = f"{AS_WRITTEN} {visible(arguments)}" if arguments.strip() else NOTHING
        yield f"{named} {written}"
        return
    deep = _depth(arguments) > DEEPEST
    for number, line in enumerate(_dumped(value.one, indent=None if deep else 2).split("\n")):
        bare = line.lstrip(" ")
        indent = line[: len(line) - len(bare)]
        yield f"{indent if number else f'{named} '}{visible(bare)}"


def _parsed(arguments: str) -> _Value | None:
    """Return what the arguments say; None where they are no JSON, or say two things of one name."""
    try:
        value = json.loads(arguments, object_pairs_hook=_once)
        json.dumps(value)
    except (ValueError, RecursionError):
        return None
    return _Value(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _dumped(value: Any, *, indent: int | None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _depth(arguments: str) -> int:
    depth = deepest = 0
    for match in _NESTING.finditer(arguments):
        depth += 1 if match[1] else -1 if match[2] else 0
        deepest = max(deepest, depth)
    return deepest


def _wrapped(line: str) -> Iterator[str]:
    """Cut a line that is too long, never in the middle of what is written out."""
    start = 0
    while len(line) - start > WIDTH + len(GOES_ON):
        cut = start + WIDTH
        mark = line.rfind("⟨", start, cut)
        if mark > start and line.find("⟩", mark, cut) < 0:
            cut = mark
        while cut > start + 1 and unicodedata.category(line[cut]) in _MARKS:
            cut -= 1
        yield line[start:cut] + GOES_ON
        start = cut
    yield line[start:]


# -- what cannot be seen --------------------------------------------------------------------------


def visible(written: str) -> str:
    """Write out what cannot be seen, or is not what it looks like."""
    shown = _ODD.sub(_spelled, written)
    return _WORD.sub(_of_one_alphabet, shown) if _OTHER_ALPHABETS.search(shown) else shown


def _spelled(odd: re.Match[str]) -> str:
    found = odd[0]
    if found[0] == " ":
        return f"⟨{len(found)} space{'s' if len(found) > 1 else ''}⟩"
    if found[0] == "`":
        return f"⟨{len(found)} backticks⟩"
    return "".join(_letters(found, odd.string[odd.start() - 1] if odd.start() else ""))


def _letters(found: str, before: str) -> Iterator[str]:
    """Yield letters as they are shown. `before` is the one that marks may stand on."""
    for alike in _ALIKE.finditer(found):
        char, count = alike[1], len(alike[0])
        if _is_hidden(char):
            times = f"{count} times " if count > 1 else ""
            yield f"⟨{times}{_code(char)}⟩"
            before = ""
            continue
        for _ in range(count):
            if _stands(before, char):
                before = before + char if unicodedata.category(char) in _MARKS else char
                yield char
            else:
                yield f"⟨{_code(char)}⟩"
                before = before if unicodedata.category(char) in _MARKS else ""


@lru_cache(maxsize=4096)
def _is_hidden(char: str) -> bool:
    return (
        unicodedata.category(char) in _HIDDEN
        or char in _LOOKS_EMPTY
        or char in _OURS
        or any(ord(char) in each for each in _SELECTORS)
        or unicodedata.normalize("NFC", char) != char
        or _is_dressed_up(char)
    )


def _is_dressed_up(char: str) -> bool:
    """Say whether it looks like ASCII, such as a wide letter; not in a word of its alphabet."""
    is_alike = char == _APOSTROPHE or looks(char).isascii()
    return is_alike and not (_is_foreign(char) or _is_other(char))


def _stands(before: str, char: str) -> bool:
    """Say whether a character is shown as itself behind a letter and the marks on it."""
    if unicodedata.category(char) in _MARKS and (
        not before[:1].isalpha() or len(before) > MOST_MARKS
    ):
        return False
    return unicodedata.normalize("NFC", before + char) == before + char


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"


def _of_one_alphabet(word: re.Match[str]) -> str:
    """Write out the letters of other alphabets in a word that has Latin ones, or seems to."""
    if _LATIN.search(word[0]):
        return _written_out(word[0], mixed=True)
    return _RUN.sub(lambda run: _without_latin(run[0]), word[0])


def _without_latin(run: str) -> str:
    """Tell of what looks like ASCII in letters and digits without a Latin letter among them."""
    if len({_script(char) for char in run if not char.isascii()} - {""}) > 1:
        return _written_out(run, mixed=True)
    is_foreign = any(map(_is_foreign, run))
    is_other = any(map(_is_apart, run))
    is_mixed = is_foreign or _ASCII.search(run) is not None

    def shown(piece: re.Match[str]) -> str:
        part = piece[0]
        if _DIGIT.fullmatch(part):
            return f"⟨{_code(part)}⟩" if is_foreign or is_other else part
        if any(map(_is_foreign, part)):
            return _told(part)
        return _written_out(part) if is_mixed or all(map(latin_base, run)) else part

    return _PIECE.sub(shown, run)


def _told(word: str) -> str:
    """Return a word without Latin letters; what can be read as a Latin one is told to be none."""
    if not all(latin_base(char) for char in word if _is_foreign(char)):
        return word
    for alphabet, letters in _EVERYDAY.items():
        if letters.issuperset(word):
            return f"⟨{alphabet}⟩{word}"
    return _written_out(word)


def _written_out(word: str, *, mixed: bool = False) -> str:
    """Write out what is not what it looks like; in a mixed word whatever is of another alphabet."""
    return "".join(
        f"⟨{_code(char)}⟩"
        if _is_foreign(char) or _is_odd(word, at) or (mixed and _is_apart(char))
        else char
        for at, char in enumerate(word)
    )


def _is_odd(word: str, at: int) -> bool:
    """Say whether a letter or digit of another script looks like one of ASCII where it stands."""
    if not (_is_other(word[at]) and latin_base(word[at])):
        return False
    beside = (word[max(0, at - 1) : at], word[at + 1 : at + 2])
    return not (_is_stroke(word[at]) and any(map(_is_own, beside)))


def _is_own(char: str) -> bool:
    """Say whether a character is a letter of a script of strokes, and like none of ASCII."""
    return bool(char) and _is_stroke(char) and not latin_base(char)


@lru_cache(maxsize=4096)
def _is_apart(char: str) -> bool:
    """Say whether a letter or digit is of another script, but for those of strokes."""
    return _is_other(char) and not _is_stroke(char)


def _script(char: str) -> str:
    if _is_stroke(char) or unicodedata.name(char, "").startswith("HIRAGANA"):
        return "strokes"
    if unicodedata.category(char) in _MARKS or not char.isalnum():
        return ""
    return unicodedata.name(char, "").partition(" ")[0].partition("-")[0]


@lru_cache(maxsize=4096)
def _is_stroke(char: str) -> bool:
    return unicodedata.name(char, "").startswith(_STROKES)


@lru_cache(maxsize=4096)
def _is_other(char: str) -> bool:
    is_letter = char.isalnum() and not char.isascii()
    return is_letter and unicodedata.name(char, "").startswith((*_OTHER_SCRIPTS, *_STROKES))


@lru_cache(maxsize=4096)
def _is_foreign(char: str) -> bool:
    is_letter = char.isalnum() and not char.isascii()
    return is_letter and unicodedata.name(char, "").startswith(_FOREIGN)
