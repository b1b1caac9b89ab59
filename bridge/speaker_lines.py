"""Words that read like a line of the bridge's own: "Ada · Telegram", sans I/O.

In a chat app everything is text, so a person or a model could write such a line and what follows it
would pass for somebody else's words. Where the words of anyone have one, its dot becomes a dash:
one character for one, so that every span of the text stays what it was.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import islice

DASH = "–"  # noqa: RUF001 - as long as the dot that it stands for
_DOTS = "·•‧∙⋅・･"
_DOT = re.compile(f"[{_DOTS}]")
_MARKS = r"[*_~`|#>\\\s]"


class _Seen(dict[int, int | None]):
    """What `str.translate` makes of a character: nothing of one that cannot be seen."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code))[0] == "C" else code
        self[code] = kept
        return kept


_SEEN = _Seen()

LONGEST_NAME = 80
"""Characters of a line before its dot: a longer one is no name."""


def unforged(text: str, labels: Collection[str]) -> str:
    """Return someone's words with no line that reads like one of ours; `labels` are the places'."""
    if not labels or not _DOT.search(text):
        return text
    shape = _shape(frozenset(labels))
    return "".join(
        _told(line, shape) if _DOT.search(line) else line for line in text.splitlines(keepends=True)
    )


def _told(line: str, shape: "re.Pattern[str]") -> str:
    shown = line.translate(_SEEN)
    while found := shape.match(shown):  # what comes before a dash may be a name once more
        dot = found.start("dot")
        at = _place(line, dot)
        line = f"{line[:at]}{DASH}{line[at + 1 :]}"
        shown = f"{shown[:dot]}{DASH}{shown[dot + 1 :]}"
    return line


def _place(line: str, index: int) -> int:
    """Return where the character of an index of what is seen stands in the line."""
    seen = (at for at, char in enumerate(line) if _SEEN[ord(char)] is not None)
    return next(islice(seen, index, None))


@lru_cache(maxsize=8)
def _shape(labels: frozenset[str]) -> "re.Pattern[str]":
    words = sorted((each.split() for each in labels if each.strip()), key=len, reverse=True)
    known = "|".join(rf"{_MARKS}+".join(map(re.escape, each)) for each in words)
    return re.compile(
        rf"[^{_DOTS}]{{1,{LONGEST_NAME}}}(?P<dot>[{_DOTS}]){_MARKS}*(?:{known})(?![^\W_])",
        re.IGNORECASE,
    )
