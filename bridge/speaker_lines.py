"""Words that read like a line of the bridge's own: "Ada · Telegram", sans I/O.

In a chat app everything is text, so a person or a model could write such a line and what follows it
would pass for somebody else's words. Where the words of anyone have one, its dot becomes a dash:
one character for one, so that every span of the text stays what it was.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

DASH = "–"  # noqa: RUF001 - as long as the dot that it stands for
_DOTS = "·•‧∙⋅・･"
_MARKS = r"[*_~`|#>\\\s]"
LONGEST_NAME = 80
"""Characters of a line before its dot: a longer one is no name."""


def unforged(text: str, labels: Collection[str]) -> str:
    """Return someone's words with no line that reads like one of ours; `labels` are the places'."""
    if not labels or not any(dot in text for dot in _DOTS):
        return text
    shape = _shape(frozenset(labels))
    return "".join(_told(line, shape) for line in text.splitlines(keepends=True))


def _told(line: str, shape: "re.Pattern[str]") -> str:
    if not any(dot in line for dot in _DOTS):
        return line
    seen = [(at, char) for at, char in enumerate(line) if unicodedata.category(char)[0] != "C"]
    shown = "".join(char for _, char in seen)
    while found := shape.match(shown):  # what comes before a dash may be a name once more
        dot = found.start("dot")
        at = seen[dot][0]
        line = f"{line[:at]}{DASH}{line[at + 1 :]}"
        shown = f"{shown[:dot]}{DASH}{shown[dot + 1 :]}"
    return line


@lru_cache(maxsize=8)
def _shape(labels: frozenset[str]) -> "re.Pattern[str]":
    words = sorted((each.split() for each in labels if each.strip()), key=len, reverse=True)
    known = "|".join(rf"{_MARKS}+".join(map(re.escape, each)) for each in words)
    return re.compile(
        rf"[^{_DOTS}]{{1,{LONGEST_NAME}}}(?P<dot>[{_DOTS}]){_MARKS}*(?:{known})(?![^\W_])",
        re.IGNORECASE,
    )
