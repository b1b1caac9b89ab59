"""Discord's Markdown.

Discord reads its own dialect, so what CommonMark showed as it was written is escaped where Discord
would take it for formatting: `__`, `||`, `-#`, `>>>`, custom emoji, timestamps. Links are written
with angle brackets, which keep Discord from unfolding a preview of a page nobody chose to load.
Nothing can be escaped in the text of a link: one that needs it stands before its address instead.
Code stays to the letter: Discord looks for no mentions in it, so that what would call somebody is
code, and is told with each message to call nobody.
Source: https://support.discord.com/hc/en-us/articles/210298617
"""

import re
from functools import lru_cache

from channels.markdown import grid
from channels.markdown.document import Code, Heading, Inline, Link, Table
from channels.markdown.layout import Dialect, compose, margins
from channels.markdown.marks import Marks, marked, ticked
from channels.markdown.parse import REMEMBERED, parse

DEEPEST_HEADING = 3
WIDEST_TABLE = 80
LANGUAGE = re.compile(r"[A-Za-z0-9_+.#-]+")
FENCE = "```"
IN_WORD = re.compile(r"(?<=[^\W_])\\_(?=[^\W_])")
"""An underscore that formats nothing, escaped or not."""

LITERAL = re.compile(
    r"[\\`*_\[\]]|\|(?=\|)|(?<=\|)\||~(?=~)|(?<=~)~|<(?=[a-z]+:|[:/@#!])|:(?=//)", re.IGNORECASE
)
LINE = re.compile(
    r"^(?P<before>[ \t]*(?:\d{1,9})?)(?=(?:#{1,3}|-#|[-+]|(?<=\d)[.)])(?:[ \t]|$)|>)", re.MULTILINE
)


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text in Discord's Markdown, nobody mentioned, no link unfolded."""
    return compose(parse(text), DISCORD)


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
    label = IN_WORD.sub("_", inside)
    if "\\" in label:
        return f"{inside} (<{link.url}>)"
    return f"[{label}](<{link.url}>)"


def _ticked(text: str) -> str | None:
    """Return code in a line; three ticks begin a block, and it knows no more."""
    code = ticked(text)
    return None if code.startswith(FENCE + "`") or (FENCE in text and code[:3] == FENCE) else code


MARKS = Marks(escaped=_escaped, link=_link, code=_ticked)


def _inline(nodes: Inline) -> str:
    return LINE.sub(r"\g<before>\\", margins(marked(nodes, MARKS)))


def _heading(heading: Heading) -> str:
    return f"{'#' * min(heading.level, DEEPEST_HEADING)} {marked(heading.inline, MARKS)}"


def _code(code: Code) -> str:
    """Return a block; what holds a fence is written as code in a line, for none is longer."""
    if FENCE in code.text:
        return _ticked(code.text) or _escaped(code.text)
    language = code.language if LANGUAGE.fullmatch(code.language) else ""
    return f"{FENCE}{language}\n{code.text}\n{FENCE}"


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
    margin_on_code=False,
)
