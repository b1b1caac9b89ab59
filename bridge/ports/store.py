"""What the core asks of a store: the log, the lanes, who there is, and what is kept beside them."""

from collections.abc import (
    Collection,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from bridge.domain.epoch import Epoch
from bridge.domain.events import Body, Draft, Event
from bridge.domain.ids import (
    ConversationId,
    MessageId,
    ParticipantId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.domain.inbound import Identity
from bridge.domain.parts import (
    Address,
    Conversation,
    Receipt,
    ReceiptState,
    Reply,
)
from bridge.domain.usage import Spent
from bridge.domain.wording import ENGLISH, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The inbound identity of a command, unique over all sessions: (`account`, `external_id`).

    With `conversation` and `message` the append keeps an origin receipt for its first event
    (part "{seq}:0", state skipped, why origin), so that it is never shown again where it was said.
    `reply` is what a repeat gets. `language` is the one that its sender is answered in.
    """

    account: str
    external_id: str
    conversation: ConversationId | None = None
    message: MessageId | None = None
    reply: Reply | None = None
    language: Language = ENGLISH


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
        (`bridge.domain.events.run_of`), the rows of `bridge.domain.projection`. A known origin or
        key beats `expect`. `drafts` may be empty: the origin and the producer's number are kept all
        the same.

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

    async def repeated(self, account: str, external_id: str) -> Appended | None:
        """Return what became of an inbound identity that is known already, as a repeat gets it."""

    async def keyed(self, session: SessionId, key: str) -> Event | None:
        """Return the event of a session that has this key, however far back. Changes nothing."""

    async def put_session(
        self, session: SessionId, events: Sequence[Event], *, created_at: datetime
    ) -> bool:
        """Make a session whose log is these events, in one transaction; False if it is there.

        They are numbered from 1, at their own times and under their own keys. Its row shows what
        they say (title, archived, open run); nothing else follows from them: no lane is opened, no
        schedule is due and no use of a model counts. Raises `Refused` for what cannot be encoded.
        """

    async def rewrite(
        self, session: SessionId, bodies: Mapping[Seq, Body], *, expect: Seq | None = None
    ) -> None:
        """Let events say something else, since somebody is forgotten; together, durably.

        Each is of the same kind as before; numbers, times and keys stay. What hangs on their words
        goes with them: the kept fold, and what those who say something again are answered.
        Raises `Conflict` where the head is not `expect`.
        """

    async def forget_heard(self, names: Collection[str]) -> None:
        """Drop the inbound identities that name one of these ids of people or places, as a word.

        A repeat is a success.
        """

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
    """Someone who was heard of first at `since`."""

    id: ParticipantId
    name: str
    since: datetime | None = field(default=None, compare=False)


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
    """Sessions, participants and their identities, places. Every call is idempotent."""

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

    async def rename(self, participant: ParticipantId, *, was: str, name: str) -> None:
        """Call a participant otherwise, if they are still called as they were."""

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

    async def forget_place(self, conversation: ConversationId) -> None:
        """Drop a place with its lane and its receipts. A repeat is a success."""

    async def move(self, conversation: ConversationId, *, place: str) -> None:
        """Give a conversation a new place in the same channel."""


class TokenBook(Protocol):
    """Whom a token names: asked for every request of a client. Every call is idempotent."""

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


class KeyValueStore(Protocol):
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


class Store(Log, Lanes, Directory, TokenBook, Agenda, KeyValueStore, Usages, Protocol):
    """Everything durable, behind one door.

    Once `close` is called every waiter returns. `backup` writes a consistent copy of everything
    while the store is in use; raises `Refused` where the database has a better tool of its own.
    `check` raises `StoreUnavailable` with the reason when the store cannot be used just now.
    `epoch` says which life of the log this is; it stays the same while the store is open.
    """

    async def epoch(self) -> Epoch: ...

    async def scrub(self) -> None:
        """Take out of the store's own files what was replaced or dropped before."""

    async def backup(self, to: Path) -> None: ...

    async def check(self) -> None: ...

    async def close(self) -> None: ...
