"""What the core asks of an agent. What a run may say is `bridge.domain.run_output`, also here."""

from collections.abc import (
    AsyncGenerator,
    Sequence,
)
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from bridge.domain.events import Event, Preview
from bridge.domain.ids import START, ConversationId, ParticipantId, RunId, Seq, SessionId
from bridge.domain.run_output import (
    Asking,
    Calling,
    Compacted,
    Delegating,
    Ended,
    Noting,
    Pushing,
    Recorded,
    Remark,
    Returned,
    Said,
    Scheduling,
    Transcript,
    Using,
)
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from bridge.session.fold import Session

__all__ = [
    "Agent",
    "AgentReceiving",
    "Asking",
    "Calling",
    "Closing",
    "Compacted",
    "Delegating",
    "Ended",
    "KeepingUp",
    "Logging",
    "Noting",
    "Pushing",
    "Recent",
    "Recorded",
    "Remark",
    "Returned",
    "Said",
    "Scheduling",
    "SummingUp",
    "Transcript",
    "Turn",
    "Using",
    "Warming",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The log as far as it is worked from, oldest first.

    It is whole past the event `whole`; what is before that in `log` is what people may refer to.
    `before` are single events from before `log` that still matter: notes, open questions, the
    newest summary.
    """

    log: Sequence[Event]
    whole: Seq = START
    before: Sequence[Event] = ()


class Turn(Protocol):
    """What an agent is given: the log so far, and what comes in while it works.

    `agent` is the name it has in the config; `blobs` has the bytes of every attachment.
    """

    session: SessionId
    run: RunId
    agent: str
    clock: Clock
    blobs: "Blobs"

    async def fold(self) -> Session:
        """Return the session as it stands: its settings, people, places and open questions."""

    async def history(self) -> Sequence[Event]:
        """Return every event of the session up to where this run has taken it in, oldest first."""

    async def recent(self, *, newest: int | None = None) -> Recent:
        """Return what came since the last summary, or the newest of a log without one.

        However long a log is, that takes about the same. Of a log without a summary are returned
        at least as many events as `newest` says, and what came since the first that is unanswered.
        """

    async def past(self, *, after: Seq, upto: Seq) -> Sequence[Event]:
        """Return events past one up to another, oldest first; not all of them, where they are many.

        None are returned where there are none.
        """

    async def news(self) -> Sequence[Event]:
        """Return what was appended since, and take it in: this run now answers for it too.

        Nothing, where messages are to wait for the next run (the setting `mode` is `queue`).
        """

    async def who(self, participant: ParticipantId) -> str:
        """Return the name people know this participant by."""

    async def meant(self, who: str) -> frozenset[ParticipantId]:
        """Return whom a configuration means: never by a name, which anyone may choose.

        `owner` is whoever owns the bridge; else a participant's id, or `realm:user`. Nobody whom no
        app lets in any more.
        """

    async def where(self, conversation: ConversationId) -> str:
        """Return what people call this place: the name of a chat app, "browser"."""


class Agent(Protocol):
    """Answers. Keeps no state between runs: everything it needs is in the log.

    `help` is Markdown, shown by /help: what one can ask of this agent; may be empty.
    """

    help: str

    def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        """Answer the turn; the last item is `Ended`. Each item is durable before the next is asked.

        May be closed at any item (`GeneratorExit`) when the run is stopped. Raises
        `AgentUnavailable` to be tried again later, `AgentFailed` when that would not help.
        """


@runtime_checkable
class AgentReceiving(Protocol):
    """Lives elsewhere, and calls the bridge with a token of its own, at /v1/agents/{its name}."""

    def admits(self, token: str) -> bool:
        """Say whether this is its token, in the same time whatever it is."""

    async def report(self, run: RunId, body: bytes, *, key: str) -> bytes:
        """Take in what it says for an open run; return the JSON it is answered, once durable.

        A repeat with the same `key` (unless it is "") gets the answer of the first time. Raises
        `RunOver` when the run is not open, `AgentFailed` with what is wrong with the report.
        """


@runtime_checkable
class Logging(Protocol):
    """Reads nothing from outside of the bridge but what its calls return, which the log shows.

    What any other agent reports of its work in the background counts as from outside.
    """

    logs_what_it_reads: Literal[True]


@runtime_checkable
class Warming(Protocol):
    """Can make ready what its first run would wait for. Called once the bridge is ready."""

    async def warm(self) -> None: ...


@runtime_checkable
class KeepingUp(Protocol):
    """Has work to do on a session's past that no answer should wait for."""

    def keep_up(self, turn: Turn) -> AsyncGenerator[Using | Compacted]:
        """Do some of it, after the run of this turn; there may be none.

        Each summary is durable before the next is asked. It is closed at any item when somebody
        asks for an answer, and asked anew after that: what is left to do is derived from the log.
        `Using` says, before a summary, what all of it has used so far.
        """


@runtime_checkable
class SummingUp(Protocol):
    """Can be asked to sum up a session's past at once, by `/compact`."""

    def sum_up(self, turn: Turn, matters: str) -> AsyncGenerator[Using | Compacted]:
        """Sum up all that is answered; yield nothing where there is nothing to sum up.

        `matters` is what whoever asked wants it to be about, in their words, or "". As for
        `KeepingUp`, each summary is durable before the next is asked, and it is closed at any item
        when somebody asks for an answer. Raises `AgentError` where it cannot be done.
        """


@runtime_checkable
class Closing(Protocol):
    """Has something open between runs: connections, children. Called when no run is left."""

    async def close(self) -> None: ...
