"""How blocks lie above and in each other, the same in every dialect that is a plain string."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from channels.markdown.document import (
    Block,
    Blocks,
    Code,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Table,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one platform writes each kind of block. `apart`: blocks that need an empty line before.

    `keeps_marks`: lists keep the marks that they had in the source. `blank_quote` is how an empty
    line of a quote is written.
    """

    inline: Callable[[Inline], str]
    heading: Callable[[Heading], str]
    code: Callable[[Code], str]
    table: Callable[[Table], str]
    rule: str
    apart: tuple[type[Block], ...] = ()
    keeps_marks: bool = False
    blank_quote: str = ">"


def compose(blocks: Blocks, dialect: Dialect) -> str:
    """Return the blocks with an empty line between them."""
    return "\n\n".join(_block(block, dialect) for block in blocks)


def _block(block: Block, dialect: Dialect) -> str:
    match block:
        case Paragraph():
            return dialect.inline(block.inline)
        case Heading():
            return dialect.heading(block)
        case Code():
            return dialect.code(block)
        case Quote():
            lines = compose(block.blocks, dialect).split("\n")
            return "\n".join(f"> {line}" if line else dialect.blank_quote for line in lines)
        case Listing():
            return "\n".join(_items(block, dialect))
        case Table():
            return dialect.table(block)
        case Rule():
            return dialect.rule
        case _ as unreachable:
            assert_never(unreachable)


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
        yield "\n".join([(marker + lines[0]).rstrip(), *(indented(margin, lines[1:]))])


def indented(margin: str, lines: list[str]) -> list[str]:
    return [margin + line if line else "" for line in lines]


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
