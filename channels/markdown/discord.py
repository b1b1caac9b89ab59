"""Discord's Markdown.

Discord reads its own dialect, so what CommonMark showed as it was written is escaped where Discord
would take it for formatting: `__`, `||`, `-#`, `>>>`, custom emoji, timestamps. Links are written
with angle brackets, which keep Discord from unfolding a preview of a page nobody chose to load.
Source: https://support.discord.com/hc/en-us/articles/210298617
"""

import re
from functools import lru_cache

from channels.markdown import grid, safe
from channels.markdown.document import Code, Heading, Inline, Link, Table
from channels.markdown.layout import Dialect, compose
from channels.markdown.marks import Marks, marked
from channels.markdown.parse import REMEMBERED, parse

DEEPEST_HEADING = 3
WIDEST_TABLE = 80
LANGUAGE = re.compile(r"[A-Za-z0-9_+.#-]+")
FENCE = "```"

LITERAL = re.compile(
    r"[\\`*_\[\]]|\|(?=\|)|(?<=\|)\||~(?=~)|(?<=~)~|<(?=[a-z]+:|[:/@#!])|:(?=//)", re.IGNORECASE
)
LINE = re.compile(
    r"^(?P<before>[ \t]*(?:\d{1,9})?)(?=(?:#{1,3}|-#|[-+]|(?<=\d)[.)])(?:[ \t]|$)|>)", re.MULTILINE
)


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text in Discord's Markdown, nobody mentioned, no link unfolded."""
    return safe.defuse(compose(parse(text), DISCORD))


def size(text: str) -> int:
    """Return the length as Discord counts it: in code points."""
    return len(render(text))


def _escaped(text: str) -> str:
    return LITERAL.sub(r"\\\g<0>", text)


def _link(link: Link, inside: str) -> str:
    if link.bare:
        return f"<{link.url}>"
    if link.url.startswith("mailto:"):
        return f"{inside} ({_escaped(link.url)})"
    return f"[{inside}](<{link.url}>)"


MARKS = Marks(escaped=_escaped, link=_link)


def _inline(nodes: Inline) -> str:
    return LINE.sub(r"\g<before>\\", marked(nodes, MARKS))


def _heading(heading: Heading) -> str:
    return f"{'#' * min(heading.level, DEEPEST_HEADING)} {marked(heading.inline, MARKS)}"


def _code(code: Code) -> str:
    language = code.language if LANGUAGE.fullmatch(code.language) else ""
    return f"{FENCE}{language}\n{_unfenced(code.text)}\n{FENCE}"


def _unfenced(text: str) -> str:
    """Break up what would end the block: Discord knows no longer fence."""
    return text.replace("``", f"`{safe.BREAKER}`")


def _table(table: Table) -> str:
    if columns := grid.aligned(table, WIDEST_TABLE):
        return _code(Code(text=columns))
    return "\n".join(map(_inline, grid.told(table)))


DISCORD = Dialect(
    inline=_inline,
    heading=_heading,
    code=_code,
    table=_table,
    rule="———",
    blank_quote="> ",
)
