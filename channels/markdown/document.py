"""What every dialect is rendered from: a Markdown text, read once and made safe.

The rules that renderers may rely on:

- A style never lies in the same style, and never begins or ends with a space or a line break.
- A link lies in no link, has something to show, and its `url` may be live: http, https or mailto.
  What it shows hides no other address. All else that looked like a link is text here.
- A link whose text is its address is `bare`; addresses written as they are are such links too.
- Images are links. No text here holds invisible or control characters but line feeds in code.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

Style = Literal["bold", "italic", "strikethrough"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A line break. `hard`: CommonMark would show it; chats show the others too."""

    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim:
    """Code in a line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Styled:
    style: Style
    inside: "Inline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    url: str
    inside: "Inline"
    bare: bool = False


Node = Text | Break | Verbatim | Styled | Link
Inline = tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    inline: Inline


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`level` from 1 to 6. There is no line break in it."""

    level: int
    inline: Inline


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A block of code without its last line feed; `language` is one word or empty."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    blocks: "Blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`start` is the first item's number, None where items are not numbered.

    `mark` is the character that the source marked items with: `-`, `*`, `+`, `.` or `)`.
    """

    items: tuple["Blocks", ...]
    start: int | None = None
    mark: str = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, the header first. Rows may be shorter than the header, never longer."""

    rows: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThematicBreak:
    """A thematic break."""


Block = Paragraph | Heading | Code | Quote | Listing | Table | ThematicBreak
Blocks = tuple[Block, ...]


def shown(nodes: Iterable[Node]) -> str:
    """Return what is to be read, without the addresses that links lead to."""
    return "".join(_shown(node) for node in nodes)


def _shown(node: Node) -> str:
    match node:
        case Text() | Verbatim():
            return node.text
        case Break():
            return "\n"
        case Styled() | Link():
            return shown(node.inside)
        case _ as unreachable:
            assert_never(unreachable)


def spelled(nodes: Iterable[Node]) -> str:
    """Return what is to be read, with each link as `text (url)`, or once where they are one."""
    return "".join(_spelled(node) for node in nodes)


def _spelled(node: Node) -> str:
    match node:
        case Link(bare=True):
            return node.url
        case Link():
            return f"{spelled(node.inside)} ({node.url})"
        case Styled():
            return spelled(node.inside)
        case Text() | Break() | Verbatim():
            return _shown(node)
