"""CommonMark, tables and strikethrough, read once: tokens become the tree of `document`.

- HTML is text: what looks like a tag is shown as it was written, but for `<br>`.
- A link definition that this text uses is in its links. Any other is shown, `[label]: url`: its use
  may be in the message before or after.
- Nesting deeper than `DEEPEST` is text too: nothing is dropped, and the work stays linear.
- A text that would cost too much (`budget`) is shown as it was written, all of it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from bridge.delivery.markdown_budget import is_affordable
from bridge.delivery.markdown_rules import (
    FriendlyInline,
    bare_links,
    formulas,
    line_breaks,
    margins,
    names,
    table_rows,
    tasks,
)
from bridge.domain.literal import NO_BREAK
from channels.markdown import safe
from channels.markdown.document import (
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Inline,
    Listing,
    Node,
    Paragraph,
    Quote,
    Table,
    Text,
    ThematicBreak,
)
from channels.markdown.inline import inline, joined, linked

DEEPEST = 24
"""Levels of nesting: a quote is one, a list with its item two."""

REMEMBERED = 8
"""Texts whose reading is kept: a text is measured, then rendered, for several places at once."""


APART = re.compile(r"\n(?:[ \t]*\n)+")
LANGUAGE = re.compile(r"[\w+#.-]+(?=\s|$)")
"""What may stand behind a fence and be no words of its own."""


@lru_cache(maxsize=REMEMBERED)
def parse(text: str) -> Blocks:
    """Read a Markdown text, in linear time. Any text is one; one that costs too much is plain."""
    cleaned = safe.clean(text)
    if not is_affordable(cleaned):
        return tuple(_plain(cleaned))
    tokens = MARKDOWN.parse(cleaned)
    return tuple(_blocks(iter(_without(tokens, _used(tokens)))))


def _plain(text: str) -> Iterator[Block]:
    """Yield the paragraphs of a text that is shown as it was written."""
    for paragraph in APART.split(text):
        nodes: list[Node] = []
        for line in filter(None, (each.strip() for each in paragraph.split("\n"))):
            nodes += [Break(), Text(text=line)]
        if nodes:
            yield Paragraph(inline=tuple(nodes[1:]))


class _Parser(MarkdownIt):
    """It takes any address and shows it as it was written; `safe` decides, and hides none."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802
        return True

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


def _markdown() -> MarkdownIt:
    options = {"html": False, "maxNesting": 2 * DEEPEST, "linkify": False}
    md = _Parser("commonmark", options)
    md.inline = FriendlyInline()
    md.configure("commonmark").enable(["table", "strikethrough"])
    md.options.update(options)
    md.options["inline_definitions"] = True
    md.options["store_labels"] = True
    md.block.ruler.before("table", "deep", _deep)
    bare_links(md)
    line_breaks(md)
    margins(md)
    formulas(md)
    table_rows(md)
    names(md)
    tasks(md)
    md.parse("")  # compiles its rules, which two threads must not do at once
    return md


def _deep(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """Take all that is nested too deep as one paragraph; the parser itself would drop it."""
    if silent or state.level < DEEPEST:
        return False
    after = (at for at in range(line + 1, end) if _is_outside(state, at))
    end = next(after, end)
    state.push("paragraph_open", "p", 1)
    token = state.push("inline", "", 0)
    token.content = state.getLines(line, end, state.blkIndent, keepLastLF=False).strip()
    token.children = []
    state.push("paragraph_close", "p", -1)
    state.line = end
    return True


def _is_outside(state: StateBlock, line: int) -> bool:
    """Say whether the line ends the list item that is being read."""
    return state.sCount[line] < state.blkIndent and not state.isEmpty(line)


MARKDOWN = _markdown()


# -- definitions ----------------------------------------------------------------------------------


def _used(tokens: Iterable[Token]) -> set[str]:
    """Return the labels of the definitions that links and images here use."""
    found: set[str] = set()
    for token in tokens:
        if "label" in token.meta and token.type != "definition":
            found.add(token.meta["label"])
        found |= _used(token.children or ())
    return found


def _without(tokens: Iterable[Token], used: set[str]) -> Iterator[Token]:
    """Yield the tokens but for the definitions in use, of which the first of a label counts."""
    unmet = set(used)
    for token in tokens:
        if token.type == "definition" and token.meta["id"] in unmet:
            unmet.discard(token.meta["id"])
        else:
            yield token


def _definition(token: Token) -> Inline:
    label = safe.clean(token.meta["label"]).replace("\n", " ")
    return tuple(joined((Text(text=f"[{label}]: "), *linked(token.meta["url"]))))


# -- blocks ---------------------------------------------------------------------------------------


def _blocks(tokens: Iterator[Token]) -> Iterator[Block]:
    """Yield the blocks up to the token that closes what they are in."""
    for token in tokens:
        if token.nesting < 0:
            return
        if token.type == "definition":
            yield Paragraph(inline=_definition(token))
        else:
            yield from _block(token, tokens)


def _block(token: Token, tokens: Iterator[Token]) -> Blocks:
    match token.type:
        case "paragraph_open":
            nodes = _content(tokens)
            return (Paragraph(inline=nodes),) if nodes else ()
        case "heading_open":
            nodes = _content(_unbroken(tokens))
            return (Heading(level=int(token.tag[1]), inline=nodes),) if nodes else ()
        case "fence" | "code_block":
            return _code(token)
        case "blockquote_open":
            return (Quote(blocks=tuple(_blocks(tokens))),)
        case "bullet_list_open" | "ordered_list_open":
            return (_listing(token, tokens),)
        case "table_open":
            return (Table(rows=tuple(_rows(tokens))),)
        case "hr":
            return (ThematicBreak(),)
        case _:
            raise AssertionError(token.type)


def _content(tokens: Iterator[Token]) -> Inline:
    """Return the nodes between the opening token, which was read, and the closing one."""
    token = next(tokens)
    next(tokens)
    simple = token.meta.get("formula")
    return (Text(text=safe.clean(simple)),) if simple else inline(token.children)


def _unbroken(tokens: Iterator[Token]) -> Iterator[Token]:
    """Yield the tokens of a heading: it is one line, whatever it was in the source."""
    for token in tokens:
        was_broken = False
        for child in token.children or ():
            if was_broken:
                child.content = child.content.lstrip(NO_BREAK)
            was_broken = child.type in {"softbreak", "hardbreak"}
            if was_broken:
                child.type, child.content = "text", " "
        yield token


def _code(token: Token) -> Blocks:
    """Return the block; what stands beside its language, or alone, is shown as its first line."""
    text = safe.clean(token.content).removesuffix("\n")
    info = safe.clean(token.info).strip()
    found = LANGUAGE.match(info)
    language = found[0] if found and text.strip() else ""
    shown = "\n".join(part for part in (info.removeprefix(language).strip(), text) if part)
    return (Code(text=shown, language=language),) if shown.strip() else ()


def _listing(token: Token, tokens: Iterator[Token]) -> Listing:
    start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
    items = []
    for inner in tokens:
        if inner.type != "list_item_open":
            break
        items.append(tuple(_blocks(tokens)))
    return Listing(items=tuple(items), start=start, mark=token.markup)


def _rows(tokens: Iterator[Token]) -> Iterator[tuple[Inline, ...]]:
    """Yield the rows of a table, without the cells that the source left out."""
    row: list[Inline] = []
    for token in tokens:
        match token.type:
            case "tr_open":
                row = []
            case "inline":
                row.append(inline(token.children))
            case "tr_close":
                while len(row) > 1 and not row[-1]:
                    row.pop()
                yield tuple(row)
            case "table_close":
                return
            case _:
                pass
