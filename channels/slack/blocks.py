"""What stands in Slack's blocks, as Markdown: what people wrote and pasted, and what apps show.

People's words come as `rich_text`, which tells what was formatted from what only looks so. What
they paste from a spreadsheet is a `table`. Of every other block all words are read, wherever in it
they are; a block without words is told in a line, but for a ruler.
Source: https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import Content
from channels.markdown.grid import NEXT_LINE
from channels.slack import to_markdown

Json = dict[str, Any]

DEEPEST = 8
DEEPEST_NAMED = 48
"""Levels of a message in which it is looked for people: each passed on has about ten."""

MOST_COUNTED = 100_000
"""Of levels, and of numbers of an item."""

OWN = "\0"
"""Stands for our own mention while the ends are cleared of it."""

SEEN = f"x{OWN}x"
"""The same, as a word, for what tells words from what nobody sees."""

ENDS = re.compile(rf"\A(?:(?:\s|&nbsp;)*+{OWN}\s*+[:,]?)+\s*|(?<!\s)\s*+{OWN}\s*+(?=[.!?]?\s*+\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionNames:
    """What people are called. `me`: whose mention at either end is no part of what is said."""

    people: Mapping[str, str]
    me: str = ""


def rich_text(message: Json) -> list[Json]:
    """Return the elements of what a person wrote; nothing where only the text tells it."""
    return [
        element
        for block in dicts(message.get("blocks"))
        if block.get("type") == "rich_text"
        for element in dicts(block.get("elements"))
    ]


def other_than_rich_text(message: Json) -> tuple[list[Json], list[Json]]:
    """Return the blocks that stand before what a person wrote, and those that stand after it."""
    found = dicts(message.get("blocks"))
    kinds = [each.get("type") for each in found]
    first = kinds.index("rich_text") if "rich_text" in kinds else 0
    return found[:first], [each for each in found[first:] if each.get("type") != "rich_text"]


def people(found: Any, depth: int = DEEPEST_NAMED) -> frozenset[str]:
    """Return the ids of everybody who is mentioned anywhere in a message, or a part of one."""
    match found:
        case str():
            return to_markdown.people(found)
        case dict() if depth:
            inner = (people(each, depth - 1) for each in found.values())
            named = {str(found["user_id"])} if found.get("type") == "user" else set()
            return frozenset(named).union(*inner)
        case list() if depth:
            return frozenset().union(*(people(each, depth - 1) for each in found))
        case _:
            return frozenset()


def calls(message: Json, user: str) -> bool:
    """Say whether a message speaks to a user: not in code, and not in a quote."""
    if not rich_text(message):
        return to_markdown.mentions(str(message.get("text") or ""), user)
    spoken = (
        each
        for each in rich_text(message)
        if each.get("type") in SPOKEN and not each.get("border")  # which makes a list a quote
    )
    return any(
        leaf.get("user_id") == user and not _style(leaf).get("code")
        for leaf in _leaves(spoken, DEEPEST)
    )


SPOKEN = {"rich_text_section", "rich_text_list"}


def written(elements: Sequence[Json], names: MentionNames) -> Content:
    """Return what a person wrote, without the mention of us at its ends."""
    is_literal = not _is_formatted(elements)
    plain = str if is_literal else literal.escaped
    writer = _Writer(names=names, plain=plain)
    whole = _whole(elements, writer)
    words = ENDS.sub("", whole).replace(OWN, writer.mention(names.me)).strip()
    words = words or whole.replace(OWN, writer.mention(names.me)).strip()
    return Content(text=words, literal=bool(words) and is_literal)


def _whole(elements: Iterable[Json], writer: "_Writer") -> str:
    every = list(elements)
    return "".join(
        writer.block(each, margin=margin) + _apart(each, following)
        for each, margin, following in zip_longest(every, _margins(every), every[1:])
    )


def _apart(element: Json, following: Json | None) -> str:
    """Return what stands after a block: what follows a list or a quote is no part of it.

    A list goes on in the next one, which lies in it or around it.
    """
    if element.get("type") not in {"rich_text_list", "rich_text_quote"}:
        return "\n"
    goes_on = following is not None and _is_listed(element) and _is_listed(following)
    return "\n" if goes_on and _first(following or {}) == 1 else "\n\n"


def _margins(elements: Iterable[Json]) -> Iterator[str]:
    """Yield what stands before each line of a block: a list lies in the item before it."""
    around: list[tuple[int, int]] = []
    for each in elements:
        if not _is_listed(each):
            around.clear()
            yield ""
            continue
        level = min(_count(each.get("indent")), DEEPEST)
        while around and around[-1][0] >= level:
            around.pop()
        column = around[-1][1] if around else 0
        yield " " * column
        last = _first(each) + max(len(dicts(each.get("elements"))) - 1, 0)
        around.append((level, column + len(_mark(each, last))))


def _is_listed(element: Json) -> bool:
    return element.get("type") == "rich_text_list"


def _first(listing: Json) -> int:
    """Return the number of the first item; of one without numbers 1."""
    return _count(listing.get("offset")) + 1 if listing.get("style") == "ordered" else 1


def _mark(listing: Json, number: int) -> str:
    return f"{number}. " if listing.get("style") == "ordered" else "- "


def _count(given: Any) -> int:
    return min(max(given, 0), MOST_COUNTED) if isinstance(given, int) else 0


def _is_formatted(elements: Iterable[Json]) -> bool:
    return any(
        each.get("type") != "rich_text_section"
        or any(
            _style(leaf).keys() & {"bold", "italic", "strike", "code"}
            or (leaf.get("type") == "link" and leaf.get("text") not in {None, "", leaf.get("url")})
            for leaf in dicts(each.get("elements"))
        )
        for each in elements
    )


# -- what a person wrote --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    names: MentionNames
    plain: Any

    def mention(self, user: str) -> str:
        return str(self.plain(f"@{self.names.people.get(user) or user}"))

    def block(self, element: Json, depth: int = DEEPEST, *, margin: str = "") -> str:
        leaves = dicts(element.get("elements"))
        match element.get("type"):
            case "rich_text_list":
                return "\n".join(self._items(element, depth, margin)) if depth else ""
            case "rich_text_preformatted":
                code = "".join(_code(each, self.names) for each in leaves).strip("\n")
                fence = to_markdown.ticks(code, least=3)
                return f"{fence}\n{code}\n{fence}"
            case "rich_text_quote":
                quoted = self._lines(leaves).strip("\n")
                return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))
            case _:
                return self._lines(leaves)

    def _lines(self, leaves: Iterable[Json]) -> str:
        """Return words in a line, or in several that begin where they did."""
        words = "".join(map(self._leaf, leaves))
        if self.plain is str:
            return words
        laid_out = literal.laid_out(words.replace(OWN, SEEN), to_markdown.WRITTEN_CODE)
        return laid_out.replace(SEEN, OWN)

    def _items(self, listing: Json, depth: int, margin: str) -> Iterator[str]:
        items = dicts(listing.get("elements"))
        for number, item in enumerate(items, start=_first(listing)):
            mark = _mark(listing, number)
            within = f"\n{margin}{' ' * len(mark)}"
            yield f"{margin}{mark}{self.block(item, depth - 1).replace(chr(10), within)}"

    def _leaf(self, leaf: Json) -> str:
        style = _style(leaf)
        if style.get("code"):
            code = _code(leaf, self.names)
            ticks = to_markdown.ticks(code, least=1)
            room = " " if len(ticks) > 1 else ""
            return f"{ticks}{room}{code}{room}{ticks}" if code.strip() else code
        text = self._word(leaf)
        for kind, sign in (("strike", "~~"), ("italic", "_"), ("bold", "**")):
            if style.get(kind):
                text = "\n".join(_emphasised(line, sign) for line in text.split("\n"))
        return text

    def _word(self, leaf: Json) -> str:
        match leaf.get("type"):
            case "user" if leaf.get("user_id") == self.names.me:
                return OWN
            case "user":
                return self.mention(str(leaf.get("user_id")))
            case "link" if leaf.get("text") and leaf.get("text") != leaf.get("url"):
                label = literal.escaped(str(leaf["text"])).replace("[", "&#91;")
                return f"[{label}](<{leaf.get('url')}>)"
            case "link":
                return str(leaf.get("url") or "")
            case _:
                return str(self.plain(_plain(leaf, self.names)))


def _plain(leaf: Json, names: MentionNames) -> str:
    """Return a leaf as people see it."""
    match leaf.get("type"):
        case "text":
            return str(leaf.get("text") or "").replace(OWN, "")
        case "user":
            return f"@{names.people.get(str(leaf.get('user_id'))) or leaf.get('user_id')}"
        case "emoji":
            return _emoji(leaf)
        case "channel":
            return f"#{leaf.get('name') or leaf.get('channel_id')}"
        case "usergroup":
            return f"@{leaf.get('name') or leaf.get('usergroup_id')}"
        case "broadcast":
            return f"@{leaf.get('range')}"
        case "date":
            return str(leaf.get("fallback") or leaf.get("timestamp") or "")
        case "link":
            return str(leaf.get("text") or leaf.get("url") or "")
        case kind:
            given = (leaf.get(each) for each in ("text", "value", "fallback", "name", "url"))
            return next((str(each) for each in given if each), f"[{kind}]")


def _emoji(leaf: Json) -> str:
    try:
        return "".join(chr(int(each, 16)) for each in str(leaf["unicode"]).split("-"))
    except (KeyError, ValueError, OverflowError):
        return f":{leaf.get('name')}:"


def _code(leaf: Json, names: MentionNames) -> str:
    return _plain(leaf, names)


def _emphasised(line: str, sign: str) -> str:
    core = line.strip()
    if not core or core == OWN:
        return line
    lead = line[: line.index(core)]
    return f"{lead}{sign}{core}{sign}{line[len(lead) + len(core) :]}"


# -- what stands beside it ------------------------------------------------------------------------

WORDS = (
    "title", "text", "subtitle", "body", "description", "caption", "label", "name", "author_name",
    "provider_name", "alt_text", "placeholder", "initial_value", "status", "x_label", "y_label",
)  # fmt: skip
"""Fields that hold words, as they are or as an object of them, in the order they are read."""

CALLED = {
    "actions": "buttons",
    "call": "a call",
    "card": "a card",
    "carousel": "cards",
    "context_actions": "buttons",
    "data_table": "a table",
    "data_visualization": "a chart",
    "file": "a file kept elsewhere",
    "image": "a picture",
    "input": "a form",
    "plan": "a plan",
    "table": "a table",
    "task_card": "a task",
    "video": "a film",
}
"""What blocks are called that came without words. Others are told by the name that Slack has."""

RULER = "divider"


def shown(block: Json, names: MentionNames) -> str:
    """Return all that a block says; "" of a ruler alone."""
    kind = block.get("type")
    match kind:
        case "divider":
            return ""
        case "markdown":
            said = str(block.get("text") or "").strip()
        case "table" | "data_table":
            said = _table(block, names)
        case _:
            said = "\n".join(filter(None, _said(block, names, DEEPEST)))
    named = f"something that Slack calls {literal.escaped(repr(str(kind)))}"
    return said or texts.unreadable(CALLED.get(str(kind), named))


def _said(found: Any, names: MentionNames, depth: int) -> Iterator[str]:
    """Yield the words in a part of a block, which is an object, several, or words."""
    match found:
        case list() if depth:
            for each in found:
                yield from _said(each, names, depth - 1)
        case {"type": "rich_text"}:
            yield _rich(found, names)
        case {"type": "mrkdwn", "text": str(words)}:
            yield to_markdown.markdown(words, names.people)
        case {"type": "table" | "data_table"}:
            yield _table(found, names)
        case {"label": str(label), "value": int() | float() as number}:
            yield literal.escaped(f"{label}: {number}")
        case {"type": "raw_number", "value": number}:
            yield literal.escaped(str(found.get("text") or number))
        case dict() if depth:
            yield from _fields(found, names, depth)
        case _:
            pass


def _fields(found: Json, names: MentionNames, depth: int) -> Iterator[str]:
    words = [each for each in WORDS if isinstance(found.get(each), str)]
    yield from (literal.escaped(found[each]) for each in words)
    first = [each for each in WORDS if each in found and each not in words]
    for each in first:
        yield from _said(found[each], names, depth - 1)
    address = found.get("url")
    if isinstance(address, str) and (words or first):  # what a button opens, or a source is
        yield literal.escaped(address)
    for each in (each for each in found if each not in WORDS):
        yield from _said(found[each], names, depth - 1)


def _rich(block: Json, names: MentionNames) -> str:
    writer = _Writer(names=names, plain=literal.escaped)
    whole = _whole(dicts(block.get("elements")), writer)
    return whole.replace(OWN, writer.mention(names.me)).strip()


# -- tables

PIPE = re.compile(r"(?<!\\)\|")


def _table(block: Json, names: MentionNames) -> str:
    """Return a table; its first row is its head, as in the app's own copies of it."""
    given = block.get("rows")
    rows = [_cells(each) for each in given] if isinstance(given, list) else []
    told = [[_cell(each, names) for each in row] for row in rows]
    if not any(any(row) for row in told):
        return ""
    widest = max(map(len, told))
    head, *body = ([*row, *[""] * (widest - len(row))] for row in told)
    lines = [head, ["---"] * widest, *body]
    caption = literal.escaped(str(block.get("caption") or ""))
    written = "\n".join(f"| {' | '.join(row)} |" for row in lines)
    return f"{caption}\n\n{written}" if caption else written


def _cells(row: Any) -> list[Any]:
    cells = row.get("cells") if isinstance(row, dict) else row
    return cells if isinstance(cells, list) else []


def _cell(cell: Any, names: MentionNames) -> str:
    said = filter(None, _said(cell, names, DEEPEST))
    line = NEXT_LINE.join(part for each in said for part in each.split("\n") if part.strip())
    return PIPE.sub(r"\\|", line)


# -- small ----------------------------------------------------------------------------------------


def dicts(values: Any) -> list[Json]:
    given = values if isinstance(values, list) else []
    return [each for each in given if isinstance(each, dict)]


def _style(leaf: Json) -> Json:
    style = leaf.get("style")
    return {key: True for key, on in style.items() if on} if isinstance(style, dict) else {}


def _leaves(elements: Iterable[Json], depth: int) -> Iterator[Json]:
    for each in elements:
        inner = dicts(each.get("elements"))
        if inner and depth:
            yield from _leaves(inner, depth - 1)
        else:
            yield each
