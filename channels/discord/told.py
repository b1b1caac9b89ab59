"""What a message at Discord holds, in words: its text, and what stands beside or instead of it.

Polls, stickers, forwards, and what apps show in embeds and components are read as far as they have
words; what has none is told in a line.
Source: https://docs.discord.com/developers/resources/message
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bridge import literal, texts
from channels.discord.spelling import Names, markdown

Json = dict[str, Any]

DEEPEST = 8

NAMED = {
    "activity": "an invitation to an activity",
    "shared_client_theme": "a theme",
    "purchase_notification": "a purchase",
}
"""What a message can hold that has no words."""

LABELLED = {
    9: "", 10: "content", 12: "", 13: "name", 17: "", 18: "label", 2: "label", 4: "value",
    3: "placeholder", 5: "placeholder", 6: "placeholder", 7: "placeholder", 8: "placeholder",
    11: "description", 19: "", 21: "", 22: "", 23: "label", 1: "", 14: "",
}  # fmt: skip
"""Types of components, and the field that has their words."""

IS_MARKDOWN = 10
"""The component whose words are Discord's Markdown."""


def text(message: Json, names: Names) -> str:
    """Return the Markdown of all that someone said."""
    lines = [markdown(message.get("content") or "", names)]
    lines += [_passed_on(each, names) for each in snapshots(message)]
    lines += _beside(message)
    if not any(lines):
        lines += [texts.unreadable(NAMED[each]) for each in NAMED if message.get(each)]
    if not any(lines):
        lines += _apps(message, names)
    return "\n".join(line for line in lines if line)


def whole(message: Json, names: Names) -> str:
    """Return all that a message shows, by whomever: an alert in an embed, say."""
    inner = (_whole(each, names) for each in snapshots(message))
    return "\n".join(filter(None, (_whole(message, names), *inner)))


def snapshots(message: Json) -> Iterator[Json]:
    """Yield the messages that this one passes on."""
    for snapshot in message.get("message_snapshots") or ():
        yield snapshot.get("message") or {}


def _whole(message: Json, names: Names) -> str:
    words = markdown(message.get("content") or "", names)
    return "\n".join(filter(None, (words, *_beside(message), *_apps(message, names))))


def _passed_on(message: Json, names: Names) -> str:
    said = _whole(message, names)
    return _quote(said if said or message.get("attachments") else texts.unreadable("a message"))


def _quote(said: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in said.splitlines())


def _beside(message: Json) -> Iterator[str]:
    if poll := message.get("poll"):
        yield _poll(poll)
    for sticker in message.get("sticker_items") or message.get("stickers") or ():
        yield f"[sticker: {literal.escaped(str(sticker.get('name')))}]"


def _poll(poll: Json) -> str:
    answers = (_medium(each.get("poll_media") or {}) for each in poll.get("answers") or ())
    question = _medium(poll.get("question") or {})
    return "\n".join([f"Poll: {question}", *(f"- {each}" for each in answers)])


def _medium(medium: Json) -> str:
    emoji = (medium.get("emoji") or {}).get("name") or ""
    return f"{emoji} {literal.escaped(medium.get('text') or '')}".strip()


# -- what apps show -------------------------------------------------------------------------------


def _apps(message: Json, names: Names) -> Iterator[str]:
    for embed in message.get("embeds") or ():
        yield from _embed(embed, names)
    yield from _components(message.get("components") or (), names, DEEPEST)


def _embed(embed: Json, names: Names) -> Iterator[str]:
    author = (embed.get("author") or {}).get("name")
    footer = (embed.get("footer") or {}).get("text")
    title = embed.get("title")
    yield literal.escaped(author or "")
    yield f"**{markdown(title, names)}**" if title else ""
    yield markdown(embed.get("description") or "", names)
    for each in embed.get("fields") or ():
        yield markdown(f"**{each.get('name', '')}:** {each.get('value', '')}", names)
    yield literal.escaped(footer or "")
    if not any((author, title, footer, embed.get("description"), embed.get("fields"))):
        yield str(embed.get("url") or "")


def _components(components: Iterable[Json], names: Names, depth: int) -> Iterator[str]:
    if depth <= 0:
        return
    for each in components:
        field = LABELLED.get(each.get("type", 0), "content")
        words = str(each.get(field) or "") if field else ""
        is_markdown = each.get("type") == IS_MARKDOWN
        yield markdown(words, names) if is_markdown else literal.escaped(words)
        yield from (literal.escaped(item.get("description") or "") for item in _items(each))
        inner = [*(each.get("components") or ()), each.get("component"), each.get("accessory")]
        yield from _components(filter(None, inner), names, depth - 1)


def _items(component: Json) -> Iterator[Json]:
    """Yield the pictures of a gallery."""
    yield from component.get("items") or ()
