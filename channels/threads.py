"""What was said in a thread before the bot was called into it: its beginning and its end.

No word in it can pass for somebody else's message, or for the end of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge import texts
from bridge.domain.display_names import own_name

LATEST = 5
"""Messages that are told, beside the one that began the thread."""

LONGEST_ROOT, LONGEST = 500, 200
"""Characters of the first message, and of each of the last."""

QUOTES = str.maketrans({"“": '"', "”": '"'})
"""So that what was said ends where it is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a thread: who wrote it, by their name there, and its words."""

    author: str
    words: str


def told(root: str, later: Sequence[Line]) -> str:
    """Return the words of the message that began a thread, "" of none, and the `later` ones."""
    first = [_cut(root, LONGEST_ROOT).translate(QUOTES)] if root else []
    return "\n".join([*first, *map(_line, later)])


def _line(said: Line) -> str:
    words = " ".join(_cut(said.words, LONGEST).split()).translate(QUOTES)
    name = own_name(said.author.translate(QUOTES).replace(":", " "))
    return f"{name or texts.SOMEONE}: “{words}”"


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"
