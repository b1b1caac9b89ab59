"""Styles, links and code in a line, for the dialects that are a kind of Markdown."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from channels.markdown import safe
from channels.markdown.document import Break, Inline, Link, Node, Style, Styled, Text, Verbatim

TICKS = re.compile("`+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How a dialect writes what lies in a line. `hard`: a line break that its reader must see.

    `code` is written between ticks; None where the dialect has no way to show it as code. Then
    `bracket` stands for the one that begins a mention.
    """

    escaped: Callable[[str], str]
    link: Callable[[Link, str], str]
    code: Callable[[str], str | None]
    hard: str = "\n"
    bracket: str = "\\<"


def marked(nodes: Inline, marks: Marks) -> str:
    """Return the nodes as Markdown. Marks of neighbours never touch: they would be read as one.

    Code that touches code is one piece, and a style whose mark would touch another is left out.
    What would call somebody is code.
    """
    written: list[str] = []
    every = list(_one_code(called(nodes)))
    for at, node in enumerate(every):
        following = every[at + 1] if at + 1 < len(every) else None
        before = written[-1][-1:] if written else ""
        piece = _written(node, marks, before=before, after=following)
        if isinstance(node, Styled) and before and piece[:1] == before:
            piece = marked(node.inside, marks)
        written.append(piece)
    return "".join(written)


def called(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield the nodes with all in their words that would call somebody as code."""
    for node in nodes:
        if isinstance(node, Text):
            for text, calls in safe.pieces(node.text):
                yield Verbatim(text=text) if calls else Text(text=text)
        else:
            yield node


def _one_code(nodes: Iterable[Node]) -> Iterator[Node]:
    code = ""
    for node in nodes:
        if isinstance(node, Verbatim):
            code += node.text
            continue
        if code:
            yield Verbatim(text=code)
            code = ""
        yield node
    if code:
        yield Verbatim(text=code)


def _written(node: Node, marks: Marks, *, before: str, after: Node | None) -> str:
    match node:
        case Text():
            text = marks.escaped(node.text)
            return f"{text[:-1]}\\!" if text.endswith("!") and isinstance(after, Link) else text
        case Break():
            return marks.hard if node.hard else "\n"
        case Verbatim():
            code = marks.code(node.text)
            return _without_code(node.text, marks) if code is None else code
        case Styled():
            mark = _mark(node.style, before, after)
            return f"{mark}{marked(node.inside, marks)}{mark}"
        case Link():
            return marks.link(node, marked(node.inside, marks))
        case _ as unreachable:
            assert_never(unreachable)


def _without_code(text: str, marks: Marks) -> str:
    """Return what the dialect cannot show as code: words, and code of each word that calls."""
    return "".join(
        _silent(piece, marks) if calls else marks.escaped(piece)
        for piece, calls in safe.pieces(text)
    )


def _silent(calling: str, marks: Marks) -> str:
    """Return what calls as code; where it cannot be, without a bracket that begins a mention."""
    code = marks.code(calling)
    if code is not None:
        return code
    return marks.bracket.join(_without_code(each, marks) for each in safe.ANGLED.split(calling))


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
    """Return code in a line, between the fewest backticks of which it holds no run."""
    runs = {len(run) for run in TICKS.findall(text)}
    mark = "`" * next(count for count in range(1, len(runs) + 2) if count not in runs)
    edge = " " if text[:1] == "`" or text[-1:] == "`" or (text[0] == text[-1] == " ") else ""
    return f"{mark}{edge}{text}{edge}{mark}"
