"""How blocks lie above and in each other, the same in every dialect that is a plain string."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from channels.markdown.document import (
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Inline,
    Listing,
    Node,
    Paragraph,
    Quote,
    Table,
    Text,
    ThematicBreak,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one platform writes each kind of block. `apart`: blocks that need an empty line before.

    `keeps_marks`: lists keep the marks that they had in the source. `blank_quote` is how an empty
    line of a quote is written. `margin_on_code`, `quote_on_code`: the dialect takes what stands
    before a line of code in a list or quote for its own; else it would be copied with the code.
    """

    inline: Callable[[Inline], str]
    heading: Callable[[Heading], str]
    code: Callable[[Code], str]
    table: Callable[[Table], str]
    rule: str
    apart: tuple[type[Block], ...] = ()
    keeps_marks: bool = False
    blank_quote: str = ">"
    margin_on_code: bool = True
    quote_on_code: bool = True


MARGIN = re.compile("^[ \u00a0]+", re.MULTILINE)
EMPTY = re.compile("^ +$", re.MULTILINE)


def margins(text: str) -> str:
    """Return the lines of a paragraph with plain spaces before them, for apps that keep these."""
    spaced = MARGIN.sub(lambda found: found[0].replace("\u00a0", " "), text)
    return EMPTY.sub("", spaced) if "\n" in spaced else spaced


CODE = "\0"
"""Begins a line of code while margins are put before the others; no text holds it."""


def is_margin(before: Block, block: Block) -> bool:
    """Say whether a block is nothing but empty lines, which were meant to stand before this one.

    The next block follows on the next line then: another empty line would be one too many. Blocks
    that would read otherwise below a line of text keep theirs.
    """
    if not isinstance(before, Paragraph) or not all(map(_shows_nothing, before.inline)):
        return False
    if isinstance(block, Listing):
        return block.start in {None, 1}
    return isinstance(block, Code | Heading | Quote)


def _shows_nothing(node: Node) -> bool:
    return isinstance(node, Break) or (isinstance(node, Text) and not node.text.strip())


def compose(blocks: Blocks, dialect: Dialect) -> str:
    """Return the blocks with an empty line between them."""
    return _composed(blocks, dialect).replace(CODE, "")


def _composed(blocks: Blocks, dialect: Dialect) -> str:
    text = ""
    for number, block in enumerate(blocks):
        before = blocks[number - 1] if number else None
        if before is not None:
            text = text.rstrip(" ") if is_margin(before, block) else f"{text}\n"
            text += "\n"
        text += _block(block, dialect)
    return text


def _block(block: Block, dialect: Dialect) -> str:
    match block:
        case Paragraph():
            return dialect.inline(block.inline)
        case Heading():
            return dialect.heading(block)
        case Code():
            lines = dialect.code(block).split("\n")
            return "\n".join(CODE + line for line in lines)
        case Quote():
            lines = _composed(block.blocks, dialect).split("\n")
            return "\n".join(_quoted(line, dialect) for line in lines)
        case Listing():
            return "\n".join(_items(block, dialect))
        case Table():
            return dialect.table(block)
        case ThematicBreak():
            return dialect.rule
        case _ as unreachable:
            assert_never(unreachable)


def _quoted(line: str, dialect: Dialect) -> str:
    if line[:1] == CODE and not dialect.quote_on_code:
        return line
    return f"> {line}" if line.strip(CODE) else dialect.blank_quote


def markers(listing: Listing, *, keeps_marks: bool) -> Iterator[str]:
    """Yield what each item begins with."""
    for number, _ in enumerate(listing.items):
        if listing.start is None:
            yield f"{listing.mark if keeps_marks else '-'} "
        else:
            yield f"{listing.start + number}{listing.mark if keeps_marks else '.'} "


def _items(listing: Listing, dialect: Dialect) -> Iterator[str]:
    marks = markers(listing, keeps_marks=dialect.keeps_marks)
    for marker, item in zip(marks, listing.items, strict=True):
        lines = _item(item, dialect).split("\n")
        margin = " " * len(marker)
        if lines[0][:1] == CODE and not dialect.margin_on_code:
            lines.insert(0, "")
        yield "\n".join([(marker + lines[0]).rstrip(), *_indented(margin, lines[1:], dialect)])


def _indented(margin: str, lines: list[str], dialect: Dialect) -> list[str]:
    """Return the lines with a margin, but for empty ones and, in some dialects, code."""
    return [
        margin + line if line.strip(CODE) and (dialect.margin_on_code or line[:1] != CODE) else line
        for line in lines
    ]


def _item(blocks: Blocks, dialect: Dialect) -> str:
    text = ""
    for number, block in enumerate(blocks):
        if number:
            text += "\n" if is_close(blocks[number - 1], block, dialect.apart) else "\n\n"
        text += _block(block, dialect)
    return text


def is_close(before: Block, block: Block, apart: tuple[type[Block], ...]) -> bool:
    """Say whether two blocks of an item stand without an empty line between them."""
    return isinstance(before, Paragraph) and not isinstance(block, (Paragraph, *apart))
