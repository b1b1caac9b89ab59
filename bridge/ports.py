"""The ports: what the core asks of channels, agents and stores, with the whole contract of each.

There are no base classes. A conformance suite per port (tests/conformance/) says in code what
the docstrings say here.
"""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from bridge.commands import Asking, Command, Say
from bridge.content import Attachment, Content
from bridge.epoch import Epoch
from bridge.events import Draft, Event, MessageKind, Preview, Usage
from bridge.ids import (
    CallId,
    ChannelName,
    ConversationId,
    MediaId,
    MessageId,
    NoteId,
    ParticipantId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.inbound import Identity, Inbox, RemoteFile
from bridge.parts import (
    Address,
    Capabilities,
    Conversation,
    Part,
    Receipt,
    ReceiptState,
    Reply,
    Sent,
)
from bridge.session import Session
from bridge.usage import Spent

# == time =========================================================================================


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present, aware, in UTC."""

    async def sleep(self, seconds: float) -> None: ...


# == channels =====================================================================================


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
class Counting(Protocol):
    """Can say how many people read a place, at most, the bridge itself not counted.

    None where it cannot be known. Raises a `ChannelError`.
    """

    async def count(self, address: Address) -> int | None: ...


@runtime_checkable
class Resolving(Protocol):
    """Can find out what became of a part whose outcome is unknown.

    Returns what was sent, or None when the platform surely does not have it.
    """

    async def resolve(self, to: Address, part: Part) -> Sent | None: ...


# == agents =======================================================================================


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something said on the way: an interim text or a notice. More will follow."""

    content: Content
    kind: MessageKind = "interim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """A tool is about to run. The tool may start only once the generator is resumed."""

    call: CallId
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    call: CallId
    result: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Something to be said now, as it is, beside the answer. `to` empty: everyone."""

    content: Content
    to: tuple[ParticipantId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noting:
    """A small durable fact to keep, of the session or `about` one person; "" removes it.

    `outside`: the agent has read, or may have read, what comes from nobody in the session.
    """

    note: NoteId
    text: str
    about: ParticipantId | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """A summary that may stand for everything up to `upto`, for the runs to come."""

    upto: Seq
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was spoken in the attachment `media` of the message `target`."""

    target: Seq
    media: MediaId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Using:
    """What the run has used so far, in all. Not appended: `Ended` says it for good.

    It counts for a run that is stopped, or fails, before it could say so; and a run that has used
    up its budget is ended here.
    """

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The last thing a run says: its answer, or its questions, or (neither) nothing.

    `usage` is that of the whole run.
    """

    content: Content | None = None
    questions: tuple[Asking, ...] = ()
    usage: Usage | None = None


Said = Remark | Calling | Returned | Pushing | Noting | Compacted | Transcript | Using | Ended


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

    async def news(self) -> Sequence[Event]:
        """Return what was appended since, and take it in: this run now answers for it too.

        Nothing, where messages are to wait for the next run (the setting `mode` is `queue`).
        """

    async def who(self, participant: ParticipantId) -> str:
        """Return the name people know this participant by."""

    async def meant(self, who: str) -> frozenset[ParticipantId]:
        """Return whom a configuration means: never by a name, which anyone may choose.

        `owner` is whoever owns the bridge; else a participant's id, or `realm:user`.
        """

    async def where(self, conversation: ConversationId) -> str:
        """Return what people call this place: "Telegram", "browser"."""


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
class Warming(Protocol):
    """Can make ready what its first run would wait for. Called once the bridge is ready."""

    async def warm(self) -> None: ...


@runtime_checkable
class Closing(Protocol):
    """Has something open between runs: connections, children. Called when no run is left."""

    async def close(self) -> None: ...


# == stores =======================================================================================


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The inbound identity of a command, unique over all sessions: (`account`, `external_id`).

    With `conversation` and `message` the append keeps an origin receipt for its first event
    (part "{seq}:0", state skipped, why origin), so that it is never shown again where it was said.
    `reply` is what a repeat gets.
    """

    account: str
    external_id: str
    conversation: ConversationId | None = None
    message: MessageId | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Producer:
    """An idempotent HTTP producer's number of one input, within one session."""

    id: str
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append brought: the event of each draft, and which of them are fresh.

    `repeated`: the origin or the producer's number was known; nothing was appended, `events` and
    `reply` are those of the first time. Only the fresh appender acts on the events.
    """

    events: tuple[Event, ...] = ()
    fresh: tuple[Event, ...] = ()
    reply: Reply | None = None
    repeated: bool = False


class Log(Protocol):
    """One append-only log per session. docs/log.md states the contract."""

    async def append(
        self,
        session: SessionId,
        drafts: Sequence[Draft],
        *,
        at: datetime,
        expect: Seq | None = None,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        """Append the drafts together, durably, in the order of the calls; or none of them.

        In one transaction: the origin, the producer, the keys, `expect` (the head), the open run
        (`bridge.events.run_of`), the rows of `bridge.projection`. A known origin or key beats
        `expect`. `drafts` may be empty: the origin and the producer's number are kept all the same.

        Raises `Conflict` (head is not `expect`, or a run is open already), `RunOver`,
        `ProducerFenced`, `ProducerGap`, `UnknownSession`, `StoreUnavailable`.
        """

    async def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event]:
        """Return up to `limit` events with seq > `after`, dense and in order.

        Raises `UnknownSession`.
        """

    async def wait(self, session: SessionId, *, after: Seq) -> None:
        """Return when the head may have passed `after`; may return early, never too late.

        Whoever waits subscribes before reading: if the head is past `after` already, it returns
        at once.
        """

    async def head(self, session: SessionId) -> Seq:
        """Return the seq of the last event, 0 for none. Raises `UnknownSession`."""

    async def snapshot(self, session: SessionId) -> tuple[Seq, str] | None:
        """Return the newest kept fold of the session and the seq it stands at."""

    async def keep_snapshot(self, session: SessionId, seq: Seq, body: str) -> None:
        """Keep a fold; it replaces an older one."""


class Lanes(Protocol):
    """What each conversation has been shown. A lane is opened and closed by the log's events."""

    async def conversation(self, conversation: ConversationId) -> Conversation | None: ...

    async def receipts(
        self, session: SessionId, conversation: ConversationId, *, sources: Collection[Seq]
    ) -> Sequence[Receipt]:
        """Return the receipts of these sources, and every one attempted or owed in this lane."""

    async def attempt(self, receipt: Receipt) -> None:
        """Keep, durably, that a part is about to be sent. Replaces an earlier receipt of it."""

    async def record(
        self, receipt: Receipt, *, over: Collection[ReceiptState] | None = None
    ) -> None:
        """Keep what became of a part. Replaces an earlier receipt of it.

        With `over`, only one in one of these states: of any other, more is known already.
        """

    async def advance(self, session: SessionId, conversation: ConversationId, to: Seq) -> None:
        """Move the lane's cursor to `to`, never back, and clear its `tries` and `due_at`."""

    async def postpone(
        self,
        session: SessionId,
        conversation: ConversationId,
        *,
        until: datetime | None,
        tries: int,
        error: str,
        suspended: bool = False,
    ) -> None:
        """Send nothing to this lane before `until`; or, `suspended`, until `revive`."""

    async def revive(self, conversation: ConversationId) -> None:
        """Clear a lane's suspension, waiting and tries."""

    async def behind(self) -> Sequence[ConversationId]:
        """Return the lanes, not suspended, with a cursor behind the head or a part unsettled."""

    async def source_of(self, conversation: ConversationId, message: MessageId) -> Seq | None:
        """Return which event of the session it follows a message in this place shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    id: ParticipantId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """What a list of sessions shows. `touched_at` is the time of the last event."""

    id: SessionId
    head: Seq
    title: str
    archived: bool
    created_at: datetime
    touched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMark:
    """Where a page of the list of sessions ended: at this session, as it was touched then."""

    touched_at: datetime
    id: SessionId


class Directory(Protocol):
    """Sessions, participants and their identities, places, tokens. Every call is idempotent."""

    async def create_session(self, session: SessionId, *, at: datetime) -> bool:
        """Make an empty session; False when it is there already."""

    async def sessions(
        self, *, limit: int = 1000, after: SessionMark | None = None
    ) -> Sequence[SessionRow]:
        """Return the sessions `after` a mark, the last touched first, of the same time by id."""

    async def session(self, session: SessionId) -> SessionRow | None: ...

    async def identify(self, *, realm: str, user: str) -> ParticipantId | None:
        """Return whose identity this is, if anyone's."""

    async def enrol(
        self, participant: ParticipantId, *, name: str, realm: str, user: str, at: datetime
    ) -> ParticipantId:
        """Give an identity to a new participant; returns whose it is if it is taken already."""

    async def forget_identity(self, *, realm: str, user: str) -> None:
        """Make an identity nobody's; its participant stays. A repeat is a success."""

    async def identities(self, participant: ParticipantId) -> Sequence[Identity]:
        """Return every identity of a participant, in the order of realm and user."""

    async def people(self) -> Sequence[Participant]:
        """Return every participant there is, in the order of their ids."""

    async def participants(
        self, ids: Collection[ParticipantId]
    ) -> Mapping[ParticipantId, Participant]: ...

    async def register(
        self,
        conversation: ConversationId,
        address: Address,
        *,
        room: bool,
        title: str,
        at: datetime,
    ) -> Conversation:
        """Give a place an id; returns the conversation that has the address if there is one."""

    async def conversation_at(self, address: Address) -> Conversation | None: ...

    async def conversations(self, session: SessionId) -> Sequence[Conversation]:
        """Return the conversations that follow this session."""

    async def move(self, conversation: ConversationId, *, place: str) -> None:
        """Give a conversation a new place in the same channel."""

    async def issue_token(
        self, digest: str, participant: ParticipantId, *, label: str, at: datetime
    ) -> None:
        """Keep a token's SHA-256 hex digest; the token itself is never stored."""

    async def bearer(self, digest: str) -> ParticipantId | None:
        """Return whom a token names."""

    async def revoke_tokens(self, participant: ParticipantId, *, label: str | None) -> None:
        """Forget a participant's tokens of this label; with None, all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSchedule:
    session: SessionId
    schedule: ScheduleId
    slot: datetime


class Agenda(Protocol):
    """What is to be looked at when; all of it can be derived again from the log."""

    async def due_schedules(self, now: datetime, *, limit: int = 200) -> Sequence[DueSchedule]:
        """Return the schedules whose slot has come, the longest overdue first."""

    async def next_slot(self) -> datetime | None:
        """Return when the next schedule is due."""

    async def settle(self, session: SessionId, *, head: Seq, due_at: datetime | None) -> None:
        """Note that at this head nothing is to be done before `due_at` (None: ever)."""

    async def restless(self, now: datetime) -> Sequence[SessionId]:
        """Return the sessions not settled at their head, or due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """One fact's change: from `expected` (None: there is none) to `new` (None: it is dropped)."""

    scope: str
    key: str
    expected: str | None
    new: str | None


class Kept(Protocol):
    """Small durable texts that are no events, by scope and key: codes, what a channel saw."""

    async def fact(self, scope: str, key: str) -> str | None: ...

    async def facts(self, scope: str) -> Mapping[str, str]: ...

    async def keep_fact(self, scope: str, key: str, value: str) -> None:
        """Keep a text, durably; it replaces the one before."""

    async def drop_fact(self, scope: str, key: str) -> None: ...

    async def change_facts(self, changes: Sequence[FactChange]) -> bool:
        """Change facts in one transaction: all of them, or none where one is not as expected.

        Returns whether they were changed. Each of them is another fact.
        """


class Usages(Protocol):
    """What runs used; all of it can be derived again from the log."""

    async def usage(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        session: SessionId | None = None,
    ) -> Sequence[Spent]:
        """Return what was used from `since` to `until`, both days included, the newest day first.

        One of each day, session, participant, agent and model; in that order within a day.
        """


class Store(Log, Lanes, Directory, Agenda, Kept, Usages, Protocol):
    """Everything durable, behind one door.

    Once `close` is called every waiter returns. `backup` writes a consistent copy of everything
    while the store is in use; raises `Refused` where the database has a better tool of its own.
    `check` raises `StoreUnavailable` with the reason when the store cannot be used just now.
    `epoch` says which life of the log this is; it stays the same while the store is open.
    """

    async def epoch(self) -> Epoch: ...

    async def backup(self, to: Path) -> None: ...

    async def check(self) -> None: ...

    async def close(self) -> None: ...


# == what the HTTP side asks of the workers ========================================================


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Someone has a live view of a session open, in the client they call `place`."""

    participant: ParticipantId
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What passes beside the log, as it stands: never appended, safe to miss.

    `revision` grows with every change of this session's glimpse.
    """

    revision: int
    previews: tuple[Preview, ...] = ()
    typing: tuple[ParticipantId, ...] = ()
    present: tuple[Presence, ...] = ()


class Live(Protocol):
    """The previews, typing and presence of each session: conflated values, never queues."""

    def show(self, session: SessionId, preview: Preview) -> None:
        """Replace the preview of a run; one of a lower revision is ignored."""

    def clear(self, session: SessionId, run: RunId) -> None:
        """Drop the preview of a run that is over."""

    def typing(self, session: SessionId, participant: ParticipantId) -> None:
        """Note that a person is writing; it wears off by itself after a few seconds."""

    def present(self, session: SessionId, presence: Presence) -> AbstractContextManager[None]:
        """Count someone as present while the context is open."""

    def glimpse(self, session: SessionId) -> Glimpse: ...

    async def changed(self, session: SessionId, *, after: int) -> Glimpse:
        """Return the newest glimpse as soon as its revision is above `after`."""


class Sessions(Protocol):
    """The one way to change a session: a desk per session decides, appends and wakes the workers.

    Raises `Refused` (the text is for the asker), `RunOver`, `NotFound`, `StoreUnavailable`,
    `ProducerFenced`, `ProducerGap`.
    """

    async def fold(self, session: SessionId) -> Session:
        """Return the session as folded up to its head. Raises `NotFound`."""

    async def submit(
        self,
        session: SessionId,
        command: Command,
        *,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        """Decide a command and append what follows.

        A refused command that has an origin or a producer is kept as answered:
        `Appended.reply.refused`; without either, `Refused` is raised.
        """

    async def hear(
        self,
        session: SessionId,
        spoken: Say,
        *,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        """Take in what a person typed: a slash command, the answer to a question, or a saying."""

    async def create(self, session: SessionId, *, title: str, owner: ParticipantId) -> None:
        """Make a session with its first participant. A repeat is a success."""


@runtime_checkable
class Choosing(Protocol):
    """An agent with models to choose from, with `/model`.

    `models` are those it has names for, the usual one first. `refusal` returns why another one
    cannot be had, or ""; it may try it, for some seconds.
    """

    @property
    def models(self) -> Sequence[str]: ...

    async def refusal(self, model: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """That someone is in a session; `role` is "out" for someone who was put out of it."""

    session: SessionId
    title: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """What an operator sees of a person. `let_in` says by what, in words."""

    id: ParticipantId
    name: str
    owner: bool
    out: bool
    identities: Sequence[Identity]
    let_in: Sequence[str]
    sessions: Sequence[Membership]


class PeopleDesk(Protocol):
    """Who is let in where, for whoever runs the bridge. Raises `NotFound`, `Refused`."""

    async def everyone(self) -> Sequence[PersonRow]: ...

    async def remove(self, who: ParticipantId, by: ParticipantId) -> Sequence[str]:
        """Put someone out of everything; return the lines of the config that still name them."""

    async def allow(self, who: ParticipantId, session: SessionId | None) -> Sequence[SessionId]:
        """Let someone in again who was put out, of one session or of the bridge."""

    async def unlink(self, number: str) -> str:
        """Take back what a code gave, by the number of it; return what became of it, in words."""

    async def owner_code(self, owner: ParticipantId) -> str:
        """Return a new owner's code; the one before is good no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What `bridge doctor` found of one thing; `fix` says what to do when it is not `ok`."""

    name: str
    ok: bool
    detail: str = ""
    fix: str = ""


# == files ========================================================================================


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file's bytes as kept. `size` is in bytes. `media` is made from the bytes themselves."""

    media: MediaId
    size: int


class Blobs(Protocol):
    """The bytes of every attachment, content-addressed, so that the same file is kept once.

    `max_bytes` is the most that one file may have. What is no media id at all is a file that is
    not kept. Any call may raise `StoreUnavailable`.
    """

    max_bytes: int

    async def put(self, chunks: AsyncIterable[bytes]) -> Blob:
        """Keep a file, durably; of one that is kept already, its time begins anew.

        Raises `TooLarge` or `NoRoom`. Nothing is kept when it, or `chunks`, raises or is cancelled.
        """

    def open(self, media: MediaId) -> AsyncIterator[bytes]:
        """Yield a file's bytes in chunks of at most 1 MiB. Raises `NotFound` at the first one."""

    async def size(self, media: MediaId) -> int | None:
        """Return how many bytes it has, None when it is not kept (any more)."""

    async def forget(self, media: MediaId) -> None:
        """Delete a file's bytes. A repeat is a success."""

    async def sweep(self) -> None:
        """Forget the files that were kept as long as they are to be; called now and then."""


# == plugins' surroundings ========================================================================


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a plugin may know of the bridge it is created in: `data` is the bridge's folder."""

    clock: Clock
    data: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSurroundings(Surroundings):
    """What an agent may use. `public_url`: where people reach the bridge; None if nowhere."""

    blobs: Blobs
    public_url: str | None = None


class Facts(Protocol):
    """What one account must know after a restart and no log holds: small texts by their keys.

    For instance the last message it has seen in each place, to know from where to catch up.
    """

    async def get(self, key: str) -> str | None: ...

    async def put(self, key: str, value: str) -> None:
        """Keep a text, durably; it replaces the one before."""

    async def remove(self, key: str) -> None: ...

    async def all(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSurroundings(Surroundings):
    """What an account may use. `webhook_url`: where its platform can call it; None if nowhere.

    `link` makes an address under which the platform can fetch a file without credentials, for so
    long; None where the bridge has no public address.
    """

    blobs: Blobs
    facts: Facts
    webhook_url: str | None
    link: Callable[[Attachment, timedelta], str | None]
