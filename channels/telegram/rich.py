"""Rich messages, which have blocks and no text, as Markdown and files.

Read as they come, leniently: a block of a kind that is not known is told by its words, if it has
any. See https://core.telegram.org/bots/api#richmessage.
"""

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

from bridge import texts
from bridge.domain import literal
from channels.telegram.to_markdown import WRITTEN_CODE

DEEPEST = 16
"""Levels of nesting that are read."""

MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
KINDS = {
    "animation": "an animation",
    "audio": "a sound",
    "map": "a map",
    "photo": "a picture",
    "video": "a video",
    "voice_note": "a voice message",
}
"""Blocks that are a file, or a place."""

APART = ("blockquote", "pullquote", "code", "pre")
"""In these nobody is spoken to."""

TICKS = re.compile(r"`+")

Json = dict[str, Any]


def markdown(blocks: Iterable[Any]) -> str:
    """Return what the blocks say."""
    return "\n\n".join(_blocks(blocks, DEEPEST))


def files(blocks: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the files in the blocks, each with the field of a message that it would be in."""
    for block in _all(blocks, DEEPEST):
        kind = str(block.get("type", ""))
        field = {"voice_note": "voice"}.get(kind, kind)
        if kind in KINDS and kind != "map" and block.get(kind):
            yield field, block[kind]


def mentions(blocks: Iterable[Any]) -> Iterator[Json]:
    """Yield the mentions by name (`username`) or by account (`user`), but for those in quotes."""
    for found in _dicts(list(blocks), DEEPEST * 2, APART):
        if found.get("type") in {"mention", "text_mention"}:
            yield found


# -- blocks ---------------------------------------------------------------------------------------


def _blocks(blocks: Iterable[Any], depth: int) -> Iterator[str]:
    if depth <= 0:
        return
    for block in blocks:
        if isinstance(block, dict) and (told := _block(block, depth)).strip():
            yield told


def _block(block: Json, depth: int) -> str:
    words = literal.laid_out(_text(block.get("text"), depth), WRITTEN_CODE)
    match block.get("type"):
        case "heading":
            return f"{'#' * min(6, max(1, int(block.get('size') or 1)))} {words}"
        case "pre":
            return _code(block)
        case "divider":
            return "---"
        case "mathematical_expression":
            return f"$$\n{block.get('expression', '')}\n$$"
        case "list":
            return "\n".join(_items(block.get("items") or (), depth))
        case "blockquote" | "pullquote":
            return _quote(block, words, depth)
        case "table":
            return "\n".join(_table(block, depth))
        case "details":
            inside = _blocks(block.get("blocks") or (), depth - 1)
            return "\n\n".join([f"**{_text(block.get('summary'), depth)}**", *inside])
        case "anchor" | "thinking":
            return ""
        case str(kind) if kind in KINDS:
            return _shown(block, kind, depth)
        case _:
            inside = _blocks(block.get("blocks") or (), depth - 1)
            return "\n\n".join(filter(None, (words, *inside, _caption(block, depth))))


def _code(block: Json) -> str:
    code = _plain(block.get("text"), DEEPEST)
    fence = "`" * max(3, 1 + max(map(len, TICKS.findall(code)), default=0))
    return f"{fence}{block.get('language') or ''}\n{code}\n{fence}"


def _quote(block: Json, words: str, depth: int) -> str:
    credit = _text(block.get("credit"), depth)
    inside = "\n\n".join(filter(None, (words, *_blocks(block.get("blocks") or (), depth - 1))))
    whole = f"{inside}\n\n— {credit}" if credit else inside
    return "\n".join(f"> {line}".rstrip() for line in whole.split("\n"))


def _items(items: Iterable[Any], depth: int) -> Iterator[str]:
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            continue
        ordered = bool(item.get("type")) or str(item.get("label", ""))[:1].isdigit()
        mark = f"{item.get('value') or number}. " if ordered else "- "
        box = ("[x] " if item.get("is_checked") else "[ ] ") if item.get("has_checkbox") else ""
        inside = "\n".join(_blocks(item.get("blocks") or (), depth - 1))
        lines = f"{mark}{box}{inside}".split("\n")
        yield "\n".join([lines[0], *(" " * len(mark) + line for line in lines[1:])])


def _table(block: Json, depth: int) -> Iterator[str]:
    for number, row in enumerate(block.get("cells") or ()):
        cells = [_text(each.get("text"), depth).replace("\n", " ") for each in row]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{' --- |' * len(cells)}"
    if caption := _text(block.get("caption"), depth):
        yield f"\n{caption}"


def _shown(block: Json, kind: str, depth: int) -> str:
    """Return the caption of a file, which comes beside; of a map, where it is."""
    caption = _caption(block, depth)
    if kind == "map" and isinstance(place := block.get("location"), dict):
        caption = f"{caption} {place.get('latitude')}, {place.get('longitude')}".strip()
    return (
        caption if kind != "map" and block.get(kind) else caption or texts.unreadable(KINDS[kind])
    )


def _caption(block: Json, depth: int) -> str:
    caption = block.get("caption")
    if not isinstance(caption, dict) or "text" not in caption:
        return ""
    parts = (_text(caption.get(each), depth) for each in ("text", "credit"))
    return " — ".join(filter(None, parts))


# -- text -----------------------------------------------------------------------------------------


def _text(text: Any, depth: int) -> str:
    if depth <= 0 or text is None:
        return ""
    if isinstance(text, str):
        return literal.escaped(text)
    if isinstance(text, list):
        return "".join(_text(each, depth - 1) for each in text)
    return _styled(text, depth) if isinstance(text, dict) else ""


def _styled(text: Json, depth: int) -> str:
    inside = _text(text.get("text"), depth - 1)
    match text.get("type"):
        case "bold" | "italic" | "strikethrough" as kind if inside.strip():
            core, sign = inside.strip(), MARKS[kind]
            lead = inside[: inside.index(core)]
            return f"{lead}{sign}{core}{sign}{inside[len(lead) + len(core) :]}"
        case "code":
            code = _plain(text.get("text"), depth)
            ticks = "``" if "`" in code else "`"
            room = " " if "`" in code else ""
            return f"{ticks}{room}{code}{room}{ticks}"
        case "url" if str(text.get("url", "")).startswith(("http://", "https://")):
            url = str(text["url"])
            return url if _plain(text.get("text"), depth) == url else f"[{inside}](<{url}>)"
        case "custom_emoji":
            return literal.escaped(str(text.get("alternative_text") or ""))
        case "mathematical_expression":
            return f"${text.get('expression', '')}$"
        case _:
            return inside


def _plain(text: Any, depth: int) -> str:
    if depth <= 0 or text is None:
        return ""
    if isinstance(text, list):
        return "".join(_plain(each, depth - 1) for each in text)
    if isinstance(text, dict):
        return _plain(text.get("text") or text.get("alternative_text"), depth - 1)
    return str(text)


# -- looking through all of it --------------------------------------------------------------------


def _all(blocks: Iterable[Any], depth: int) -> Iterator[Json]:
    if depth <= 0:
        return
    for block in blocks:
        if isinstance(block, dict):
            yield block
            inner = [*(block.get("blocks") or ())]
            inner += [
                each
                for item in block.get("items") or ()
                if isinstance(item, dict)
                for each in item.get("blocks") or ()
            ]
            yield from _all(inner, depth - 1)


def _dicts(value: Any, depth: int, but: Container[str]) -> Iterator[Json]:
    if depth <= 0:
        return
    if isinstance(value, dict):
        if value.get("type") in but:
            return
        yield value
        for each in value.values():
            yield from _dicts(each, depth - 1, but)
    elif isinstance(value, list):
        for each in value:
            yield from _dicts(each, depth - 1, but)
