"""Places and what is shown in them: addresses, conversations, parts and their receipts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bridge.domain.content import Attachment
from bridge.domain.ids import (
    START,
    ChannelName,
    ConversationId,
    MessageId,
    PartId,
    RunId,
    Seq,
    SessionId,
)
from bridge.domain.records import replace
from bridge.domain.wording import ENGLISH, Language


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
    """What a place can show. Limits are data; `bridge.delivery.plan.plan` obeys them.

    `max_chars` is the most one message takes, in the unit of `size`, which says how much of it the
    rendering of a Markdown text needs. `resolves`: the channel can find out whether a part of
    unknown outcome was taken. `previews`: by a message that is edited; `drafts`: without a message
    (`Previewing`). `preview_interval` is the least time between two calls for previews in this
    place. One message takes at most `max_files` files of at most `max_file_bytes` each, with a text
    of at most `caption_chars` beside them (0: files and text are messages of their own). Of a
    button's label `label_chars` are shown at most. What is older than `deletes_for` it `deletes`
    no more. `reacts`: emoji can be put on a message (`Reacting`). `tells_status`: a place can say
    how far the agent is (`TellingStatus`). `forms`: a button can open a window to write in.
    `client`: the place of the bridge's own client that this one belongs to; what is said there
    counts as spoken here.
    """

    max_chars: int = 4000
    size: Callable[[str], int] = len
    edits: bool = False
    deletes: bool = False
    deletes_for: timedelta = timedelta.max
    buttons: bool = False
    previews: bool = False
    drafts: bool = False
    silent: bool = False
    typing: bool = False
    resolves: bool = False
    reacts: bool = False
    tells_status: bool = False
    forms: bool = False
    preview_interval: timedelta = timedelta(seconds=1)
    send_timeout: timedelta = timedelta(seconds=30)
    max_files: int = 10
    max_file_bytes: int = 10_000_000
    caption_chars: int = 0
    label_chars: int = 64
    client: ConversationId | None = None


AgentStatus = Literal["working", "waiting", "idle"]
"""How far the agent is with what was asked in a place: `waiting` is for people, who were asked."""

Less = Literal["", "plain", "without_file", "bare"]
"""How much less of a part is shown than was meant: no form, no files, neither."""

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
    """From `start` up to but not including `end`, in code points of the source's text.

    The n-th file of the source stands at the n-th position after the text.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One platform message to be shown: Markdown, untrusted.

    It shows the events `source` to `upto` (the same but for a recap), or a preview of `run`.
    `speaker` labels words that come from elsewhere ("Ada · browser"). `reply_to` is the
    message in the same place that this one answers. `edits` is the message to be changed into
    this part instead of sending a new one. `repeat`: an earlier attempt may have been shown.
    `less`: it was refused as it was meant, and is shown in less (`bridge.delivery.lesser`).
    `language` is the one in which whatever a channel has to add is said.
    (`epoch`, `session`, `conversation`, `id`) names the part for good: without the epoch, a log
    that was restored gives the same name to other words.
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
    less: Less = ""
    epoch: str = ""
    language: Language = ENGLISH

    @property
    def is_plain(self) -> bool:
        """Say whether it is to be sent as bare text: no blocks, no entities, no template."""
        return self.less in {"plain", "bare"}

    @property
    def names(self) -> tuple[str, ...]:
        """Return what names this part for good, to be given to a platform in some form."""
        whole = (self.epoch, self.session, self.conversation, self.id)
        return whole if self.epoch else whole[1:]


ReceiptState = Literal[
    "attempted",  # about to be sent, or in flight when a process died
    "owed",  # surely not taken; to be sent again
    "sent",  # the platform took it
    "submitted",  # the platform took it and will say later what became of it
    "delivered",
    "read",
    "failed",  # will never be taken
    "unknown",  # tried several times, outcome unknown each time; the place is told
    "skipped",  # never to be sent, see `why`
    "deleted",  # was shown, then taken back
]
Why = (
    Literal[
        "",
        "origin",
        "muted",
        "summarised",
        "edited",
        "unsupported",
        "unchanged",  # a change that the platform does not make is left out
        "dropped",  # whoever runs the bridge let it be dropped
        "forbidden",  # nothing of this kind may be shown there, not even a line about it
    ]
    | Less
)

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
    `why` says why nothing was sent, or how much less than was meant; `code` is the platform's.
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
    """What a command answers to the asker alone; not an event. `refused`: it was not done.

    `again` is told instead when the same is asked again, for the text is not to be kept. `buttons`
    say what the text says can be typed: where they cannot be shown, nothing is missing. `plain`: it
    was refused as it was meant, and is shown as bare text. `language` is the asker's.
    """

    text: str
    refused: bool = False
    again: str = ""
    buttons: tuple[Button, ...] = ()
    plain: bool = False
    language: Language = ENGLISH

    def said_in(self, language: Language) -> "Reply":
        """Return it as it is said in a language: what is made in no language stays as it is."""
        text, again = language.says(self.text), language.says(self.again)
        return replace(self, text=text, again=again, language=language)

    @property
    def kept(self) -> "Reply":
        """Return what is kept of it, for whoever delivers the same once more: words alone."""
        return Reply(text=self.again or self.text, refused=self.refused, language=self.language)
