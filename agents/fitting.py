"""What a model is shown is made to fit its window, whatever it is. Pure.

The rules:

- Sizes are estimates, rather too high than too low: tokens of `BYTES_PER_TOKEN` bytes.
- The longest texts give way first: each is cut to the length at which all of them fit, its
  beginning and its end kept, so that short ones stay whole.
- Where texts of `LEAST` tokens are still too much, the oldest lines are left out, and that is said.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agents.transcript import Got, Line, Told, Wrote, cut

BYTES_PER_TOKEN = 3
LINE = 8
"""Tokens that a message takes beside its words."""

IMAGE = 1200
MOST_IMAGES = 8
"""Tokens of a picture; how many a model is shown at most."""

LEAST = 60
"""Tokens to which a text may be cut."""

NOTE = 30
"""Tokens of what says that a text was cut."""

MOST_TRIES = 6

LEFT_OUT = "[What was said before this is left out: there is no room for it.]"


def tokens(text: str) -> int:
    return len(text.encode(errors="replace")) // BYTES_PER_TOKEN + 1


def weight(lines: Sequence[Line]) -> int:
    """Return about how many tokens these lines take, with the pictures that are shown."""
    images = sum(
        each.kind == "image" for line in lines if isinstance(line, Told) for each in line.files
    )
    return words(lines) + IMAGE * min(images, MOST_IMAGES)


def words(lines: Sequence[Line]) -> int:
    """Return about how many tokens the words of these lines take."""
    return sum(LINE + tokens(text) for line in lines for text in _texts(line))


def _texts(line: Line) -> Iterator[str]:
    yield line.text
    if isinstance(line, Wrote):
        for each in line.calls:
            yield each.name + each.arguments


def fitted(lines: Sequence[Line], budget: int) -> Sequence[Line]:
    """Return lines whose words take no more than `budget` tokens, cut as little as it takes."""
    if words(lines) <= budget:
        return lines
    room = budget
    for _ in range(MOST_TRIES):
        level = _level(lines, room)
        if level < LEAST:
            break
        shorter = [_cut(line, level) for line in lines]
        if words(shorter) <= budget:
            return shorter
        room = int(room * 0.9)
    return _newest([_cut(line, LEAST) for line in lines], budget)


def _level(lines: Sequence[Line], budget: int) -> int:
    """Return the length, in tokens, to which the longest texts are cut for all of them to fit."""
    sizes = sorted(tokens(text) for line in lines for text in _texts(line))
    left = budget - len(sizes) * LINE
    for number, size in enumerate(sizes):
        share = left // (len(sizes) - number)
        if size > share:
            return max(share - NOTE, 0)
        left -= size
    return sizes[-1] if sizes else 0


def _cut(line: Line, level: int) -> Line:
    match line:
        case Told(text=text):
            return replace(line, text=shortened(text, level))
        case Got(text=text):
            return replace(line, text=shortened(text, level))
        case Wrote(text=text, calls=calls):
            shorter = [replace(each, arguments=_arguments(each.arguments, level)) for each in calls]
            return replace(line, text=shortened(text, level), calls=tuple(shorter))


def shortened(text: str, level: int) -> str:
    """Return a text of about `level` tokens: its beginning and its end."""
    size = tokens(text)
    if size <= level + NOTE:
        return text
    return cut(text, max(len(text) * level // size, 1))


def _arguments(written: str, level: int) -> str:
    """Return arguments that are still JSON."""
    if tokens(written) <= level + NOTE:
        return written
    return json.dumps({"shortened": shortened(written, level)}, ensure_ascii=False)


def _newest(lines: Sequence[Line], budget: int) -> Sequence[Line]:
    """Return the newest lines that fit, and what was said last, whatever came of it."""
    left = budget - 2 * (LINE + tokens(LEFT_OUT))
    units = list(_units(lines))
    asked = next((unit for unit in reversed(units) if isinstance(unit[0], Told)), [])
    left -= words(asked)
    kept: list[list[Line]] = []
    for unit in reversed(units):
        size = 0 if unit is asked else words(unit)
        if size > left and kept:
            break
        left -= size
        kept.append(unit)
    if len(kept) == len(units):
        return lines
    if asked and not any(unit is asked for unit in kept):
        kept.append(asked)
    return [Told(text=LEFT_OUT), *(line for unit in reversed(kept) for line in unit)]


def _units(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield what has to stand together: a call and its result."""
    unit: list[Line] = []
    for line in lines:
        if unit and not isinstance(line, Got):
            yield unit
            unit = []
        unit.append(line)
    if unit:
        yield unit


def within(sizes: Sequence[int], budget: int) -> Sequence[bool]:
    """Say which of several things, the newest first, fit together."""
    fits: list[bool] = []
    for size in sizes:
        fits.append(size <= budget)
        budget -= size if fits[-1] else 0
    return fits
