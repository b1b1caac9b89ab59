"""Text without any formatting, for whatever has none: what is to be read, and every address."""

from functools import lru_cache

from channels.markdown import grid
from channels.markdown.document import Code, Heading, Inline, Table, spelled
from channels.markdown.layout import Dialect, compose, margins
from channels.markdown.parse import REMEMBERED, parse

WIDEST_TABLE = 100


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text as it reads and is copied. Whoever shows it keeps it from calling anybody."""
    return compose(parse(text), PLAIN)


def size(text: str) -> int:
    """Return the length in code points."""
    return len(render(text))


def _inline(nodes: Inline) -> str:
    return margins(spelled(nodes))


def _heading(heading: Heading) -> str:
    return spelled(heading.inline)


def _code(code: Code) -> str:
    return code.text


def _table(table: Table) -> str:
    return grid.aligned(table, WIDEST_TABLE) or "\n".join(map(spelled, grid.told(table)))


PLAIN = Dialect(
    inline=_inline, heading=_heading, code=_code, table=_table, rule="———", margin_on_code=False
)
