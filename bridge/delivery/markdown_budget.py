"""What reading a text as Markdown may cost: hostile texts are shown as they were written.

The parser is linear in the length of a text, but some constructs make its steps a hundred times
dearer: brackets that open and never close, rows of a wide table, lines that go on many quotes at
once. The rules:

- A text longer than `LONGEST` is not read: no platform takes as much in one message.
- A construct that real texts do not have in this number makes the text plain, all of it. Deciding
  so takes one linear pass.
"""

import re

LONGEST = 16_384
"""Characters: more than the largest limit of a platform, 12,000."""

LONG = 1_000
"""Characters from which a text is measured and rendered in a thread: the worst takes 15 ms."""

DEEPEST_BRACKETS = 8
"""Brackets that are open at once in a paragraph."""

MOST_CELLS = 4_000
"""Columns of the widest table, times the lines of the text."""

MOST_NESTED_LINES = 8_000
"""Levels of the deepest line, times the lines of the text: a line may go on all that is open."""

NESTED_LINES_EACH = 3
"""As many of these for each character: people's lines have more than one letter."""

EVERY_FEW = 2
"""Columns that a list takes at least."""

BRACKET = re.compile(r"[\[\]]|\n[ \t]*(?=\n)")
RULER = re.compile(r"^[ \t>]*[|:-][|:\- \t]*$", re.MULTILINE)
COLUMN = re.compile(r"-+")
NESTED = re.compile(r"^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)]))+", re.MULTILINE)


def is_affordable(text: str, *, longest: int = LONGEST) -> bool:
    """Say whether the text may be read as Markdown."""
    if len(text) > longest:
        return False
    lines = text.count("\n") + 1
    return (
        not _nests_brackets(text)
        and _columns(text) * lines <= MOST_CELLS
        and _levels(text) * lines <= min(MOST_NESTED_LINES, NESTED_LINES_EACH * len(text))
    )


def _nests_brackets(text: str) -> bool:
    if text.count("[") <= DEEPEST_BRACKETS:
        return False
    depth = 0
    for found in BRACKET.finditer(text):
        match found[0]:
            case "[":
                depth += 1
            case "]":
                depth = max(0, depth - 1)
            case _:
                depth = 0
        if depth > DEEPEST_BRACKETS:
            return True
    return False


def _columns(text: str) -> int:
    """Return how many columns a table here can have."""
    rulers = (len(COLUMN.findall(found[0])) for found in RULER.finditer(text))
    return max(rulers, default=0)


def _levels(text: str) -> int:
    """Return how deep the quotes and lists here can be."""
    return max((_depth(found[0]) for found in NESTED.finditer(text)), default=0)


def _depth(marks: str) -> int:
    """Return how many levels begin a line: a quote takes one column, a list a few."""
    quotes = marks.count(">")
    return quotes + (len(marks.expandtabs(4)) - quotes) // EVERY_FEW
