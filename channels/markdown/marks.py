"""Styles, links and code in a line, for the dialects that are a kind of Markdown."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from channels.markdown.document import Break, Inline, Link, Node, Style, Styled, Text, Verbatim
from channels.markdown.safe import BREAKER

TICKS = re.compile("`+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How a dialect writes what lies in a line. `hard`: a line break that its reader must see."""

    escaped: Callable[[str], str]
    link: Callable[[Link, str], str]
    hard: str = "\n"


def marked(nodes: Inline, marks: Marks) -> str:
    """Return the nodes as Markdown. Marks of neighbours never touch: they would be read as one."""
    written: list[str] = []
    for at, node in enumerate(nodes):
        following = nodes[at + 1] if at + 1 < len(nodes) else None
        piece = _written(node, marks, before=written[-1][-1:] if written else "", after=following)
        if written and piece and piece[0] in "*_~`" and written[-1][-1:] == piece[0]:
            written.append(BREAKER)
        written.append(piece)
    return "".join(written)


def _written(node: Node, marks: Marks, *, before: str, after: Node | None) -> str:
    match node:
        case Text():
            text = marks.escaped(node.text)
            return f"{text[:-1]}\\!" if text.endswith("!") and isinstance(after, Link) else text
        case Break():
            return marks.hard if node.hard else "\n"
        case Verbatim():
            return ticked(node.text)
        case Styled():
            mark = _mark(node.style, before, after)
            return f"{mark}{marked(node.inside, marks)}{mark}"
        case Link():
            return marks.link(node, marked(node.inside, marks))
        case _ as unreachable:
            assert_never(unreachable)


def _mark(style: Style, before: str, after: Node | None) -> str:
    match style:
        case "bold":
            return "**"
        case "strikethrough":
            return "~~"
        case "italic":
            return "*" if _is_in_word(before, after) else "_"
        case _ as unreachable:
            assert_never(unreachable)


def _is_in_word(before: str, after: Node | None) -> bool:
    following = after.text[:1] if isinstance(after, Text) else ""
    return before.isalnum() or following.isalnum() or following == "_" or before == "_"


def ticked(text: str) -> str:
    """Return code in a line, between more backticks than it holds."""
    longest = max((len(run) for run in TICKS.findall(text)), default=0)
    mark = "`" * (longest + 1)
    edge = " " if text[:1] == "`" or text[-1:] == "`" or (text[0] == text[-1] == " ") else ""
    return f"{mark}{edge}{text}{edge}{mark}"
