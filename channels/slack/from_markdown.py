"""Slack's `markdown` block, which reads standard Markdown, and the plain `text` beside it.

What stands for itself is escaped as CommonMark would, so that reading the result again gives the
same. It is unknown whether the block resolves `<!channel>` and its like. As text their bracket is
`&lt;`, which is a bracket for CommonMark and for Slack's own escapes, and is no mention for either.
So they are text where they are code in a line, and what else calls there stays code; a block of
code with one is given to Slack as an element of its own (`pieces`), in which nothing is looked for;
a list or a quote around it ends before it and goes on after it.
Source: https://docs.slack.dev/reference/block-kit/blocks/markdown-block
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain, groupby

from channels.markdown import grid, plain, safe
from channels.markdown.document import (
    Block,
    Blocks,
    Code,
    Heading,
    Inline,
    Link,
    Listing,
    Quote,
    Table,
)
from channels.markdown.layout import Dialect, compose
from channels.markdown.marks import TICKS, Marks, marked, ticked
from channels.markdown.parse import REMEMBERED, parse

LONGEST_FALLBACK = 3000
MOST_ROWS, MOST_COLUMNS = 100, 20
"""What Slack shows as a table; larger ones are text in columns."""

WIDEST_TABLE = 120

BRACKET = "&lt;"
"""Stands for the bracket of a mention, which Slack looks for in code in a line too."""

LITERAL = re.compile(
    r"[\\`*\[\]~]|(?<![^\W_])_|_(?![^\W_])|<(?=[a-z/!?@#])|&(?=#?\w+;)", re.IGNORECASE
)
LINE = re.compile(
    r"^(?P<before>[ \t]*(?:\d{1,9})?)"
    r"(?=(?:#{1,6}|[-+]|(?<=\d)[.)])(?:[ \t]|$)|>|=+[ \t]*$|-[- \t]*$|[-:|][-:| \t]*$)",
    re.MULTILINE,
)

CLOSING_SEQUENCE = re.compile(r"(?P<before>^|[ \t])(?=#+[ \t]*$)")


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text for a `markdown` block, nobody mentioned."""
    return compose(parse(text), SLACK)


def pieces(text: str) -> Iterator[str | Code]:
    """Yield a text as `markdown` blocks take it, and the code between that they must not read."""
    for apart, blocks in groupby(_lifted(parse(text)), key=_is_apart):
        if apart:
            yield from (block for block in blocks if isinstance(block, Code))
        else:
            yield compose(tuple(blocks), SLACK)


def _is_apart(block: Block) -> bool:
    return isinstance(block, Code) and safe.ANGLED.search(block.text) is not None


def _lifted(blocks: Blocks) -> Iterator[Block]:
    """Yield the blocks so that code which Slack must not read lies in no list and no quote."""
    for block in blocks:
        match block:
            case Quote():
                yield from _lifted_of_quote(block)
            case Listing():
                yield from _lifted_of_listing(block)
            case _:
                yield block


def _lifted_of_quote(quote: Quote) -> Iterator[Block]:
    for apart, inner in groupby(_lifted(quote.blocks), key=_is_apart):
        blocks = tuple(inner)
        yield from blocks if apart else (Quote(blocks=blocks),)


def _lifted_of_listing(listing: Listing) -> Iterator[Block]:
    """Yield a list in as many as it takes; what follows code in an item stands without a mark."""
    items: list[Blocks] = []
    first = 0
    for number, item in enumerate(listing.items):
        groups = [(apart, tuple(each)) for apart, each in groupby(_lifted(item), key=_is_apart)]
        items.append(groups[0][1] if groups and not groups[0][0] else ())
        if not any(apart for apart, _ in groups):
            continue
        yield _part(listing, items, first)
        items, first = [], number + 1
        yield from chain.from_iterable(each for _, each in groups[0 if groups[0][0] else 1 :])
    if items:
        yield _part(listing, items, first)


def _part(listing: Listing, items: list[Blocks], first: int) -> Listing:
    start = None if listing.start is None else listing.start + first
    return replace(listing, items=tuple(items), start=start)


def fallback(text: str) -> str:
    """Return what notifications show: mrkdwn without formatting, 3,000 characters at most."""
    words = plain.render(text)
    short = words
    while len(escaped := _entities(short)) > LONGEST_FALLBACK:
        room = max(1, len(short) * (LONGEST_FALLBACK - 1) // len(escaped) - 1)
        short = f"{words[:room].rstrip()}…"
    return escaped


def whole(text: str) -> str:
    """Return all of a text without any formatting, for a message without blocks."""
    return _entities(plain.render(text))


def size(text: str) -> int:
    """Return the length as Slack counts it: in characters."""
    return len(render(text))


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str) -> str:
    return LITERAL.sub(_literal, text)


def _literal(found: re.Match[str]) -> str:
    is_control = safe.ANGLED.match(found.string, found.start())
    return BRACKET if is_control else f"\\{found[0]}"


def _link(link: Link, inside: str) -> str:
    if link.bare:
        return f"<{link.url}>"
    return f"[{inside}]({_closed(link.url)})"


def _closed(url: str) -> str:
    """Return the address with no parenthesis that would end the link early."""
    depth = 0
    for character in url:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
    return url if depth == 0 else url.replace("(", "%28").replace(")", "%29")


def _ticked(text: str) -> str | None:
    return None if safe.ANGLED.search(text) else ticked(text)


MARKS = Marks(escaped=_escaped, link=_link, hard="  \n", code=_ticked, bracket=BRACKET)


def _inline(nodes: Inline) -> str:
    return LINE.sub(r"\g<before>\\", marked(nodes, MARKS))


def _heading(heading: Heading) -> str:
    line = CLOSING_SEQUENCE.sub(r"\g<before>\\", marked(heading.inline, MARKS))
    return f"{'#' * heading.level} {line}"


def _code(code: Code) -> str:
    longest = max((len(run) for run in TICKS.findall(code.text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = code.language.replace("`", "")
    return f"{fence}{language}\n{safe.ANGLED.sub(BRACKET, code.text)}\n{fence}"


def _table(table: Table) -> str:
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    columns = len(rows[0])
    if columns > MOST_COLUMNS or len(rows) > MOST_ROWS:
        return _text_table(table)
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"|{' --- |' * columns}", *body])


def _cell(cell: Inline) -> str:
    return marked(cell, MARKS).replace(MARKS.hard, grid.NEXT_LINE).replace("|", "\\|")


def _text_table(table: Table) -> str:
    if text := grid.aligned(table, WIDEST_TABLE):
        return _code(Code(text=text))
    return "  \n".join(map(_inline, grid.told(table)))


SLACK = Dialect(
    inline=_inline,
    heading=_heading,
    code=_code,
    table=_table,
    rule="---",
    apart=(Table,),
    keeps_marks=True,
)
