"""WhatsApp's formatting: `*b*`, `_i_`, `~s~`, code, lists, quotes; no links, no tables, no nesting.

A mark opens only after what is no letter or digit and before what is no space, and closes the other
way round, in one line, and nothing formats inside code. So a style that cannot stand there is left
out, and a word with a mark that could format is written as code: people copy it as it is. Only
where it cannot be code, a hair space keeps the mark from formatting, the narrowest character that
every implementation takes for a space. Source: https://faq.whatsapp.com/539178204879377
"""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import groupby

from channels.markdown import grid, safe
from channels.markdown.document import (
    Break,
    Code,
    Heading,
    Inline,
    Link,
    Styled,
    Table,
    Text,
    Verbatim,
)
from channels.markdown.layout import Dialect, compose
from channels.markdown.parse import REMEMBERED, parse
from channels.markdown.units import utf16

FENCE = "```"
WIDEST_TABLE = 36
"""Columns that a phone shows in one line of monospaced text."""

MARKS = {"bold": "*", "italic": "_", "strikethrough": "~", "code": "`"}
HAIR_SPACE = "\u200a"

OPENING = re.compile(r"(?<![*_~`])(?:(?<=[^\W_])[*_~`])?+[*_~`]++(?=[^\s*_~`])")
"""A run of marks, each run looked at once: behind a letter its first mark opens nothing."""

CLOSING = re.compile(r"(?<=\S)[*_~`](?![^\W_])")
WORD = re.compile(r"[^\s`]+")
LINE = re.compile(r"^(?=[*_~`](?:[ \t]|$))", re.MULTILINE)
HAS_MARK = re.compile(r"[*_~`\n]")
HAS_TICK = re.compile(r"[`\n]")

Run = tuple[str, str]
"""A style's name, `code`, `raw` or nothing, and the text that has it."""


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text in WhatsApp's formatting, nobody mentioned in its words."""
    return compose(parse(text), WHATSAPP)


def size(text: str) -> int:
    """Return the length in UTF-16 code units."""
    return utf16(render(text))


# -- in a line ------------------------------------------------------------------------------------


def _inline(nodes: Inline) -> str:
    return _written(_runs(nodes, ""))


def _heading(heading: Heading) -> str:
    return _written(_runs((Styled(style="bold", inside=heading.inline),), ""))


def _runs(nodes: Inline, style: str) -> Iterator[Run]:
    """Yield the text with the outermost style that it lies in; code has its own."""
    for node in nodes:
        match node:
            case Text():
                yield style, node.text
            case Break():
                yield "", "\n"
            case Verbatim():
                yield "code", node.text
            case Styled():
                yield from _runs(node.inside, style or node.style)
            case Link(bare=True):
                yield "raw", node.url
            case Link():
                yield from (*_runs(node.inside, style), ("", " ("), ("raw", node.url), ("", ")"))


def _written(runs: Iterable[Run]) -> str:
    """Write each run: styled where a style can be seen, else as it is."""
    joined = [
        (style, "".join(text for _, text in group))
        for style, group in groupby(runs, key=lambda run: run[0])
    ]
    written = [""]
    for at, (style, text) in enumerate(joined):
        following = joined[at + 1][1][:1] if at + 1 < len(joined) else ""
        written.append(_run(style, text, before=written[-1][-1:], after=following))
    return "".join(written)


def _run(style: str, text: str, *, before: str, after: str) -> str:
    if style == "raw":
        return text
    core = text.strip() if style != "code" else text
    spoils = HAS_TICK if style == "code" else HAS_MARK
    if style and core and not spoils.search(core):
        start = text.index(core)
        left, right = text[:start], text[start + len(core) :]
        if _is_free(left[-1:] or before) and _is_free(right[:1] or after):
            mark = MARKS[style]
            return f"{left}{mark}{core if style == 'code' else safe.defuse(core)}{mark}{right}"
    return _harmless(text, before, after)


def _is_free(neighbour: str) -> bool:
    """Say whether a mark may stand next to it: it is no mark itself, and part of no word."""
    return not neighbour.isalnum() and neighbour not in {"*", "_", "~", "`"}


def _harmless(text: str, before: str, after: str) -> str:
    """Return the text with no mark in it that could open a style: a word with one is code."""
    whole = safe.defuse(text)
    openings = set(_openings(whole, after))
    written, end = [], 0
    for word in WORD.finditer(whole) if openings else ():
        start, stop = word.span()
        left, right = whole[start - 1 : start] if start else before, whole[stop : stop + 1] or after
        if openings.isdisjoint(range(start, stop)) or not (_is_free(left) and _is_free(right)):
            continue
        written += [_apart(whole, openings, end, start), f"`{word[0]}`"]
        end = stop
    written.append(_apart(whole, openings, end, len(whole)))
    harmless = "".join(written)
    return LINE.sub(safe.BREAKER, harmless) if before in {"", "\n"} else harmless


def _openings(text: str, after: str) -> Iterator[int]:
    """Yield where a run of marks begins that opens a style, for the same mark closes it later."""
    at = 0
    for line in (text + after).split("\n"):
        last = {found[0]: found.start() for found in CLOSING.finditer(line)}
        for run in OPENING.finditer(line):
            if any(last.get(mark, -1) >= run.end() for mark in set(run[0])):
                yield at + run.end() - 1
        at += len(line) + 1


def _apart(text: str, openings: AbstractSet[int], start: int, end: int) -> str:
    """Return a stretch of the text with a hair space behind each mark that opens."""
    return "".join(
        char + HAIR_SPACE if at in openings else char
        for at, char in enumerate(text[start:end], start=start)
    )


# -- blocks ---------------------------------------------------------------------------------------


def _code(code: Code) -> str:
    return f"{FENCE}\n{code.text.replace('``', f'`{safe.BREAKER}`')}\n{FENCE}"


def _table(table: Table) -> str:
    if columns := grid.aligned(table, WIDEST_TABLE):
        return _code(Code(text=columns))
    return "\n".join(map(_inline, grid.told(table)))


WHATSAPP = Dialect(
    inline=_inline,
    heading=_heading,
    code=_code,
    table=_table,
    rule="———",
    blank_quote="> ",
)
