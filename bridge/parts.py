"""Places and what is shown in them: addresses, conversations, parts and their receipts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bridge.content import Attachment
from bridge.ids import (
    START,
    ChannelName,
    ConversationId,
    MessageId,
    PartId,
    RunId,
    Seq,
    SessionId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place in its channel's words: `place` means something to that channel alone."""

    channel: ChannelName
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A place, and which session it follows. `room`: more people than one read it.

    `suspended`: nothing is sent there until someone speaks from it. `due_at`: nothing is sent
    there before. `tries` counts failures in a row since the last success.
    """

    id: ConversationId
    address: Address
    room: bool = False
    title: str = ""
    session: SessionId | None = None
    cursor: Seq = START
    due_at: datetime | None = None
    tries: int = 0
    last_error: str = ""
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a place can show. Limits are data; `bridge.delivery.plan` obeys them.

    `max_chars` counts Unicode code points of one part's Markdown source. `resolves`: the channel
    can find out whether a part of unknown outcome was taken. `preview_interval` is the least time
    between two calls for previews in this place.
    """

    max_chars: int = 4000
    edits: bool = False
    deletes: bool = False
    buttons: bool = False
    previews: bool = False
    silent: bool = False
    typing: bool = False
    resolves: bool = False
    preview_interval: timedelta = timedelta(seconds=1)
    send_timeout: timedelta = timedelta(seconds=30)


Priority = Literal["final", "question", "notice", "preview"]
PRIORITIES: tuple[Priority, ...] = ("final", "question", "notice", "preview")
"""From the most to the least urgent, between lanes; never within one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """`value` comes back in `Pressed`; at most 64 bytes."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` up to but not including `end`, in code points of the source's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One platform message to be shown: Markdown, untrusted.

    It shows the events `source` to `upto` (the same but for a recap), or a preview of `run`.
    `speaker` labels words that come from elsewhere ("Ada · Telegram"). `reply_to` is the
    message in the same place that this one answers. `edits` is the message to be changed into
    this part instead of sending a new one. `repeat`: an earlier attempt may have been shown.
    """

    id: PartId
    session: SessionId
    conversation: ConversationId
    source: Seq
    upto: Seq
    span: Span
    text: str
    attachments: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] = ()
    speaker: str = ""
    reply_to: MessageId | None = None
    edits: MessageId | None = None
    run: RunId | None = None
    priority: Priority = "final"
    silent: bool = False
    repeat: bool = False


ReceiptState = Literal[
    "attempted",  # about to be sent, or in flight when a process died
    "owed",  # surely not taken; to be sent again
    "sent",  # the platform took it
    "submitted",  # the platform took it and will say later what became of it
    "delivered",
    "read",
    "failed",  # will never be taken
    "unknown",  # tried twice, outcome unknown both times
    "skipped",  # never to be sent, see `why`
    "deleted",  # was shown, then taken back
]
Why = Literal["", "origin", "muted", "summarised", "edited", "unsupported"]

SETTLED: frozenset[ReceiptState] = frozenset(
    {"sent", "submitted", "delivered", "read", "failed", "unknown", "skipped", "deleted"}
)
"""States of a part that needs no more work."""

SHOWN: frozenset[ReceiptState] = frozenset({"sent", "submitted", "delivered", "read"})
"""States of a part that people can see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one part in one conversation; (session, conversation, part) is its key.

    `tries` counts attempts whose outcome could matter: an attempt surely not taken is not counted.
    """

    session: SessionId
    conversation: ConversationId
    part: PartId
    source: Seq
    upto: Seq
    span: Span
    state: ReceiptState
    at: datetime
    message: MessageId | None = None
    why: Why = ""
    code: str = ""
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a channel returns for a part: the platform's id, and whether more will be heard."""

    message: MessageId
    state: Literal["sent", "submitted"] = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command answers to the asker alone; not an event. `refused`: it was not done."""

    text: str
    refused: bool = False
