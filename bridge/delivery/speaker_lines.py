"""Words that read like a line of the bridge's own: "Ada · browser", sans I/O.

In a chat app everything is text, so a person or a model could write such a line and what follows it
would pass for somebody else's words. Where the words of anyone have a dot and behind it what a
place is called, however either is spelt or marked up, the dot becomes a dash: one character for
one, so that every span of the text stays what it was.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache

from bridge.domain.look_alikes import DOTS, has_dot, latin, seen

DASH = "–"  # noqa: RUF001 - as long as the dot that it stands for
MOST_BETWEEN = 64
"""Characters of markup and blanks that may stand between a dot and the letters of a place."""


def unforged(text: str, labels: Collection[str]) -> str:
    """Return someone's words with no line that reads like one of ours; `labels` are the places'."""
    if not labels or not has_dot(text):
        return text
    known = _known(frozenset(labels))
    return "".join(_told(line, known) for line in text.splitlines(keepends=True))


def _told(line: str, known: Sequence[str]) -> str:
    if not has_dot(line):
        return line
    found = list(seen(line))
    letters = [at for at, (_, char) in enumerate(found) if char.isalnum() and char not in DOTS]
    words = "".join(found[at][1] for at in letters)
    told, behind = list(line), 0
    for number, (at, char) in enumerate(found):
        if char not in DOTS:
            continue
        while behind < len(letters) and letters[behind] < number:
            behind += 1
        if any(_names(letters, words, behind, number, label) for label in known):
            told[at] = DASH
    return "".join(told)


def _names(letters: Sequence[int], words: str, behind: int, dot: int, label: str) -> bool:
    """Say whether the letters behind a dot are those of a label, and its last one ends a word."""
    if not words.startswith(label, behind):
        return False
    end = behind + len(label)
    last = letters[end - 1]
    is_near = last - dot - len(label) <= MOST_BETWEEN
    return is_near and (end == len(letters) or letters[end] > last + 1)


@lru_cache(maxsize=8)
def _known(labels: frozenset[str]) -> Sequence[str]:
    """Return the letters of each label, as they are seen."""
    letters = {"".join(filter(str.isalnum, map(latin, label))) for label in labels}
    return sorted(filter(None, letters))
