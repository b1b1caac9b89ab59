"""Text without any formatting, for whatever has none: what is to be read, and every address."""

from functools import lru_cache

from channels.markdown import grid, safe
from channels.markdown.document import Code, Heading, Inline, Table, spelled
from channels.markdown.layout import Dialect, compose
from channels.markdown.parse import REMEMBERED, parse

WIDEST_TABLE = 100


@lru_cache(maxsize=REMEMBERED)
def render(text: str) -> str:
    """Return the text as it reads, nobody mentioned, code included: who shows it is unknown."""
    return safe.defuse(compose(parse(text), PLAIN))


def size(text: str) -> int:
    """Return the length in code points."""
    return len(render(text))


def _inline(nodes: Inline) -> str:
    return spelled(nodes)


def _heading(heading: Heading) -> str:
    return spelled(heading.inline)


def _code(code: Code) -> str:
    return code.text


def _table(table: Table) -> str:
    return grid.aligned(table, WIDEST_TABLE) or "\n".join(map(spelled, grid.told(table)))


PLAIN = Dialect(inline=_inline, heading=_heading, code=_code, table=_table, rule="———")
