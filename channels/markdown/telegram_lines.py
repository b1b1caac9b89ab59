"""Blocks as lines of runs, each run with the marks that lie on it: Telegram has no other layout."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal, assert_never

from channels.markdown import grid, safe
from channels.markdown.document import (
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Inline,
    Link,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Styled,
    Table,
    Text,
    Verbatim,
)
from channels.markdown.layout import is_close, markers

Kind = Literal[
    "blockquote", "pre", "code", "text_link", "bold", "italic", "strikethrough"
]  # of the Bot API

WIDEST_TABLE = 44
"""Columns that a phone shows in one line of monospaced text, about; it wraps longer ones."""

TAKEN = re.compile(
    r"https?://(?:[^\W_][\w-]*\.)+[^\W\d_][\w-]+(?::(?:\d{1,4}|[1-5]\d{4}))?(?:[/?#]|$)",
    re.IGNORECASE,
)
"""Addresses that Telegram takes for a link under other text."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mark:
    """One entity to be. Marks are told apart by identity: two that are equal are two."""

    kind: Kind
    url: str = ""
    language: str = ""


Marks = tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    text: str
    marks: Marks = ()


Line = tuple[Run, ...]


@dataclass(slots=True, kw_only=True)
class _Budget:
    """How many more links may be entities."""

    links: float = field(default=float("inf"))


def lines(blocks: Blocks, *, most_links: int | None = None) -> list[Line]:
    """Return the lines to show; links after the first `most_links` have their address in the text.

    Code has no marks but those of quotes besides its own.
    """
    budget = _Budget() if most_links is None else _Budget(links=most_links)
    return list(_blocks(blocks, (), budget))


def _blocks(blocks: Blocks, marks: Marks, budget: _Budget) -> Iterator[Line]:
    for number, block in enumerate(blocks):
        if number:
            yield ()
        yield from _block(block, marks, budget, listed=False)


def _block(block: Block, marks: Marks, budget: _Budget, *, listed: bool) -> Iterator[Line]:
    match block:
        case Paragraph():
            yield from _paragraph(block.inline, marks, budget)
        case Heading():
            yield from _paragraph(block.inline, (*marks, Mark(kind="bold")), budget)
        case Code():
            yield from _code(block, marks)
        case Quote():
            yield from _quote(block, marks, budget, listed=listed)
        case Listing():
            yield from _listing(block, marks, budget)
        case Table():
            yield from _table(block, marks, budget)
        case Rule():
            yield (Run(text="———", marks=marks),)
        case _ as unreachable:
            assert_never(unreachable)


def _code(code: Code, marks: Marks) -> Iterator[Line]:
    own = Mark(kind="pre", language=code.language)
    return ((Run(text=line, marks=(*marks, own)),) for line in code.text.split("\n"))


def _quote(quote: Quote, marks: Marks, budget: _Budget, *, listed: bool) -> Iterator[Line]:
    """Yield a quote; one in another, or in a list, is no entity and has its sign on each line."""
    if not marks and not listed:
        yield from _blocks(quote.blocks, (Mark(kind="blockquote"),), budget)
        return
    sign = Run(text="> ", marks=marks)
    for number, block in enumerate(quote.blocks):
        if number:
            yield (sign,)
        for line in _block(block, marks, budget, listed=True):
            yield line if _is_code(line) else (sign, *line)


def _listing(listing: Listing, marks: Marks, budget: _Budget) -> Iterator[Line]:
    for marker, item in zip(markers(listing, keeps_marks=False), listing.items, strict=True):
        sign = marker.replace("-", "•")
        head, *rest = [*_item(item, marks, budget)] or [()]
        if _is_code(head):
            yield from ((Run(text=sign, marks=marks),), head)
        else:
            yield (Run(text=sign, marks=marks), *head)
        margin = Run(text=" " * len(sign))
        yield from (line if _is_code(line) or not line else (margin, *line) for line in rest)


def _item(blocks: Blocks, marks: Marks, budget: _Budget) -> Iterator[Line]:
    for number, block in enumerate(blocks):
        if number and not is_close(blocks[number - 1], block, ()):
            yield ()
        yield from _block(block, marks, budget, listed=True)


def _is_code(line: Line) -> bool:
    return any(mark.kind == "pre" for run in line for mark in run.marks)


def _table(table: Table, marks: Marks, budget: _Budget) -> Iterator[Line]:
    if columns := grid.aligned(table, WIDEST_TABLE):
        return _code(Code(text=columns), marks)
    told = (_paragraph(line, marks, budget) for line in grid.told(table))
    return chain.from_iterable(told)


# -- in a line ------------------------------------------------------------------------------------


def _paragraph(nodes: Inline, marks: Marks, budget: _Budget) -> Iterator[Line]:
    line: list[Run] = []
    for run in _around_code(_runs(nodes, marks, budget)):
        if run.text == "\n":
            yield tuple(line)
            line = []
        else:
            line.append(run)
    yield tuple(line)


def _runs(nodes: Inline, marks: Marks, budget: _Budget) -> Iterator[Run]:
    for node in nodes:
        match node:
            case Text():
                yield Run(text=safe.defuse(node.text), marks=marks)
            case Break():
                yield Run(text="\n")
            case Verbatim():
                yield Run(text=node.text, marks=_on_code(marks))
            case Styled():
                if any(mark.kind == node.style for mark in marks):
                    yield from _runs(node.inside, marks, budget)
                else:
                    yield from _runs(node.inside, (*marks, Mark(kind=node.style)), budget)
            case Link():
                yield from _link(node, marks, budget)
            case _ as unreachable:
                assert_never(unreachable)


def _on_code(marks: Marks) -> Marks:
    """Return the marks for code in a line: in a link it is the link's text, and no code."""
    if any(mark.kind == "text_link" for mark in marks):
        return marks
    return (*(mark for mark in marks if mark.kind == "blockquote"), Mark(kind="code"))


def _link(link: Link, marks: Marks, budget: _Budget) -> Iterator[Run]:
    """Yield a link; of one that is bare, or that Telegram would drop, the address is text."""
    if link.bare:
        yield Run(text=link.url, marks=marks)
    elif budget.links > 0 and TAKEN.match(link.url):
        budget.links -= 1
        yield from _runs(link.inside, (*marks, Mark(kind="text_link", url=link.url)), budget)
    else:
        yield from _runs(link.inside, marks, budget)
        yield Run(text=f" ({link.url})", marks=marks)


def _around_code(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield the runs so that no style reaches over code: it ends before, another begins after."""
    now: dict[Mark, Mark] = {}
    for run in runs:
        if any(mark.kind == "code" for mark in run.marks):
            now = {}
            yield run
        else:
            marks = (
                mark if mark.kind == "blockquote" else now.setdefault(mark, replace(mark))
                for mark in run.marks
            )
            yield replace(run, marks=tuple(marks))
