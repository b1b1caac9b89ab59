"""What a channel hears, in our words: the platform's own ids, nothing of its JSON."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bridge.domain.content import AttachmentKind, Content
from bridge.domain.ids import ChannelName, ConversationId, MessageId, PartId, SessionId
from bridge.domain.parts import Address, Less, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One platform account of someone."""

    realm: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who spoke, in the platform's words. (`realm`, `user`) is the same person for good.

    The realm is where the user id is unique: a platform, or one workspace of it. `also`: further
    ids of the same person in it. `proven` is False where the platform does not vouch for the id, so
    that somebody else may come under it: then nobody is heard as an owner, and no code is taken.
    `took`: an id that was somebody else's until the platform gave it to this person; the owner is
    told once. `language` is the tag of the one that the platform says they read, "" where it does
    not say.
    """

    realm: str
    user: str
    name: str
    also: tuple[str, ...] = ()
    proven: bool = True
    took: str = ""
    language: str = ""

    @property
    def identity(self) -> Identity:
        return Identity(realm=self.realm, user=self.user)

    @property
    def identities(self) -> tuple[Identity, ...]:
        """Return every identity that the platform says is theirs."""
        return tuple(Identity(realm=self.realm, user=user) for user in (self.user, *self.also))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file that the platform still holds. `ref` is what `Downloading.download` needs of it.

    `size` is in bytes, as the platform says, None where it does not. `name` may be empty.
    """

    kind: AttachmentKind
    name: str
    mime: str
    ref: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """What a message is about, as the platform tells it along, in plain words.

    `author` is whoever said it, by their name there; "" where that is not told.
    """

    author: str
    text: str
    files: tuple[RemoteFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A message. `addressed`: meant for the agent (a DM, a mention, a reply to it).

    `implied`: it is addressed only as the bridge was called into this place before, by whomever. It
    counts where the place follows a session; elsewhere the message is overheard. `by_reply`: it is
    addressed only as it replies to a message of the bridge's, which may show somebody else's words.
    `files` are fetched by the intake, through `Downloading`, once the sender is let in: they are
    durable before the event that carries them. `quoted` counts where the log does not have what
    `reply_to` names. `more`: its sender most likely goes on, as the platform takes no longer text,
    or shows each picture as a message; so the agent is asked a moment later.
    """

    message: MessageId
    content: Content
    addressed: bool = True
    implied: bool = False
    by_reply: bool = False
    reply_to: MessageId | None = None
    files: tuple[RemoteFile, ...] = ()
    quoted: Quoted | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A message was changed. `files`: those it has now; None where the platform does not say."""

    message: MessageId
    content: Content
    files: tuple[RemoteFile, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    message: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A button was pressed; `value` is the `Button.value` that was shown."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The sender brought the bridge into this place; nothing was said yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """The sender put `emoji` on a message, and took `gone` off; "" where it is only one of both.

    Both are as `bridge.domain.reactions.emoji` returns them.
    """

    message: MessageId
    emoji: str = ""
    gone: str = ""


Heard = Spoken | Edited | Deleted | Pressed | Added | Reaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """Something a channel heard.

    `external_id` is the id of the *message* (with its edit time for an edit), never of the
    delivery, unique within the account, so that a backfill and a live event are one. `at` is when
    it was said, by the platform's clock; None where it does not say, and is sure to be news.
    `beside` is everything else that it may show to those who read it there, in words of the
    platform: the title of a file, say. It is looked through for codes, and told to nobody.
    """

    external_id: str
    address: Address
    sender: Sender
    what: Heard
    room: bool = False
    title: str = ""
    at: datetime | None = None
    beside: str = ""


def said_at(seconds: float) -> datetime | None:
    """Return a platform's time, in seconds since 1970; None for one that no clock shows."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartKey:
    """Which part a platform's report is about, as it was given to the platform with the part."""

    session: SessionId
    conversation: ConversationId
    part: PartId
    epoch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The platform says later what became of a message; may come twice and out of order.

    `key` is there where the platform hands back what was sent along with the part; else the part
    is found by `message`. `failed` with `again`: it was not shown, and will be once the person
    writes again, so the part is owed and its lane waits; with `less`: it may be taken in less.
    """

    address: Address
    message: MessageId
    state: Literal["sent", "delivered", "read", "failed"]
    key: PartKey | None = None
    code: str = ""
    again: bool = False
    less: Less = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocated:
    """The platform gave the place a new address, `place`."""

    address: Address
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Titled:
    """The place is called `title` from now on, as everyone in it reads; nothing was said."""

    address: Address
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """Everyone in the room `address` can read `words` now, which nobody said to the bridge.

    It is what the room is about, what another bot wrote, or the preview of a link.
    """

    address: Address
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """The platform refuses that an account reads back what it missed. `why` is for its owner."""

    channel: ChannelName
    code: str
    why: str


Inbox = Callable[
    [Inbound | Reported | Relocated | Titled | Readable | Unread], Awaitable[Reply | None]
]
"""Take in what was heard. Returns when it is durable; only then may the platform be told.

A reply is for the asker alone: shown to them in the place they wrote from, privately where the
platform can (an ephemeral message, an alert on the button). Its buttons may be left out. A
repeat returns the reply of the first time. Raises `StoreUnavailable` when it could not be kept: do
not acknowledge, let the platform try again.
"""
