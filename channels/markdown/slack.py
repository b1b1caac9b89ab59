"""Slack's `markdown` block, which reads standard Markdown, and the plain `text` beside it.

What stands for itself is escaped as CommonMark would, so that reading the result again gives the
same. It is unknown whether the block resolves `<!channel>` and its like; they are broken up in
code too. Source: https://docs.slack.dev/reference/block-kit/blocks/markdown-block
"""

import re
from functools import lru_cache

from channels.markdown import grid, plain, safe
from channels.markdown.document import Code, Heading, Inline, Link, Table
from channels.markdown.layout import Dialect, compose
from channels.markdown.marks import TICKS, Marks, marked
from channels.markdown.parse import REMEMBERED, parse

LONGEST_FALLBACK = 3000
MOST_ROWS, MOST_COLUMNS = 100, 20
"""What Slack shows as a table; larger ones are text in columns."""

WIDEST_TABLE = 120

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
    return safe.defuse(compose(parse(text), SLACK))


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
    return LITERAL.sub(r"\\\g<0>", text)


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


MARKS = Marks(escaped=_escaped, link=_link, hard="  \n")


def _inline(nodes: Inline) -> str:
    return LINE.sub(r"\g<before>\\", marked(nodes, MARKS))


def _heading(heading: Heading) -> str:
    line = CLOSING_SEQUENCE.sub(r"\g<before>\\", marked(heading.inline, MARKS))
    return f"{'#' * heading.level} {line}"


def _code(code: Code) -> str:
    longest = max((len(run) for run in TICKS.findall(code.text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = code.language.replace("`", "")
    return f"{fence}{language}\n{code.text}\n{fence}"


def _table(table: Table) -> str:
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    columns = len(rows[0])
    if columns > MOST_COLUMNS or len(rows) > MOST_ROWS:
        return _text_table(table)
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"|{' --- |' * columns}", *body])


def _cell(cell: Inline) -> str:
    return marked(cell, MARKS).replace("\n", " ").replace("|", "\\|")


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
