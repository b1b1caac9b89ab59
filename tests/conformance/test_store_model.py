"""Whatever is done to it, a SQL store answers what the memory store answers."""

import asyncio
import dataclasses
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bridge.domain.content import Content
from bridge.domain.errors import BridgeError
from bridge.domain.events import (
    ConversationLinked,
    ConversationUnlinked,
    Draft,
    Every,
    MessageComposed,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SettingChanged,
)
from bridge.domain.ids import ConversationId, MessageId, ParticipantId, RunId, ScheduleId, SessionId
from bridge.domain.parts import Receipt, ReceiptState, Reply, Span
from bridge.ports.store import Origin, Producer, Store
from tests.stores import (
    AT,
    R1,
    R2,
    address,
    finished,
    later,
    opened,
    pushed,
    said,
    started,
)

SESSIONS = st.sampled_from([SessionId(f"s_{n}") for n in range(3)])
PLACES = st.sampled_from([ConversationId(f"c_{n}") for n in range(3)])
PEOPLE = st.sampled_from([ParticipantId(f"p_{n}") for n in range(2)])
NAMES = st.sampled_from(["1", "2", "3"])
SMALL = st.integers(min_value=0, max_value=8)
TIMES = st.integers(min_value=-5, max_value=5).map(later)
TEA = ScheduleId("tea")
STATES: tuple[ReceiptState, ...] = ("attempted", "owed", "sent", "skipped", "failed")


def scheduled(first: Any) -> Draft:
    rule_ = Every(seconds=60, start=AT)
    return Draft(body=ScheduleSet(schedule=TEA, rule=rule_, action="say", text="Tea!", first=first))


def titled(title: str) -> Draft:
    return Draft(body=SettingChanged(scope="session", name="title", value=title))


def composed(run: RunId) -> Draft:
    return Draft(body=MessageComposed(run=run, agent="echo", content=Content(text="hi")))


DRAFTS = st.one_of(
    NAMES.map(said),
    st.builds(said, NAMES, key=st.sampled_from(["k1", "k2"])),
    NAMES.map(pushed),
    st.sampled_from([R1, R2]).flatmap(
        lambda run: st.sampled_from([started(run), composed(run), finished(run)])
    ),
    PLACES.map(lambda each: Draft(body=ConversationLinked(conversation=each))),
    PLACES.map(lambda each: Draft(body=ConversationUnlinked(conversation=each))),
    st.none().map(scheduled),
    TIMES.map(scheduled),
    st.just(Draft(body=ScheduleRemoved(schedule=TEA))),
    NAMES.map(titled),
    st.just(Draft(body=SessionArchived())),
)
ORIGINS = st.builds(
    Origin,
    account=st.just("telegram"),
    external_id=NAMES,
    conversation=st.none() | PLACES,
    message=st.none() | NAMES.map(MessageId),
    reply=st.none() | st.builds(Reply, text=NAMES, refused=st.booleans()),
)
PRODUCERS = st.builds(
    Producer,
    id=st.sampled_from(["tab", "phone"]),
    epoch=st.integers(min_value=0, max_value=1),
    seq=st.integers(min_value=0, max_value=3),
)
RECEIPTS = st.builds(
    Receipt,
    session=SESSIONS,
    conversation=PLACES,
    part=NAMES,
    source=SMALL,
    upto=SMALL,
    span=st.just(Span(start=0, end=1)),
    state=st.sampled_from(STATES),
    at=TIMES,
    message=st.none() | NAMES.map(MessageId),
)

Doing = Callable[[Store], Awaitable[Any]]


async def outcome(work: Awaitable[Any]) -> object:
    """Return what a call answers, or which error it raises with what it carries."""
    try:
        found = await work
    except BridgeError as error:
        return type(error), vars(error)
    return list(found) if isinstance(found, list | tuple) else found


async def everything(store: Store) -> dict[str, object]:
    """Return all that can be seen of a store."""
    seen: dict[str, object] = {
        "sessions": list(await store.sessions()),
        "behind": sorted(await store.behind()),
        "restless": sorted(await store.restless(AT)),
        "due": list(await store.due_schedules(AT)),
        "next": await store.next_slot(),
        "people": dict(await store.participants([ParticipantId(f"p_{n}") for n in range(2)])),
    }
    for n in range(3):
        session, place = SessionId(f"s_{n}"), ConversationId(f"c_{n}")
        seen[session] = await outcome(store.read(session, after=0, limit=100))
        seen[f"{session} places"] = list(await store.conversations(session))
        seen[f"{session} fold"] = await store.snapshot(session)
        seen[place] = await store.conversation(place)
        seen[f"at {n}"] = await store.conversation_at(address(str(n)))
        seen[f"who {n}"] = await store.identify(realm="telegram", user=str(n))
        seen[f"token {n}"] = await store.bearer(str(n))
        for other in range(3):
            lane = SessionId(f"s_{other}")
            seen[f"{lane} {place}"] = list(await store.receipts(lane, place, sources=[1, 2, 3]))
            seen[f"{place} shows {other}"] = await store.source_of(place, MessageId(str(other)))
    return seen


class Twins(RuleBasedStateMachine):
    """The same calls on both stores, and in the end a look at all there is to see."""

    @initialize()
    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.stores = self.loop.run_until_complete(self._open())

    async def _open(self) -> list[Store]:
        folder = Path(self.folder.name)
        kinds = ("memory", "sqlite")
        stores = [await self.stack.enter_async_context(opened(each, folder)) for each in kinds]
        for store in stores:
            await store.create_session(SessionId("s_0"), at=AT)
            await store.register(ConversationId("c_0"), address("0"), room=False, title="", at=AT)
        return stores

    def both(self, doing: Doing) -> None:
        memory, sql = (self.loop.run_until_complete(outcome(doing(each))) for each in self.stores)
        assert sql == memory

    @rule(
        session=SESSIONS,
        drafts=st.lists(DRAFTS, max_size=4),
        at=TIMES,
        expect=st.none() | SMALL,
        origin=st.none() | ORIGINS,
        producer=st.none() | PRODUCERS,
    )
    def append(self, session: SessionId, drafts: list[Draft], **how: Any) -> None:
        self.both(lambda store: store.append(session, drafts, **how))

    @rule(session=SESSIONS, drafts=st.lists(DRAFTS, min_size=1, max_size=4))
    def append_plainly(self, session: SessionId, drafts: list[Draft]) -> None:
        self.both(lambda store: store.append(session, drafts, at=AT))

    @rule(session=SESSIONS, at=TIMES)
    def create_session(self, session: SessionId, at: Any) -> None:
        self.both(lambda store: store.create_session(session, at=at))

    @rule(place=PLACES, name=NAMES, room=st.booleans())
    def register(self, place: ConversationId, name: str, room: bool) -> None:  # noqa: FBT001
        self.both(lambda store: store.register(place, address(name), room=room, title=name, at=AT))

    @rule(place=PLACES, name=NAMES)
    def move(self, place: ConversationId, name: str) -> None:
        self.both(lambda store: store.move(place, place=name))

    @rule(who=PEOPLE, user=NAMES)
    def enrol(self, who: ParticipantId, user: str) -> None:
        self.both(lambda store: store.enrol(who, name=who, realm="telegram", user=user, at=AT))

    @rule(who=PEOPLE, digest=NAMES, label=NAMES)
    def issue(self, who: ParticipantId, digest: str, label: str) -> None:
        self.both(lambda store: store.issue_token(digest, who, label=label, at=AT))

    @rule(who=PEOPLE, label=NAMES)
    def revoke(self, who: ParticipantId, label: str) -> None:
        self.both(lambda store: store.revoke_tokens(who, label=label))

    @rule(receipt=RECEIPTS, over=st.none() | st.sets(st.sampled_from(["sent", "owed", "failed"])))
    def record(self, receipt: Receipt, over: set[ReceiptState] | None) -> None:
        self.both(lambda store: store.record(receipt, over=over))
        self.both(lambda store: store.attempt(dataclasses.replace(receipt, state="attempted")))

    @rule(session=SESSIONS, place=PLACES, to=SMALL)
    def advance(self, session: SessionId, place: ConversationId, to: int) -> None:
        self.both(lambda store: store.advance(session, place, to))

    @rule(session=SESSIONS, place=PLACES, until=st.none() | TIMES, suspended=st.booleans())
    def postpone(self, session: SessionId, place: ConversationId, **how: Any) -> None:
        self.both(lambda store: store.postpone(session, place, tries=2, error="429", **how))

    @rule(place=PLACES)
    def revive(self, place: ConversationId) -> None:
        self.both(lambda store: store.revive(place))

    @rule(session=SESSIONS, head=SMALL, due_at=st.none() | TIMES)
    def settle(self, session: SessionId, head: int, due_at: Any) -> None:
        self.both(lambda store: store.settle(session, head=head, due_at=due_at))

    @rule(session=SESSIONS, seq=SMALL, body=NAMES)
    def keep_snapshot(self, session: SessionId, seq: int, body: str) -> None:
        self.both(lambda store: store.keep_snapshot(session, seq, body))

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            memory, sql = (self.loop.run_until_complete(everything(each)) for each in self.stores)
            self.loop.run_until_complete(self.stack.aclose())
            self.loop.close()
            self.folder.cleanup()
            assert sql == memory


Twins.TestCase.settings = settings(max_examples=30, stateful_step_count=40)
TestTwins = Twins.TestCase
