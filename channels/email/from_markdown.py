"""Markdown as a page for a mail: nothing in it runs, loads or calls anybody.

Every word is escaped, and what is made of it is this module's alone: no styles, no pictures, no
addresses but those that `channels.markdown` lets be links.
"""

from functools import lru_cache
from html import escape
from typing import assert_never

from channels.markdown.document import (
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Inline,
    Link,
    Listing,
    Node,
    Paragraph,
    Quote,
    Styled,
    Table,
    Text,
    ThematicBreak,
    Verbatim,
)
from channels.markdown.parse import REMEMBERED, parse

STYLES = {"bold": "strong", "italic": "em", "strikethrough": "s"}


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text as the inside of a page."""
    return _blocks(parse(text))


def page(inside: str) -> str:
    """Return a whole page."""
    head = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>'
    return f"{head}\n{inside}\n</body></html>\n"


def label(speaker: str) -> str:
    """Return who says what follows."""
    return f"<p><strong>{escape(speaker)}</strong></p>\n"


def _blocks(blocks: Blocks) -> str:
    return "\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(inline=inline):
            return f"<p>{_inline(inline)}</p>"
        case Heading(level=level, inline=inline):
            return f"<h{level}>{_inline(inline)}</h{level}>"
        case Code(text=text):
            return f"<pre><code>{escape(text)}</code></pre>"
        case Quote(blocks=blocks):
            return f"<blockquote>{_blocks(blocks)}</blockquote>"
        case Listing():
            return _listing(block)
        case Table(rows=rows):
            return _table(rows)
        case ThematicBreak():
            return "<hr>"
        case _ as unreachable:
            assert_never(unreachable)


def _listing(listing: Listing) -> str:
    items = "".join(f"<li>{_item(each)}</li>" for each in listing.items)
    if listing.start is None:
        return f"<ul>{items}</ul>"
    start = f' start="{listing.start}"' if listing.start != 1 else ""
    return f"<ol{start}>{items}</ol>"


def _item(blocks: Blocks) -> str:
    """Return an item; one that is a single paragraph stands close to the next."""
    match blocks:
        case (Paragraph(inline=inline), *rest) if not any(isinstance(e, Paragraph) for e in rest):
            return _inline(inline) + _blocks(tuple(rest))
        case _:
            return _blocks(blocks)


def _table(rows: tuple[tuple[Inline, ...], ...]) -> str:
    head, *body = rows
    lines = [_row(head, "th"), *(_row(each, "td") for each in body)]
    return f'<table border="1" cellpadding="4">{"".join(lines)}</table>'


def _row(cells: tuple[Inline, ...], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{_inline(each)}</{tag}>' for each in cells)}</tr>"


def _inline(nodes: Inline) -> str:
    return "".join(map(_node, nodes))


def _node(node: Node) -> str:
    match node:
        case Text(text=text):
            return escape(text)
        case Break():
            return "<br>\n"
        case Verbatim(text=text):
            return f"<code>{escape(text)}</code>"
        case Styled(style=style, inside=inside):
            return f"<{STYLES[style]}>{_inline(inside)}</{STYLES[style]}>"
        case Link(url=url, inside=inside, bare=bare):
            shown = escape(url) if bare else _inline(inside)
            return f'<a href="{escape(url)}" rel="noreferrer">{shown}</a>'
        case _ as unreachable:
            assert_never(unreachable)
