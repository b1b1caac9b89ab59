"""What the core asks of a channel: one connected account of a platform."""

from collections.abc import (
    AsyncIterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, runtime_checkable

from bridge.domain.ids import (
    ChannelName,
    MessageId,
)
from bridge.domain.inbound import Inbox, RemoteFile
from bridge.domain.parts import (
    Address,
    AgentStatus,
    Capabilities,
    Part,
    Sent,
)
from bridge.ports.health import Check


class Channel(Protocol):
    """One connected account. Three methods and a name."""

    name: ChannelName

    def capabilities(self, address: Address) -> Capabilities:
        """Return what this place can show. No I/O; asked often."""

    async def listen(self, inbox: Inbox) -> None:
        """Hear until cancelled, and hand every message to `inbox`.

        A message is acknowledged to the platform only after `inbox` returned. What was said while
        nobody listened is handed in first. Messages of one place are handed in in their order.
        A cut connection is the channel's own to mend. Raises `Unauthorized` when the credentials
        are refused; any other error restarts it after a pause.
        """

    async def send(self, to: Address, part: Part) -> Sent:
        """Show a part in a place and return the platform's id of it.

        Where the channel has the `Editing` ability, the courier calls `edit` instead for a part
        with `part.edits` set. Must not retry by itself.
        A part with `is_plain` is sent as bare text, without anything that could be refused.
        Raises a `ChannelError`; `OutcomeUnknown` unless it is certain that nothing was shown. What
        of it is refused says the kind of `Rejected`; `Gone` is for places where nothing is taken.
        """


@runtime_checkable
class Editing(Protocol):
    """Can change a message. A repeat is a success; a vanished message raises `ChangeRefused`."""

    async def edit(self, to: Address, message: MessageId, part: Part) -> None: ...


@runtime_checkable
class Deleting(Protocol):
    """Can take a message back. Deleting what is gone is a success."""

    async def delete(self, to: Address, message: MessageId) -> None: ...


@runtime_checkable
class Typing(Protocol):
    """Can show that an answer is being written, for a few seconds. Errors are ignored."""

    async def typing(self, to: Address) -> None: ...


@runtime_checkable
class Reacting(Protocol):
    """Can put emoji on a message, as the bridge's own reactions, where `limits.reacts` says so."""

    async def react(
        self, to: Address, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        """Let `emoji`, of Unicode, be all of the bridge's own on a message; `gone` were before.

        Where only one is possible, the last counts. Where the platform knows an emoji not, another
        stands for it. A repeat is a success. Raises `ChangeRefused` for this message alone; any
        other `Rejected`, or `Gone`, where nothing of this kind is possible in this place.
        """


@runtime_checkable
class TellingStatus(Protocol):
    """Can say how far the agent is in a place, where `limits.tells_status` says so."""

    async def tell_status(self, to: Address, status: AgentStatus, title: str) -> timedelta | None:
        """Let `status` be what the place shows until it is told another; None: it stays by itself.

        Otherwise how long it stays. `title` is what the session is called, "" if nothing. A repeat
        is a success. Raises `Rejected` or `Gone` where nothing of this kind is possible.
        """


@runtime_checkable
class Probing(Protocol):
    """Can find out whether its platform takes calls, where it cannot show that it is writing."""

    async def probe(self, to: Address) -> None:
        """Ask for something that leaves no trace. Raises a `ChannelError`."""


@runtime_checkable
class Previewing(Protocol):
    """Can show the text being written without a message of its own, where `limits.drafts` says so.

    It wears off by itself or when the next message arrives. Errors are as of `send`.
    """

    async def preview(self, to: Address, part: Part) -> None: ...


@runtime_checkable
class Downloading(Protocol):
    """Can fetch a file that someone sent. Chunks of at most 1 MiB.

    Raises `Rejected` when there is no such file any more (or it may not be had), any other
    `ChannelError` when trying again may help.
    """

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """A request as it came in. `path` is what follows the account's own address, "" or "/…".

    `headers` have small names; `query` is the raw query string.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Receiving(Protocol):
    """Is called by its platform, at `ChannelSurroundings.webhook_url`.

    It must verify who calls, and answers 503 while nobody listens.
    """

    async def receive(self, call: WebhookCall) -> WebhookAnswer: ...


@runtime_checkable
class Diagnosing(Protocol):
    """Can look at its own credentials, scopes and hooks with the live platform, for doctor."""

    async def diagnose(self) -> "Sequence[Check]": ...


@runtime_checkable
class Trying(Protocol):
    """Can try its credentials with a call or two that change nothing, for what a start prints.

    None where the platform takes them, or nothing can be said.
    """

    async def trial(self) -> "Check | None": ...


@runtime_checkable
class Counting(Protocol):
    """Can say how many people read a place, at most, the bridge itself not counted.

    None where it cannot be known. Raises a `ChannelError`.
    """

    async def count(self, address: Address) -> int | None: ...


@runtime_checkable
class Linking(Protocol):
    """Has links that people tap to send something to the bridge in private, such as a code.

    None where it is not known yet, or never. `text` is letters, digits and dashes, at most 64.
    """

    def link(self, text: str) -> str | None: ...


@runtime_checkable
class Resolving(Protocol):
    """Can find out what became of a part whose outcome is unknown.

    Returns what was sent, or None when the platform surely does not have it.
    """

    async def resolve(self, to: Address, part: Part) -> Sent | None: ...
