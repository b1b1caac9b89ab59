"""One paragraph's tokens as a tree of nodes that keeps the rules of `document`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from typing import Literal

from markdown_it.token import Token

from channels.markdown import safe
from channels.markdown.document import (
    Break,
    Inline,
    Link,
    Node,
    Style,
    Styled,
    Text,
    Verbatim,
    shown,
)

STYLES: dict[str, Style] = {"strong": "bold", "em": "italic", "s": "strikethrough"}


@dataclass(slots=True, kw_only=True)
class _Open:
    """What is open: a style, a link, or what lies in its like and so means nothing.

    `written`: the text is the address, `angled` as tags are (`<xsl:template>`) or `bare`.
    """

    kind: Style | Literal["link", "nothing"]
    nodes: list[Node] = field(default_factory=list)
    url: str = ""
    written: Literal["", "angled", "bare"] = ""


def inline(tokens: list[Token] | None, within: frozenset[str] = frozenset()) -> Inline:
    """Return the nodes of a paragraph, or of a text `within` which styles it lies."""
    stack = [_Open(kind="nothing")]
    for token in tokens or ():
        if token.nesting > 0:
            stack.append(_opened(token, stack, within))
        elif token.nesting < 0:
            _close(stack)
        else:
            styles = frozenset(each.kind for each in stack) if token.children else within
            stack[-1].nodes.extend(_leaves(token, within | styles))
    return tuple(joined(stack[0].nodes))


def linked(url: str, inside: Inline = ()) -> Inline:
    """Return a link as what may be shown of it: live and honest, or text with its address."""
    address = safe.address(url)
    text = shown(inside)
    if not text.strip() or text in {url, address} or url == f"mailto:{text}":
        return _bare(address, text)
    live = safe.may_be_live(address)
    if live and safe.is_honest(text, address):
        return _apart(address, inside)
    end = _address(address) if live else (Text(text=address),)
    return (*inside, Text(text=" ("), *end, Text(text=")"))


def _bare(address: str, text: str) -> Inline:
    """Return an address to be read. One of mail, written as such, every chat finds by itself."""
    if address == f"mailto:{text}" or not safe.may_be_live(address):
        return (Text(text=text if address.endswith(text) and text.strip() else address),)
    return _address(address)


def _address(address: str) -> Inline:
    return (Link(url=address, inside=(Text(text=address),), bare=True),)


def _apart(address: str, inside: Inline) -> Inline:
    """Return a link, and after it the links that were inside: a badge's image, say."""
    found: list[Node] = [Link(url=address, inside=tuple(joined(_unlinked(inside))))]
    for link in _links(inside):
        if not link.bare and link.url != address:
            found += (Text(text=" ("), *_address(link.url), Text(text=")"))
    return tuple(found)


def _links(nodes: Inline) -> Iterator[Link]:
    for node in nodes:
        match node:
            case Link():
                yield node
            case Styled():
                yield from _links(node.inside)
            case Text() | Break() | Verbatim():
                pass


def _unlinked(nodes: Inline) -> Iterator[Node]:
    for node in nodes:
        match node:
            case Link():
                yield from node.inside
            case Styled():
                yield replace(node, inside=tuple(joined(_unlinked(node.inside))))
            case Text() | Break() | Verbatim():
                yield node


# -- tokens ---------------------------------------------------------------------------------------


def _opened(token: Token, stack: list[_Open], within: frozenset[str]) -> _Open:
    """Return what the token opens. What would lie in its like writes into what it lies in."""
    name = token.type.removesuffix("_open")
    if name == "link":
        return _Open(kind="link", url=str(token.attrs.get("href", "")), written=_written(token))
    style = STYLES[name]
    if style in within or any(each.kind == style for each in stack):
        return _Open(kind="nothing", nodes=stack[-1].nodes)
    return _Open(kind=style)


def _written(token: Token) -> Literal["", "angled", "bare"]:
    if token.markup == "autolink":
        return "angled"
    return "bare" if token.info == "bare" else ""


def _close(stack: list[_Open]) -> None:
    closed = stack.pop()
    match closed.kind:
        case "nothing":
            pass
        case "link":
            stack[-1].nodes.extend(_linked(closed))
        case style:
            stack[-1].nodes.extend(_styled(style, joined(closed.nodes)))


def _linked(closed: _Open) -> Inline:
    inside = tuple(joined(closed.nodes))
    if not closed.written:
        return linked(closed.url, inside)
    address = _as_written(closed.url, shown(inside))
    if safe.may_be_live(address):
        return _bare(address, shown(inside))
    return (Text(text="<"), *inside, Text(text=">")) if closed.written == "angled" else inside


def _as_written(url: str, text: str) -> str:
    """Return the address in the letters it was written in, but for those of its host: they lie."""
    written = safe.address(text)
    is_plain = safe.host_of(written) != "" and safe.host_of(written).isascii()
    return written if is_plain else safe.address(url)


def _styled(style: Style, nodes: list[Node]) -> Iterator[Node]:
    """Yield the styled nodes, with what cannot be seen at their ends outside of the style."""
    first, last = 0, len(nodes)
    while first < last and _is_blank(nodes[first]):
        first += 1
    while first < last and _is_blank(nodes[last - 1]):
        last -= 1
    core = nodes[first:last]
    before, after = _trim(core)
    yield from (*nodes[:first], *before)
    if core:
        yield Styled(style=style, inside=tuple(core))
    yield from (*after, *nodes[last:])


def _is_blank(node: Node) -> bool:
    return isinstance(node, Break) or (isinstance(node, Text) and not node.text.strip())


def _trim(core: list[Node]) -> tuple[Inline, Inline]:
    """Take the spaces off both ends, in place; return them."""
    before = after = ""
    if core and isinstance(first := core[0], Text):
        kept = first.text.lstrip()
        before, core[0] = first.text[: -len(kept)], Text(text=kept)
    if core and isinstance(last := core[-1], Text):
        kept = last.text.rstrip()
        after, core[-1] = last.text[len(kept) :], Text(text=kept)
    return (Text(text=before),), (Text(text=after),)


def _leaves(token: Token, within: frozenset[str]) -> Inline:
    match token.type:
        case "text":
            return (Text(text=_line(token.content)),)
        case "code_inline":
            return (Verbatim(text=_line(token.content)),)
        case "softbreak" | "hardbreak":
            return (Break(hard=token.type == "hardbreak"),)
        case "image":
            alt = inline(token.children, within)
            return linked(str(token.attrs.get("src", "")), alt)
        case _:
            return (Text(text=_line(token.content)),)


def _line(text: str) -> str:
    return safe.clean(text).replace("\n", " ")


def joined(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes without empty ones; texts that touch become one, and so do equal styles."""
    seen = (node for node in nodes if not isinstance(node, Text | Verbatim) or node.text)
    return [_one(tuple(group)) for _, group in groupby(seen, key=_joint)]


def _joint(node: Node) -> object:
    match node:
        case Text():
            return "text"
        case Styled():
            return node.style
        case Break() | Verbatim() | Link():
            return object()


def _one(alike: tuple[Node, ...]) -> Node:
    first, *more = alike
    if not more:
        return first
    if isinstance(first, Styled):
        parts = (node.inside for node in alike if isinstance(node, Styled))
        return replace(first, inside=tuple(joined(chain.from_iterable(parts))))
    return Text(text=shown(alike))
