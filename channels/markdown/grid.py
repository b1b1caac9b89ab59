"""A table where a platform has none: aligned in a monospaced block, or row by row.

A table that is wider than what its readers see at once is written as one `key: value` per line,
or, where its keys are too long to be repeated in every row, as cells beside each other.
"""

import unicodedata
from collections.abc import Sequence

from channels.markdown.document import Break, Inline, Styled, Table, Text, spelled

LONGEST_KEY = 32
BETWEEN = " | "
NEXT_LINE = " / "
"""Stands for a line break in a cell, which is one line."""

WIDE = frozenset({"W", "F"})
MARKS = frozenset({"Mn", "Me", "Cf"})


def width(text: str) -> int:
    """Return how many columns of a monospaced font the text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1


def aligned(table: Table, widest: int) -> str | None:
    """Return the table in columns, or None where that is wider than `widest`."""
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    count = max(map(len, rows))
    if count * len(BETWEEN) > widest:
        return None
    widths = [max(width(row[at]) for row in rows if at < len(row)) for at in range(count)]
    if sum(widths) + (count - 1) * len(BETWEEN) > widest:
        return None
    ruler = "-+-".join("-" * each for each in widths)
    head, *body = (_padded(row, widths) for row in rows)
    return "\n".join([head, ruler, *body])


def _cell(cell: Inline) -> str:
    return spelled(cell).replace("\n", NEXT_LINE).strip()


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell + " " * (widths[at] - width(cell)) for at, cell in enumerate(row))
    return BETWEEN.join(cells).rstrip()


def told(table: Table) -> tuple[Inline, ...]:
    """Return the table as lines; an empty one stands between two rows of keys and values."""
    keys, *rows = table.rows
    if not rows or any(len(_cell(key)) > LONGEST_KEY for key in keys):
        return tuple(_beside(row) for row in table.rows)
    lines: list[Inline] = []
    for row in rows:
        lines += [(), *(_pair(key, cell) for key, cell in zip(keys, row, strict=False) if cell)]
    missing = keys if all(not any(row) for row in rows) else keys[_told(rows) :]
    return (*([_beside(missing)] if missing else []), *lines[0 if missing else 1 :])


def _told(rows: Sequence[Sequence[Inline]]) -> int:
    """Return how many columns have anything in them, those before a full one included."""
    return max(len(row) for row in rows)


def _pair(key: Inline, cell: Inline) -> Inline:
    name = (Styled(style="bold", inside=(Text(text=_cell(key)),)),) if _cell(key) else ()
    return (*name, *((Text(text=": "),) if name else ()), *_in_line(cell))


def _beside(row: Sequence[Inline]) -> Inline:
    cells = [_in_line(cell) for cell in row]
    joined: list[Inline] = []
    for cell in cells:
        joined += [(Text(text=BETWEEN),), cell]
    return tuple(node for part in joined[1:] for node in part)


def _in_line(cell: Inline) -> Inline:
    return tuple(Text(text=NEXT_LINE) if isinstance(node, Break) else node for node in cell)
