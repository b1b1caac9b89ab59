"""What a message at Slack says in blocks, and what it shares, as content.

People's words come as `rich_text`, which tells what was formatted from what only looks so; where it
is missing, the text is read. Other blocks are what apps show: they are read in what is replied to.
Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge import literal, texts
from bridge.content import Content
from channels.slack import mrkdwn

Json = dict[str, Any]

DEEPEST = 8
OWN = "\0"
"""Stands for our own mention while the ends are cleared of it."""

ENDS = re.compile(rf"\A(?:\s*+{OWN}\s*+[:,]?)+\s*|(?<!\s)\s*+{OWN}\s*+(?=[.!?]?\s*+\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What people are called. `me`: whose mention at either end is no part of what is said."""

    people: Mapping[str, str]
    me: str = ""


def rich_text(message: Json) -> list[Json]:
    """Return the elements of what a person wrote; nothing where only the text tells it."""
    return [
        element
        for block in _dicts(message.get("blocks"))
        if block.get("type") == "rich_text"
        for element in _dicts(block.get("elements"))
    ]


def calls(message: Json, user: str) -> bool:
    """Say whether a message speaks to a user: not in code, and not in a quote."""
    if not rich_text(message):
        return mrkdwn.mentions(str(message.get("text") or ""), user)
    spoken = (each for each in rich_text(message) if each.get("type") in SPOKEN)
    return any(
        leaf.get("user_id") == user and not _style(leaf).get("code")
        for leaf in _leaves(spoken, DEEPEST)
    )


SPOKEN = {"rich_text_section", "rich_text_list"}


def people(message: Json) -> frozenset[str]:
    """Return the ids of everybody whose name it takes to read a message."""
    named = {
        str(each["user_id"]) for each in _leaves(rich_text(message), DEEPEST) if "user_id" in each
    }
    inner = [found for each in _dicts(message.get("attachments")) for found in _inner(each)]
    others = (people(each) for each in inner)
    return mrkdwn.people(str(message.get("text") or "")).union(named, *others)


def content(message: Json, names: Names) -> Content:
    """Return all that a message says, but for its files that can be fetched."""
    text = _own(message, names)
    if message.get("subtype") == "me_message" and text:
        words = literal.markdown(text.text) if text.literal else text.text
        text = Content(text=f"_{words}_")
    shared = [Content(text=quote) for quote in _shared(message, names)]
    lost = [Content(text=line) for line in _lost(message)]
    found = literal.joined([text, *shared, *lost])
    if found or message.get("files") or not (message.get("blocks") or message.get("attachments")):
        return found
    return Content(text=texts.unreadable("a message that has no words"))


def _own(message: Json, names: Names) -> Content:
    elements = rich_text(message)
    if not elements:
        text = str(message.get("text") or "")
        known = {**names.people, names.me: names.people.get(names.me, names.me)}
        found = mrkdwn.content(mrkdwn.without(text, names.me) if names.me else text, known)
        return found or Content(text="\n\n".join(_app_blocks(message, names)))
    is_literal = not _is_formatted(elements)
    plain = str if is_literal else literal.escaped
    writer = _Writer(names=names, plain=plain)
    whole = "".join(writer.block(each) + _apart(each) for each in elements)
    words = ENDS.sub("", whole).replace(OWN, writer.mention(names.me)).strip()
    words = words or whole.replace(OWN, writer.mention(names.me)).strip()
    return Content(text=words, literal=bool(words) and is_literal)


def _apart(element: Json) -> str:
    """Return what stands after a block: what follows a list or a quote is no part of it."""
    return "\n\n" if element.get("type") in {"rich_text_list", "rich_text_quote"} else "\n"


def _is_formatted(elements: Iterable[Json]) -> bool:
    return any(
        each.get("type") != "rich_text_section"
        or any(
            _style(leaf).keys() & {"bold", "italic", "strike", "code"}
            or (leaf.get("type") == "link" and leaf.get("text") not in {None, "", leaf.get("url")})
            for leaf in _dicts(each.get("elements"))
        )
        for each in elements
    )


# -- what a person wrote --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    names: Names
    plain: Any

    def mention(self, user: str) -> str:
        return str(self.plain(f"@{self.names.people.get(user) or user}"))

    def block(self, element: Json, depth: int = DEEPEST) -> str:
        leaves = _dicts(element.get("elements"))
        match element.get("type"):
            case "rich_text_list":
                return "\n".join(self._items(element, depth)) if depth else ""
            case "rich_text_preformatted":
                code = "".join(_code(each, self.names) for each in leaves).strip("\n")
                return f"```\n{code}\n```"
            case "rich_text_quote":
                quoted = "".join(self._leaf(each) for each in leaves).strip("\n")
                return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))
            case _:
                return "".join(self._leaf(each) for each in leaves)

    def _items(self, listing: Json, depth: int) -> Iterator[str]:
        indent = "   " * min(int(listing.get("indent") or 0), DEEPEST)
        first = int(listing.get("offset") or 0) + 1
        for number, item in enumerate(_dicts(listing.get("elements")), start=first):
            mark = f"{number}. " if listing.get("style") == "ordered" else "- "
            yield f"{indent}{mark}{self.block(item, depth - 1)}"

    def _leaf(self, leaf: Json) -> str:
        style = _style(leaf)
        if style.get("code"):
            ticks = "``" if "`" in (code := _code(leaf, self.names)) else "`"
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


def _plain(leaf: Json, names: Names) -> str:
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
        case _:
            return str(leaf.get("text") or leaf.get("value") or "")


def _emoji(leaf: Json) -> str:
    try:
        return "".join(chr(int(each, 16)) for each in str(leaf["unicode"]).split("-"))
    except (KeyError, ValueError, OverflowError):
        return f":{leaf.get('name')}:"


def _code(leaf: Json, names: Names) -> str:
    return _plain(leaf, names)


def _emphasised(line: str, sign: str) -> str:
    core = line.strip()
    if not core or core == OWN:
        return line
    lead = line[: line.index(core)]
    return f"{lead}{sign}{core}{sign}{line[len(lead) + len(core) :]}"


# -- what apps show -------------------------------------------------------------------------------


def _app_blocks(message: Json, names: Names, depth: int = DEEPEST) -> Iterator[str]:
    for block in _dicts(message.get("blocks")):
        match block.get("type"):
            case "section" | "header" | "context" | "image" | "video" | "alert":
                lines = [*_texts(block, names)]
                yield "\n".join(filter(None, lines))
            case "markdown":
                yield str(block.get("text") or "")
            case "container" if depth:
                yield from _app_blocks({"blocks": block.get("blocks")}, names, depth - 1)
            case _:
                pass


def _texts(block: Json, names: Names) -> Iterator[str]:
    given = [block.get("text"), block.get("title"), *(block.get("fields") or ())]
    for each in (*given, *(block.get("elements") or ())):
        if isinstance(each, dict) and isinstance(text := each.get("text"), str):
            found = each.get("type") == "mrkdwn"
            yield mrkdwn.markdown(text, names.people) if found else literal.escaped(text)
    if alt := block.get("alt_text"):
        yield literal.escaped(str(alt))


# -- what is shared, and what cannot be had -------------------------------------------------------


def _shared(message: Json, names: Names) -> Iterator[str]:
    """Yield the messages that a message passes on, as quotes with their author."""
    for attached in _dicts(message.get("attachments")):
        if not (attached.get("is_share") or attached.get("is_msg_unfurl")):
            continue
        author = str(attached.get("author_name") or attached.get("author_subname") or "")
        told = literal.joined(
            content(each, Names(people=names.people)) for each in _inner(attached)
        )
        words = literal.markdown(told.text) if told.literal else told.text
        if not words and not attached.get("files"):
            words = literal.escaped(str(attached.get("fallback") or "")) or texts.unreadable(
                "a message"
            )
        head = [f"**{literal.escaped(author)}:**"] if author else []
        whole = "\n".join([*head, *([words] if words else [])])
        if whole:
            yield "\n".join(f"> {line}".rstrip() for line in whole.split("\n"))


def _inner(attached: Json) -> Iterator[Json]:
    """Yield what an attachment holds, as messages."""
    found = [
        each["message"]
        for each in _dicts(attached.get("message_blocks"))
        if isinstance(each.get("message"), dict)
    ]
    if any(each.get("blocks") for each in found):
        yield from found
    else:
        yield {"text": attached.get("text") or "", "blocks": attached.get("blocks") or []}


def shared_files(message: Json) -> Iterator[Json]:
    for attached in _dicts(message.get("attachments")):
        if attached.get("is_share") or attached.get("is_msg_unfurl"):
            yield from _dicts(attached.get("files"))


UNFIT_FILES = {
    "tombstone": "a file that was deleted",
    "hidden_by_limit": "a file that is too old for this workspace",
}
"""Modes of files that cannot be had."""

ELSEWHERE = "external"
"""The mode of a file that is kept outside of Slack: its address is told."""


def _lost(message: Json) -> Iterator[str]:
    for file in (*_dicts(message.get("files")), *shared_files(message)):
        mode = file.get("mode")
        if mode in UNFIT_FILES:
            yield texts.unreadable(UNFIT_FILES[mode])
        elif mode == ELSEWHERE:
            name = literal.escaped(str(file.get("title") or file.get("name") or "a file"))
            address = file.get("external_url") or file.get("permalink") or ""
            yield f"{name}: {address}" if address else texts.unreadable("a file kept elsewhere")


# -- small ----------------------------------------------------------------------------------------


def _dicts(values: Any) -> list[Json]:
    return [each for each in values or () if isinstance(each, dict)]


def _style(leaf: Json) -> Json:
    style = leaf.get("style")
    return {key: True for key, on in style.items() if on} if isinstance(style, dict) else {}


def _leaves(elements: Iterable[Json], depth: int) -> Iterator[Json]:
    for each in elements:
        inner = _dicts(each.get("elements"))
        if inner and depth:
            yield from _leaves(inner, depth - 1)
        else:
            yield each
