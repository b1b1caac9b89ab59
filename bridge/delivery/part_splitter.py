"""How a message is cut into the parts that a place takes, sans I/O.

The rules:

- A message's positions are the code points of its text, then one for each file; the spans of its
  parts are adjacent and cover them all.
- A text that fits beside its files goes with them in one part; else the text comes first, in as
  many parts as it needs, then the files, as many in one part as the place takes.
- A file that the place does not take is named in words, so that people know where to look for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from bridge import texts
from bridge.delivery.rendering import Showing
from bridge.delivery.splitting import pieces, split
from bridge.domain import literal
from bridge.domain.content import Attachment
from bridge.domain.parts import Button, Capabilities, Part, Span
from bridge.domain.records import replace

MARGIN = 40
"""What is kept free of a part's limit for what stands around its text: a label, a mark."""

LOOK_AHEAD = 4
"""How many times what one part takes is read of a text of which only the beginning is shown."""


OFTEN = 4000
"""Characters of a text whose pieces are kept for the other places that are shown the same."""

QUOTED = 60
"""Characters of somebody's words that a notice quotes at most."""


_split_often = lru_cache(maxsize=32)(split)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What one part shows of a message."""

    span: Span
    text: str = ""
    files: tuple[Attachment, ...] = ()


def length(showing: Showing) -> int:
    """Return how many positions a message has."""
    return len(showing.text) + len(showing.attachments)


def room(limits: Capabilities, speaker: str = "", *, most: int | None = None) -> int:
    """Return how much text fits in one part, in the unit of `limits.size`."""
    most = limits.max_chars if most is None else most
    return max(1, most - MARGIN - limits.size(speaker))


def _room(showing: Showing, limits: Capabilities, *, most: int | None = None) -> int:
    """Return the room for a message's words, beside what `incomplete` may have to add."""
    free = room(limits, showing.speaker, most=most)
    if showing.guarded is None:
        return free
    note = showing.language.says(texts.INCOMPLETE)
    return max(1, free - len(f"\n\n{note}"))


def marked(part: Part) -> Part:
    """Return a part that may have been shown already, which it says."""
    mark = part.language.says(texts.REPEATED)
    text = f"{part.text}\n\n{mark}" if part.text else mark
    return replace(part, text=text, repeat=True)


def incomplete(part: Part, buttons: tuple[Button, ...]) -> Part:
    """Return a part before which something is missing, with what may be pressed all the same."""
    note = part.language.says(texts.INCOMPLETE)
    return replace(part, text=f"{part.text}\n\n{note}", buttons=buttons)


def opening(text: str, limits: Capabilities, speaker: str = "") -> str:
    """Return as much of the beginning of a text as fits in one part."""
    most = room(limits, speaker)
    begins = len(text) - len(text.lstrip())
    beginning = text[: begins + LOOK_AHEAD * most]
    first = next(pieces(beginning, most, size=limits.size), None)
    return first.text if first else ""


def quoted(text: str) -> str:
    """Return the first words of a text as code, so that nothing in them is a mark or a mention."""
    words = " ".join(text.replace("`", "'").split())
    if len(words) > QUOTED:
        words = f"{split(words, QUOTED)[0].text}…"
    return f"`{words}`" if words else texts.A_FILE


def fits(showing: Showing, limits: Capabilities) -> bool:
    return _is_within(showing.text, _room(showing, limits), limits)


def _is_within(text: str, most: int, limits: Capabilities) -> bool:
    """Say whether a text has at most so many characters, and is no larger: in this order."""
    return len(text) <= most and limits.size(text) <= most


def cuts(
    showing: Showing, limits: Capabilities, *, start: int = 0, end: int | None = None
) -> tuple[Cut, ...]:
    """Return the parts that show the positions from `start` up to `end`."""
    whole = length(showing)
    end = whole if end is None else end
    if (start, end) == (0, whole) and _fits_beside(showing, limits):
        return (Cut(span=Span(start=0, end=end), text=showing.text, files=showing.attachments),)
    written = tuple(_texts(showing, limits, start, min(end, len(showing.text))))
    begun = max(start, len(showing.text)) if written else start
    return (*written, *_files(showing, limits, begun, end))


def text_at(span: Span, showing: Showing, limits: Capabilities) -> str:
    """Return what a part shows that was cut at this span, between its fences if it is in code."""
    found = cuts(showing, limits, start=span.start, end=span.end)
    return found[0].text.strip() if found else ""


def _fits_beside(showing: Showing, limits: Capabilities) -> bool:
    files = showing.attachments
    if not files:
        return False
    captioned = not showing.text.strip() or _is_within(
        showing.text, _room(showing, limits, most=limits.caption_chars), limits
    )
    fit = len(files) <= limits.max_files and all(_is_taken(each, limits) for each in files)
    return fit and captioned


def _texts(showing: Showing, limits: Capabilities, start: int, end: int) -> Iterator[Cut]:
    if literal.shows_nothing(showing.text):
        return
    text, most = showing.text[:end], _room(showing, limits)
    cut = _split_often if len(text) <= OFTEN else split
    for piece in cut(text, most, start=start, size=limits.size):
        yield Cut(span=piece.span, text=piece.text)


def _files(showing: Showing, limits: Capabilities, start: int, end: int) -> Iterator[Cut]:
    """Yield the files, from `start` on, however much of that belongs to invisible text."""
    first = max(0, start - len(showing.text))
    files = showing.attachments[first : max(0, end - len(showing.text))]
    for taken, alike in groupby(files, key=lambda each: _is_taken(each, limits)):
        most = limits.max_files if taken else 1
        for group in _groups(tuple(alike), most):
            first += len(group)
            span = Span(start=start, end=len(showing.text) + first)
            elsewhere = texts.file_elsewhere(group[0].name, group[0].size)
            words = "" if taken else showing.language.says(elsewhere)
            yield Cut(span=span, text=words, files=group if taken else ())
            start = span.end


def _groups(files: tuple[Attachment, ...], most: int) -> Iterator[tuple[Attachment, ...]]:
    for first in range(0, len(files), most):
        yield files[first : first + most]


def _is_taken(file: Attachment, limits: Capabilities) -> bool:
    return limits.max_files > 0 and file.size <= limits.max_file_bytes
