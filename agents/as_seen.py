"""What a model reads is what people see: what shows nothing is taken out, or written out. Pure.

Some characters spell whole sentences that no screen shows (tags, variation selectors), and models
read these. The rules:

- What a script or an emoji needs stays: joiners within words of Persian, of India and the like, and
  between emoji; one selector behind what it selects a form of; the tags of three flags.
- One alone that only tells how to lay out a line (a soft hyphen, a mark of direction, a place to
  break) is taken out.
- Every other is written out, as `⟨U+E0041⟩`; more than a few in a row are counted, and after many
  places only `⟨…⟩` stands.

Time is linear in the text, some 20 ms for 100,000 characters of the worst, and what comes of it is
about three times as long at most.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point: nothing is shown for them."""

LAYOUT = frozenset(
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufe0e"
    "\ufe0f\ufeff"
)
"""What says nothing where it stands alone."""

MOST_WRITTEN = 4
"""Characters in a row that are written out one by one."""

MOST_PLACES = 40
"""Places of a text at which it is told what is hidden there."""

FLAGS = tuple(
    "".join(chr(0xE0000 + ord(each)) for each in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""The tags behind a black flag that make it another: England's, Scotland's and Wales's.

Source: https://www.unicode.org/Public/emoji/latest/emoji-sequences.txt
"""

WORDS = frozenset({"description", "title", "$comment"})
"""Keywords of a JSON Schema that are words for whoever reads it."""

BLACK_FLAG = "\U0001f3f4"
EMOJI_FORMS = "\ufe0e\ufe0f"

_JOINING = (
    "\u0600-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
"""Scripts whose letters joiners shape: from Arabic to Myanmar, Khmer, Mongolian, and later ones."""

_MONGOLIAN, _FORMS = "\u1800-\u18af", "\u180b-\u180d\u180f"
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_VARIANTS = "\ufe00-\ufe0d\U000e0100-\U000e010f"
_PLAIN_EMOJI = "#*0-9\u203c\u2049\u3030\u303d\u3297\u3299\u00a9\u00ae\u2122\u2139"
_PICTURES = (0x1F000, 0x1FB00)
"""All of them, also those that are newer than Python's tables."""


def as_seen(text: str) -> str:
    """Return a text with nothing in it that people do not see."""
    if text.isascii():
        return text
    text, at = _alone().sub("", text), 0
    pieces: list[str] = []
    for found in islice(_hidden().finditer(text), MOST_PLACES):
        pieces += [text[at : found.start()], _told(found[0], text[found.start() - 1 :][:1])]
        at = found.end()
    pieces.append(_hidden().sub("⟨…⟩", text[at:]))
    return "".join(pieces)


def described_as_seen(schema: Mapping[str, Any], depth: int = 32) -> dict[str, Any]:
    """Return a JSON Schema whose descriptions and titles are as people see them."""
    return {name: _described(name, value, depth) for name, value in schema.items()}


def _described(name: str, value: Any, depth: int) -> Any:
    match value:
        case str() if name in WORDS:
            return as_seen(value)
        case dict() if depth:
            return described_as_seen(value, depth - 1)
        case list() if depth:
            return [_described("", each, depth - 1) for each in value]
        case _:
            return value


def _told(run: str, before: str) -> str:
    """Return what stands for a run in which something is hidden, behind what needs some of it."""
    needed = _needed().match(before + run, 1) if before else None
    kept = needed[0] if needed is not None else ""
    rest = run[len(kept) :]
    if len(rest) > MOST_WRITTEN:
        return f"{kept}⟨{len(rest)} invisible characters⟩"
    return kept + "".join(f"⟨U+{ord(each):04X}⟩" for each in rest)


@cache
def _pictures() -> str:
    """Return what may be an emoji, as a regular expression has it between brackets.

    Beyond U+FFFF there is one range alone, for `re` looks through them one after the other.
    """
    signs = "".join(chr(code) for code in range(0x80, 0x1_0000) if _is_sign(code))
    first, last = _PICTURES
    return f"{signs}{chr(first)}-{chr(last)}"


def _is_sign(code: int) -> bool:
    return unicodedata.category(chr(code)) in {"So", "Sm"}


@cache
def _needed() -> re.Pattern[str]:
    """Return what matches the beginning of a run that is needed where it stands."""
    emoji = _pictures()
    first = FLAGS[0][0]
    flags = "|".join(each[1:] for each in FLAGS)
    return re.compile(
        f"\u200c(?<=[{_JOINING}].)(?![{_UNSEEN}])"
        f"|\u200d(?:(?<=[{_JOINING}].)(?![{_UNSEEN}])|(?<=[{emoji}].)(?=[{emoji}]))"
        f"|[{EMOJI_FORMS}](?:(?<=[{emoji}].)(?:\u200d(?=[{emoji}]))?|(?<=[{_PLAIN_EMOJI}].))"
        f"|[{_VARIANTS}](?<=[{_IDEOGRAPHS}].)"
        f"|[{_FORMS}\u180e](?<=[{_MONGOLIAN}].)(?![{_UNSEEN}])"
        f"|{first}(?<={BLACK_FLAG}.)(?:{flags})"
    )


@cache
def _hidden() -> re.Pattern[str]:
    """Return what matches a whole run in which there is more than what is needed."""
    needed = f"(?:{_needed().pattern})(?![{_UNSEEN}])"
    return re.compile(f"[{_UNSEEN}](?<=(?<![{_UNSEEN}])(?!{needed}).)[{_UNSEEN}]*+", re.DOTALL)


@cache
def _alone() -> re.Pattern[str]:
    """Return what matches one of LAYOUT that stands alone and is not needed."""
    layout = "".join(sorted(LAYOUT))
    bare = f"(?<![{_UNSEEN}])(?!{_needed().pattern})"
    return re.compile(f"[{layout}](?<={bare}.)(?![{_UNSEEN}])", re.DOTALL)


for _made in (_needed, _hidden, _alone):
    _made()  # here: to put them together takes some 40 ms, which would hold the loop
