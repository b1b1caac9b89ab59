"""Telegram's entities: a text, and beside it what is formatted from where to where.

Telegram has no other layout: blocks become lines of runs, each run with the marks that lie on it.
Entities rather than MarkdownV2 or HTML: nothing needs escaping, so nothing is refused for it.

- Offsets and lengths are UTF-16 code units. Entities are sorted, nest properly, are not empty, and
  neither begin nor end with a space or a line break. Code holds no other entity, and lies in none
  but quotes; quotes lie in no quote and in no list.
- Telegram ignores all entities after the hundredth. The least valuable are left out before that:
  italic first, code last; a link left out leaves its address, `text (url)`.
- Telegram drops links to mail and to hosts without a dot: their address is shown in the text.

Sources: https://core.telegram.org/bots/api#messageentity, and TDLib, which the tests ask.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, groupby
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
    Styled,
    Table,
    Text,
    ThematicBreak,
    Verbatim,
)
from channels.markdown.layout import is_close, is_margin, margins, markers
from channels.markdown.parse import REMEMBERED, parse
from channels.markdown.units import utf16

# -- blocks as lines ------------------------------------------------------------------------------

NO_BREAK = "\u00a0"
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


TOPS = r"(?:com|org|net|dev|app|io|[a-z]{2})"
ADDRESS = rf"https?://\S+|(?<![\w@.-])(?:[\w-]+\.)+{TOPS}/\S*"
"""What Telegram takes for an address, whole: it looks for no names in it."""

PACKAGE = (
    rf"(?<![\w@/.~+-])(?!(?:[\w-]+\.)+{TOPS}/)"
    r"(?:(?:[\w.~+-]*/)+@[a-z0-9][\w.-]*(?:/[\w.@+-]*)*|@[a-z0-9][\w.-]*(?:/[\w.@+-]*)+)(?<=\w)"
)
"""A package of a scope (`@types/node`), or a path that holds one: no name of a person."""

NAME = r"(?<!\w)@[a-z]\w{2,31}"
"""What calls a person: people's names have five letters and more, a few bots' four."""

CALLING = re.compile(f"(?P<address>{ADDRESS})|{PACKAGE}|{safe.APP}|{NAME}", re.IGNORECASE)


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
        if number and not is_margin(blocks[number - 1], block):
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
        case ThematicBreak():
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
    for run in _around_code(_uncalled(_runs(nodes, marks, budget))):
        if run.text == "\n":
            yield _with_margin(line)
            line = []
        else:
            line.append(run)
    yield _with_margin(line)


def _with_margin(line: list[Run]) -> Line:
    """Return a line that begins with plain spaces, which Telegram keeps; an empty one has none."""
    if not line or line[0].text[:1] != NO_BREAK:
        return tuple(line)
    first = replace(line[0], text=margins(line[0].text))
    return (first, *line[1:]) if line[1:] or first.text.strip() else ()


def _runs(nodes: Inline, marks: Marks, budget: _Budget) -> Iterator[Run]:
    for node in nodes:
        match node:
            case Text():
                yield Run(text=node.text, marks=marks)
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


def _uncalled(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield the runs with all that would call a person, or act in the app, as code."""
    for _, line in groupby(runs, key=lambda run: run.text == "\n"):
        yield from _uncalled_line(list(line))


def _uncalled_line(line: list[Run]) -> Iterator[Run]:
    """Look at the whole line: what is shown as one word may be written in several styles."""
    ends: list[int] = []
    calls: list[bool] = []
    for piece, calling in called("".join(run.text for run in line)):
        ends.append((ends[-1] if ends else 0) + len(piece))
        calls.append(calling)
    at = offset = 0
    for run in line:
        start, end = offset, offset + len(run.text)
        is_code = any(mark.kind == "code" for mark in run.marks)
        while start < end:
            stop = min(end, ends[at])
            marks = _on_code(run.marks) if calls[at] and not is_code else run.marks
            yield Run(text=run.text[start - offset : stop - offset], marks=marks)
            start = stop
            at += stop == ends[at]
        offset = end


def called(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the stretches of a text, and whether Telegram would call somebody for each."""
    if "@" not in text and ":" not in text:
        yield text, False
        return
    end = 0
    for found in CALLING.finditer(text):
        if found.lastgroup == "address":
            continue
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    if end < len(text):
        yield text[end:], False


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


# -- lines as entities ----------------------------------------------------------------------------

LONGEST = 4096
MOST_ENTITIES = 100

WORTH: tuple[Kind, ...] = (
    "italic",
    "strikethrough",
    "bold",
    "blockquote",
    "text_link",
    "pre",
    "code",
)
"""From the least to the most valuable: code is also what keeps names from calling people."""

OUTER: tuple[Kind, ...] = (
    "blockquote",
    "pre",
    "code",
    "text_link",
    "bold",
    "italic",
    "strikethrough",
)
"""Of two that cover the same text, which one comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A Bot API entity; `offset` and `length` are UTF-16 code units."""

    kind: Kind
    offset: int
    length: int
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    text: str
    entities: tuple[Entity, ...]


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> Formatted:
    """Return the text for `sendMessage`, with at most 100 entities."""
    whole = _whole(text)
    kept = most_valuable(whole.entities)
    links = sum(entity.kind == "text_link" for entity in kept)
    if links < sum(entity.kind == "text_link" for entity in whole.entities):
        whole = _formatted(lines(parse(text), most_links=links))
        kept = most_valuable(whole.entities)
    return Formatted(text=whole.text, entities=kept)


def size(text: str) -> int:
    """Return the share of a message that the text takes, as if it were a length of up to 4,096.

    That is its length in UTF-16 code units (Telegram counts code points, of which there are never
    more), or its share of the entities where that is larger.
    """
    whole = _whole(text)
    share = math.ceil(len(whole.entities) * LONGEST / MOST_ENTITIES)
    return max(utf16(whole.text), share)


@lru_cache(maxsize=REMEMBERED)
def _whole(text: str) -> Formatted:
    return _formatted(lines(parse(text)))


def most_valuable(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    if len(entities) <= MOST_ENTITIES:
        return entities
    ranked = sorted(range(len(entities)), key=lambda at: (-WORTH.index(entities[at].kind), at))
    kept = sorted(ranked[:MOST_ENTITIES])
    return tuple(entities[at] for at in kept)


# -- from lines to offsets ------------------------------------------------------------------------


def _formatted(written: list[Line]) -> Formatted:
    """Join the lines, without empty ones at the ends, and find where each mark begins and ends."""
    first, last = 0, len(written)
    while first < last and _is_empty(written[first]):
        first += 1
    while first < last and _is_empty(written[last - 1]):
        last -= 1
    return _placed(written[first:last])


def _is_empty(line: Line) -> bool:
    return not any(run.text.strip() for run in line)


def _placed(written: list[Line]) -> Formatted:
    """Return the text and the entities; a mark reaches from its first visible run to its last."""
    text = "\n".join("".join(run.text for run in line) for line in written)
    skipped = 0 if _begins_with_code(written) else len(text) - len(text.lstrip())
    places: dict[Mark, tuple[int, int]] = {}
    offset = -skipped
    for line in written:
        for run in line:
            for mark in run.marks if run.text.strip() else ():
                begin, _ = places.get(mark, (max(offset + _margin(run.text, mark), 0), 0))
                places[mark] = (begin, offset + utf16(run.text.rstrip()))
            offset += utf16(run.text)
        offset += 1
    entities = sorted((_entity(mark, *place) for mark, place in places.items()), key=_order)
    return Formatted(text=text[skipped:].rstrip(), entities=tuple(entities))


def _begins_with_code(written: list[Line]) -> bool:
    """Say whether the text begins with a block of code, whose indentation Telegram keeps."""
    first = next((run for line in written[:1] for run in line if run.text), None)
    return first is not None and any(mark.kind == "pre" for mark in first.marks)


def _margin(text: str, mark: Mark) -> int:
    """Return how many spaces at the beginning are not formatted; code keeps its indentation."""
    return 0 if mark.kind == "pre" else len(text) - len(text.lstrip())


def _entity(mark: Mark, begin: int, end: int) -> Entity:
    return Entity(
        kind=mark.kind, offset=begin, length=end - begin, url=mark.url, language=mark.language
    )


def _order(entity: Entity) -> tuple[int, int, int]:
    return entity.offset, -entity.length, OUTER.index(entity.kind)
