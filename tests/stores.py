"""Stores for tests: the kinds there are, how to open one, and short ways to fill it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bridge.domain.content import Content
from bridge.domain.events import (
    Body,
    ConversationLinked,
    Draft,
    Event,
    MessageReceived,
    Pushed,
    RunFinished,
    RunStarted,
    Source,
)
from bridge.domain.ids import (
    ChannelName,
    ConversationId,
    MessageId,
    ParticipantId,
    RunId,
    Seq,
    SessionId,
)
from bridge.domain.parts import Address, Receipt, ReceiptState, Span
from bridge.ports.store import Origin, Store
from bridge.ports.surroundings import Surroundings
from storage.memory import MemoryStore
from storage.sql.store import PostgresSection, SqliteSection, postgres, sqlite

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
S1, S2 = SessionId("s_1"), SessionId("s_2")
C1, C2 = ConversationId("c_1"), ConversationId("c_2")
ADA, BOB = ParticipantId("p_ada"), ParticipantId("p_bob")
R1, R2 = RunId("r_1"), RunId("r_2")


class StillClock:
    """A clock that stands at `AT`; sleeping takes no time."""

    def now(self) -> datetime:
        return AT

    async def sleep(self, seconds: float) -> None:
        return None


def surroundings(folder: Path) -> Surroundings:
    return Surroundings(clock=StillClock(), data=folder)


@asynccontextmanager
async def memory_store() -> AsyncIterator[Store]:
    store = MemoryStore()
    try:
        yield store
    finally:
        await store.close()


def opened(kind: str, folder: Path, url: str = "") -> AbstractAsyncContextManager[Store]:
    """Open a fresh store of a kind; `url` is the empty database's for `postgres`."""
    match kind:
        case "sqlite":
            return sqlite.open(SqliteSection(), surroundings(folder))
        case "postgres":
            return postgres.open(PostgresSection(url=SecretStr(url)), surroundings(folder))
        case _:
            return memory_store()


# -- short ways to say things ---------------------------------------------------------------------


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def said(text: str, *, key: str | None = None) -> Draft:
    body = MessageReceived(participant=ADA, conversation=C1, content=Content(text=text))
    return Draft(body=body, key=key)


def pushed(text: str) -> Draft:
    return Draft(body=Pushed(source=Source(kind="api"), content=Content(text=text)))


def started(run: RunId = R1) -> Draft:
    return Draft(body=RunStarted(run=run, agent="echo", upto=1, node="n_1"))


def finished(run: RunId = R1) -> Draft:
    return Draft(body=RunFinished(run=run, outcome="completed", upto=1))


def linked(conversation: ConversationId = C1) -> Draft:
    return Draft(body=ConversationLinked(conversation=conversation))


def heard(message: str, *, conversation: ConversationId | None = C1) -> Origin:
    """Return the origin of a message with this platform id."""
    return Origin(
        account="telegram",
        external_id=f"chat:{message}",
        conversation=conversation,
        message=MessageId(message),
    )


def address(place: str = "1") -> Address:
    return Address(channel=ChannelName("telegram"), place=place)


def receipt(
    part: str,
    state: ReceiptState = "sent",
    *,
    source: Seq = 1,
    message: str | None = None,
    session: SessionId = S1,
    conversation: ConversationId = C1,
) -> Receipt:
    return Receipt(
        session=session,
        conversation=conversation,
        part=part,
        source=source,
        upto=source,
        span=Span(start=0, end=1),
        state=state,
        at=AT,
        message=None if message is None else MessageId(message),
    )


async def put(store: Store, session: SessionId, *drafts: Draft) -> tuple[Event, ...]:
    """Append plainly and return the events."""
    return (await store.append(session, drafts, at=AT)).events


async def log_of(store: Store, session: SessionId = S1) -> Sequence[Event]:
    return await store.read(session, after=0, limit=100_000)


def texts(events: Sequence[Event]) -> list[str]:
    return [_text(event.body) for event in events]


def seqs(events: Sequence[Event]) -> list[Seq]:
    return [event.seq for event in events]


def _text(body: Body) -> str:
    content = getattr(body, "content", None)
    return content.text if content else type(body).__name__
