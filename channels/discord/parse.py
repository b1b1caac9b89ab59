"""Discord's JSON as what was heard: parsed here, once.

The rules:

- Only what people write counts: no bots, no webhooks, none of Discord's own announcements but the
  one that somebody was brought into a thread.
- Addressed is what is written in a direct message, mentions us or our own role outside of a quote,
  or replies to us.
- An edit counts when it has a time; Discord says "updated" for previews of links as well.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, cast

from discord.utils import DISCORD_EPOCH

from bridge.domain.content import AttachmentKind, Content
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import (
    Added,
    Deleted,
    Edited,
    Heard,
    Inbound,
    Pressed,
    Quoted,
    Reaction,
    Readable,
    RemoteFile,
    Sender,
    Spoken,
    said_at,
)
from bridge.domain.numerals import number_of
from bridge.domain.parts import Address
from bridge.domain.reactions import emoji
from channels.discord import content as told
from channels.discord.limits import MAX_CHARS
from channels.discord.schema import Attachment, Interaction, Message, User
from channels.discord.to_markdown import calls
from channels.pieces import goes_on
from channels.visible_words import visible_words

REALM = "discord"

DEFAULT, RECIPIENT_ADDED, REPLY = 0, 1, 19
"""Types of messages."""

NEWS = frozenset({*range(1, 19), *range(20, 33), 36, 37, 38, 39, 46, 55})
"""Types of messages that Discord or an app writes: news of the place. All others are speech.

Source: https://docs.discord.com/developers/resources/message#message-object-message-types
"""

ANSWERS = frozenset({20, 23})
"""Those of them that an app writes when somebody uses a command of it."""

PLAIN = frozenset({DEFAULT, REPLY, *ANSWERS})
"""Types whose names tell nobody what came."""

VOICE_MESSAGE = 1 << 13
"""A flag of a message."""

COMMAND, COMPONENT = 2, 3
"""Types of interactions."""

CHAT_INPUT, BUTTON = 1, 2
"""The types of command, and of component, that we show."""

KINDS: dict[str, AttachmentKind] = {"image": "image", "audio": "audio", "video": "video"}


class GuildNames(Protocol):
    """What is known of an account's rooms and roles, whatever the message."""

    @property
    def me(self) -> str: ...

    def role(self, role: str) -> str | None: ...

    def room(self, room: str) -> str | None: ...

    def parent(self, place: str) -> str | None: ...

    def is_me(self, *, user: str = "", role: str = "") -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where something happened, and what is known of the account's surroundings."""

    account: ChannelName
    place: str
    room: bool
    title: str
    known: GuildNames


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """Where a file is: its message, to ask for a fresh address, and the address it had."""

    place: str
    message: str
    file: str
    url: str

    def __str__(self) -> str:
        return json.dumps([self.place, self.message, self.file, self.url])

    @classmethod
    def of(cls, ref: str) -> "FileRef":
        place, message, file, url = json.loads(ref)
        return cls(place=place, message=message, file=file, url=url)


def said(message: Message, scene: Scene) -> Inbound | None:
    """Return what a new message is to us, None if nothing."""
    if not _is_human(message):
        return None
    match message.get("type", DEFAULT):
        case 1 if any(scene.known.is_me(user=str(each["id"])) for each in message["mentions"]):
            return _inbound(message, scene, Added())
        case kind if kind in NEWS:
            return None
        case _:
            pass
    spoken = _spoken(message, scene)
    if not (spoken.content or spoken.files):
        left = Content(text=told.left(cast("dict[str, Any]", message), PLAIN))
        spoken = replace(spoken, content=left)
    return _inbound(message, scene, spoken)


def readable(message: Message, scene: Scene) -> Readable | None:
    """Return what others read in a room of a message that is not heard, by whomever but us."""
    by = cast("dict[str, Any]", message).get("author") or {}
    if not scene.room or scene.known.is_me(user=str(by.get("id") or "")):
        return None
    address = Address(channel=scene.account, place=scene.place)
    return Readable(address=address, words=visible_words(message))


def changed(message: Message, scene: Scene) -> Inbound | None:
    """Return what an edited message is to us, None if nothing."""
    edited_at = message.get("edited_timestamp")
    if not edited_at or "author" not in message or not _is_human(message):
        return None
    if message.get("type", DEFAULT) in NEWS:
        return None
    what = Edited(
        message=MessageId(str(message["id"])),
        content=_content(message, scene),
        files=tuple(_files(message, scene)) if "attachments" in message else None,
    )
    return _inbound(message, scene, what, key=f"{message['id']}@{edited_at}")


def deleted(message: str, by: Sender, scene: Scene) -> Inbound:
    return _heard(f"{message}@deleted", by, Deleted(message=MessageId(message)), scene)


def reacted(given: Mapping[str, Any], by: Sender, scene: Scene, *, gone: bool) -> Inbound | None:
    """Return an emoji of Unicode that somebody gave. Discord does not say when."""
    known = emoji(str((given.get("emoji") or {}).get("name") or ""))
    if not known or (given.get("emoji") or {}).get("id"):
        return None
    message = str(given["message_id"])
    what = Reaction(
        message=MessageId(message), emoji="" if gone else known, gone=known if gone else ""
    )
    return _heard(f"{message}:{by.user}:{known}:{secrets.token_hex(6)}", by, what, scene)


def person(user: Mapping[str, Any], nick: str = "") -> Sender:
    """Return somebody of whom Discord tells apart from what they did."""
    name = nick or user.get("global_name") or user.get("username") or ""
    return Sender(realm=REALM, user=str(user["id"]), name=str(name))


def interacted(interaction: Interaction, scene: Scene) -> Inbound | None:
    """Return what a slash command or a pressed button is to us, None if nothing."""
    number = str(interaction["id"])
    what = _asked(
        number, interaction["type"], cast("dict[str, Any]", interaction.get("data") or {})
    )
    if what is None:
        return None
    return asked_by(interaction, what, scene)


def asked_by(interaction: Interaction, what: Heard, scene: Scene) -> Inbound:
    """Return what somebody asked by an interaction."""
    member = cast("dict[str, Any]", interaction.get("member") or {})
    user = cast("User", member.get("user") or interaction.get("user"))
    by = sender(user, member.get("nick"), str(interaction.get("locale") or ""))
    return _heard(str(interaction["id"]), by, what, scene)


def sender(user: User, nick: str | None = None, locale: str = "") -> Sender:
    name = nick or user.get("global_name") or user["username"]
    return Sender(realm=REALM, user=str(user["id"]), name=name, language=locale)


def author(message: Message) -> Sender:
    member = cast("dict[str, Any]", message.get("member") or {})
    return sender(message["author"], member.get("nick"))


# -- parts of it ----------------------------------------------------------------------------------


def _is_human(message: Message) -> bool:
    author = message["author"]
    return not (author.get("bot") or author.get("system")) and "webhook_id" not in message


def _inbound(message: Message, scene: Scene, what: Heard, *, key: str = "") -> Inbound:
    heard = _heard(key or str(message["id"]), author(message), what, scene)
    return replace(heard, at=_time_of(int(message["id"])), beside=visible_words(message))


def _time_of(snowflake: int) -> datetime | None:
    return said_at(((snowflake >> 22) + DISCORD_EPOCH) / 1000)


def _heard(key: str, by: Sender, what: Heard, scene: Scene) -> Inbound:
    return Inbound(
        external_id=key,
        address=Address(channel=scene.account, place=scene.place),
        sender=by,
        what=what,
        room=scene.room,
        title=scene.title if scene.room else by.name,
    )


def _spoken(message: Message, scene: Scene) -> Spoken:
    reference = message.get("message_reference")
    is_reply = message.get("type") == REPLY and reference is not None
    reply_to = reference.get("message_id") if reference is not None and is_reply else None
    content = _content(message, scene)
    passes_on = bool(message.get("message_snapshots"))
    return Spoken(
        message=MessageId(str(message["id"])),
        content=content,
        addressed=not scene.room or _calls(message, scene.known),
        by_reply=scene.room and _is_by_reply(message, scene.known),
        reply_to=MessageId(str(reply_to)) if reply_to is not None else None,
        files=tuple(_files(message, scene)),
        quoted=_quoted(message, scene),
        more=passes_on or goes_on(len(message.get("content", "")), (), limit=MAX_CHARS),
    )


def _quoted(message: Message, scene: Scene) -> Quoted | None:
    """Return the message that this one replies to, whoever wrote it."""
    replied = message.get("referenced_message")
    if replied is None or message.get("type") != REPLY:
        return None
    return quote(replied, scene)


def quote(message: Message, scene: Scene) -> Quoted:
    """Return a message as what another is about: one without words is told by its kind."""
    there = replace(scene, place=str(message.get("channel_id") or scene.place))
    known, files = cast("dict[str, Any]", message), tuple(_files(message, there))
    words = told.whole(known, _Names(scene.known, message))
    if not words and not files:
        words = told.left(known, PLAIN)
    return Quoted(author=author(message).name, text=words, files=files)


def is_message(given: Message) -> bool:
    """Say whether what a history has can be placed: it has a number, and an author with one."""
    author = given.get("author")
    numbers = (given.get("id"), author.get("id") if isinstance(author, dict) else None)
    return all(number_of(str(each), digits=20) is not None for each in numbers)


def is_said(message: Message) -> bool:
    """Say whether somebody wrote it, an app that answers a command included."""
    return message.get("type", DEFAULT) not in NEWS - ANSWERS


def is_ours(message: Message, scene: Scene) -> bool:
    return is_message(message) and scene.known.is_me(user=str(message["author"]["id"]))


def calls_too(before: Message, message: Message, scene: Scene) -> bool:
    """Say whether the author of a message called us by one before it."""
    is_theirs = before["author"]["id"] == message["author"]["id"]
    return is_theirs and _calls(before, scene.known)


def _calls(message: Message, known: GuildNames) -> bool:
    return _answers(message, known) or _names(message, known)


def _answers(message: Message, known: GuildNames) -> bool:
    replied = message.get("referenced_message")
    return replied is not None and known.is_me(user=str(replied["author"]["id"]))


def _is_by_reply(message: Message, known: GuildNames) -> bool:
    return _answers(message, known) and not _names(message, known)


def _names(message: Message, known: GuildNames) -> bool:
    """Say whether a message calls us by name; Discord itself names whom a message replies to."""
    is_named = any(
        known.is_me(user=str(each["id"])) for each in message.get("mentions", ())
    ) or any(known.is_me(role=str(each)) for each in message.get("mention_roles", ()))
    called = calls(message.get("content", ""), _Names(known, message))
    return is_named and (called or (called is None and not _answers(message, known)))


@dataclass(frozen=True, slots=True)
class _Names:
    """The names in one message, as `MentionNames`: Discord sends those of the people."""

    known: GuildNames
    message: Message

    @property
    def me(self) -> str:
        return self.known.me

    def user(self, user: str) -> str | None:
        for each in self.message.get("mentions", ()):
            if str(each["id"]) == user:
                return sender(each).name
        return None

    def role(self, role: str) -> str | None:
        return self.known.role(role)

    def room(self, room: str) -> str | None:
        return self.known.room(room)

    def is_me(self, *, user: str = "", role: str = "") -> bool:
        return self.known.is_me(user=user, role=role)


def _content(message: Message, scene: Scene) -> Content:
    return told.content(cast("dict[str, Any]", message), _Names(scene.known, message))


def _files(message: Message, scene: Scene) -> Iterator[RemoteFile]:
    own = cast("dict[str, Any]", message)
    for one in (own, *told.snapshots(own)):
        is_voice = bool((one.get("flags") or 0) & VOICE_MESSAGE)
        for each in one.get("attachments") or ():
            yield _file(each, str(message["id"]), scene.place, is_voice=is_voice)


def _file(attached: Attachment, message: str, place: str, *, is_voice: bool) -> RemoteFile:
    mime = attached.get("content_type") or "application/octet-stream"
    kind = KINDS.get(mime.partition("/")[0], "file")
    where = FileRef(place=place, message=message, file=str(attached["id"]), url=attached["url"])
    return RemoteFile(
        kind="voice" if is_voice else kind,
        name=attached["filename"],
        mime=mime.partition(";")[0].strip(),
        ref=str(where),
        size=attached.get("size"),
    )


def _asked(number: str, kind: int, asked: dict[str, Any]) -> Heard | None:
    match kind:
        case 2 if asked.get("type", CHAT_INPUT) == CHAT_INPUT:
            words = [str(each["value"]) for each in asked.get("options", ()) if "value" in each]
            text = " ".join((f"/{asked['name']}", *words))
            return Spoken(message=MessageId(number), content=Content(text=text))
        case 3 if asked.get("component_type") == BUTTON:
            return Pressed(value=asked["custom_id"])
        case _:
            return None
