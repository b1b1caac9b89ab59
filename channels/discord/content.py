"""What a message at Discord holds, in words: its text, and what stands beside or instead of it.

Polls, stickers, forwards, and what apps show in embeds and components are read as far as they have
words; what has none is told in a line.
Source: https://docs.discord.com/developers/resources/message
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import Content
from channels.discord.to_markdown import MentionNames, markdown

Json = dict[str, Any]

DEEPEST = 8

NAMED = {
    "activity": "an invitation to an activity",
    "shared_client_theme": "a theme",
    "purchase_notification": "a purchase",
}
"""What a message can hold that has no words."""

SILENT = {
    "embeds": "a picture or a film from elsewhere",
    "components": "pictures, files or buttons",
    "poll": "a poll",
    "message_snapshots": "a message that was passed on",
    "sticker_items": "a sticker",
    "stickers": "a sticker",
}
"""What is called so where it has no words after all."""

ABOUT = frozenset(
    {
        "application", "application_id", "attachments", "author", "call", "channel_id",
        "channel_type", "content", "edited_timestamp", "flags", "guild_id", "id", "interaction",
        "interaction_metadata", "lobby_member", "member", "mention_channels", "mention_everyone",
        "mention_roles", "mentions", "message_reference", "nonce", "pinned", "position",
        "reactions", "referenced_message", "resolved", "role_subscription_data", "thread",
        "timestamp", "tts", "type", "webhook_id",
    }
)  # fmt: skip
"""Fields that tell more of a message, and are none."""

PASSED_ON = 1
"""The type of a reference to what is passed on."""

LABELLED = {
    9: "", 10: "content", 12: "", 13: "name", 17: "", 18: "label", 2: "label", 4: "value",
    3: "placeholder", 5: "placeholder", 6: "placeholder", 7: "placeholder", 8: "placeholder",
    11: "description", 19: "", 21: "", 22: "", 23: "label", 1: "", 14: "",
}  # fmt: skip
"""Types of components, and the field that has their words."""

PICTURES = frozenset({11, 12, 13})
"""Types of components that show a file: a thumbnail, a gallery, a file."""

IS_MARKDOWN = 10
"""The component whose words are Discord's Markdown."""


def content(message: Json, names: MentionNames) -> Content:
    """Return all that someone said; what they passed on, a poll, a card is not in their words."""
    own = [markdown(message.get("content") or "", names), *_stickers(message)]
    others = [*(_passed_on(each, names) for each in snapshots(message)), *_beside(message)]
    others += _panel(message, names)
    if not any((*own, *others)):
        others += _embeds(message, names)
    return Content(text="\n".join(filter(None, (*own, *others))), outside=any(others))


def left(message: Json, plain: Collection[int]) -> str:
    """Return the line that tells of a message in which nothing can be read.

    `plain` are the types of messages whose names tell nobody what came.
    """
    new = sorted(field for field, value in message.items() if value and field not in ABOUT)
    if message.get("type", 0) not in plain:
        new.insert(0, f"message type {message['type']}")
    known = next((what for field, what in SILENT.items() if message.get(field)), "")
    if (message.get("message_reference") or {}).get("type") == PASSED_ON:
        known = "a message that was passed on"
    if not known and new:
        known = f"something that Discord calls {literal.escaped(repr(new[0]))}"
    return texts.unreadable(known or "a message that has no words")


def whole(message: Json, names: MentionNames) -> str:
    """Return all that a message shows, by whomever: an alert in an embed, say."""
    inner = (_whole(each, names) for each in snapshots(message))
    return "\n".join(filter(None, (_whole(message, names), *inner)))


def snapshots(message: Json) -> Iterator[Json]:
    """Yield the messages that this one passes on."""
    for snapshot in message.get("message_snapshots") or ():
        yield snapshot.get("message") or {}


def _whole(message: Json, names: MentionNames) -> str:
    words = markdown(message.get("content") or "", names)
    apps = (*_embeds(message, names), *_panel(message, names))
    return "\n".join(filter(None, (words, *_stickers(message), *_beside(message), *apps)))


def _passed_on(message: Json, names: MentionNames) -> str:
    said = _whole(message, names)
    return _quote(said if said or message.get("attachments") else texts.unreadable("a message"))


def _quote(said: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in said.splitlines())


def _beside(message: Json) -> Iterator[str]:
    """Yield what stands beside words, or instead of them."""
    if poll := message.get("poll"):
        yield _poll(poll)
    yield from (texts.unreadable(NAMED[each]) for each in NAMED if message.get(each))


def _stickers(message: Json) -> Iterator[str]:
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


def _embeds(message: Json, names: MentionNames) -> Iterator[str]:
    for embed in message.get("embeds") or ():
        yield from _embed(embed, names, said=message.get("content") or "")


def _panel(message: Json, names: MentionNames) -> Iterator[str]:
    """Yield the words of the components; once, that there are some without words."""
    components = message.get("components") or ()
    words = [each for each in _components(components, names, DEEPEST) if each]
    mute = texts.unreadable(SILENT["components"])
    yield from (each for each in words if each != mute)
    if mute in words or (components and not words):
        yield mute


def _embed(embed: Json, names: MentionNames, *, said: str) -> Iterator[str]:
    author = (embed.get("author") or {}).get("name")
    footer = (embed.get("footer") or {}).get("text")
    title = embed.get("title")
    yield literal.escaped(author or "")
    yield f"**{markdown(title, names)}**" if title else ""
    address = str(embed.get("url") or "")
    yield "" if address in said else literal.escaped(address)  # of a link in it this is a preview
    yield markdown(embed.get("description") or "", names)
    for each in embed.get("fields") or ():
        yield markdown(f"**{each.get('name', '')}:** {each.get('value', '')}", names)
    yield literal.escaped(footer or "")


def _components(components: Iterable[Json], names: MentionNames, depth: int) -> Iterator[str]:
    if depth <= 0:
        return
    for each in components:
        field = LABELLED.get(each.get("type", 0), "content")
        words = str(each.get(field) or "") if field else ""
        is_markdown = each.get("type") == IS_MARKDOWN
        yield markdown(words, names) if is_markdown else literal.escaped(words)
        yield literal.escaped(str(each.get("url") or ""))  # what a button opens
        described = [literal.escaped(item.get("description") or "") for item in _items(each)]
        yield from described
        if _is_mute(each) and not all(described or [words]):
            yield texts.unreadable(SILENT["components"])
        inner = [*(each.get("components") or ()), each.get("component"), each.get("accessory")]
        yield from _components(filter(None, inner), names, depth - 1)


def _is_mute(component: Json) -> bool:
    """Say whether a component is nothing but what its words describe, if it has any."""
    kind = component.get("type")
    return kind in PICTURES or (kind not in LABELLED and not component.get("content"))


def _items(component: Json) -> Iterator[Json]:
    """Yield the pictures of a gallery."""
    yield from component.get("items") or ()
