"""What our code does for a message, a place, a turn and an append, in calls and lines of Python.

`tests/test_call_counts.py` bounds these, for they are the same on any machine. Everything stands
on the reference store and channel, and its clock stands still; appends are counted on SQLite.
`python -m benchmarks.steps NAME` prints which functions are called most.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.echo import Echo
from benchmarks.counting import Count, Counting
from benchmarks.figures import Figure
from benchmarks.rig import store_in
from bridge import logs
from bridge.config.model import LogSection
from bridge.domain.commands import Push, Say
from bridge.domain.content import Content
from bridge.domain.events import (
    ConversationLinked,
    Draft,
    MessageComposed,
    MessageReceived,
    ParticipantJoined,
    Preview,
    RunFinished,
    RunStarted,
    Source,
)
from bridge.domain.ids import CallId, ChannelName, ConversationId, ParticipantId, RunId, SessionId
from bridge.domain.parts import Address, Capabilities
from bridge.domain.run_output import Calling, Ended, Returned, Said
from bridge.engine.account_state import AccountState
from bridge.engine.engine import Connected, Engine
from bridge.engine.inbound.feed import feeds
from bridge.ports.agent import Agent, Turn
from bridge.ports.store import Store
from bridge.session.admission import EVERYONE, Account
from bridge.session.routing import SHARED
from channels.memory import REALM, MemoryChannel
from channels.memory_platform import MemoryPlatform
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs

CHANNEL, WEB, ADA = ChannelName("memory"), ConversationId("http:web"), ParticipantId("p_0")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMITS = Capabilities(edits=True, deletes=True, buttons=True, silent=True)
"""Without previews, which come by the clock."""

MANY = 8
"""Messages, over which a count is spread."""

TOOLS = 10
"""Calls of a run that works."""

AT_ONCE, OPENING = 250, 2
"""Turns appended together; the events before the first of them."""


class Working:
    """An agent that uses its tools before it answers."""

    help = ""

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        for number in range(TOOLS):
            call = CallId(f"{turn.run}_{number}")
            yield Calling(call=call, name="look", arguments="{}")
            yield Returned(call=call, result="Nothing yet.")
        yield Ended(content=Content(text="Done."))


class StillClock:
    """Stands still, and wakes nobody: what comes by the clock does not come here."""

    def now(self) -> datetime:
        return AT

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A bridge with its platform and its store, and what counts there."""

    core: Engine
    platform: MemoryPlatform
    store: Store
    counting: Counting

    async def counted(self, work: Callable[[], Awaitable[None]], times: int = 1) -> Count:
        """Do something until nothing is left to do; count what that takes, once it was done."""
        await self._done(work)
        self.counting.start()
        for _ in range(times):
            await self._done(work)
        return self.counting.stop().per(times)

    async def _done(self, work: Callable[[], Awaitable[None]]) -> None:
        await work()
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined] # noqa: SLF001
        await asyncio.sleep(0)
        while ready:  # noqa: ASYNC110 - whatever is ready may be anything
            await asyncio.sleep(0)

    async def push(self) -> None:
        push = Push(source=Source(kind="api"), content=Content(text="Something happened."))
        await self.core.sessions.submit(SHARED, push)

    async def say(self) -> None:
        """Say something in the first place."""
        self.platform.say("place 0", "user 0", "These are the words of a message.")

    async def ask(self) -> None:
        """Say something that no place hears of, as a page does."""
        words = Content(text="These are the words of a message.")
        await self.core.sessions.hear(SHARED, Say(by=ADA, conversation=WEB, content=words))


@asynccontextmanager
async def world(counting: Counting, agent: Agent | None = None) -> AsyncIterator[World]:
    """Yield a bridge with a session of Ada's that no place follows yet."""
    clock, platform, store = StillClock(), MemoryPlatform(), MemoryStore()
    facts = AccountState(MemoryStore(), CHANNEL)
    channel = MemoryChannel(CHANNEL, platform, feeds(CHANNEL, facts, clock), LIMITS)
    account = Account(allow=frozenset({EVERYONE}))
    core = Engine(
        blobs=MemoryBlobs(clock=clock),
        store=store,
        clock=clock,
        agents={"echo": agent or Echo(delay=0, clock=clock)},
        agent="echo",
        channels=[Connected(channel=channel, account=account, label="Memory")],
    )
    await store.enrol(ADA, name="Ada", realm=REALM, user="user 0", at=AT)
    await core.sessions.create(SHARED, title="Main", owner=ADA)
    await core.start()
    try:
        yield World(core=core, platform=platform, store=store, counting=counting)
    finally:
        await core.stop(0)


async def follow(there: World, places: int, *, each: int = 1) -> None:
    """Let private places follow the session, and be up to date; everybody has so many of them."""
    people = max(places // each, 1)
    drafts: list[Draft] = []
    for number in range(places):
        who, place = ParticipantId(f"p_{number % people}"), ConversationId(f"c_{number}")
        if 0 < number < people:
            name, user = f"User {number}", f"user {number}"
            await there.store.enrol(who, name=name, realm=REALM, user=user, at=AT)
            drafts.append(Draft(body=ParticipantJoined(participant=who, role="member")))
        address = Address(channel=CHANNEL, place=f"place {number}")
        await there.store.register(place, address, room=False, title="", at=AT)
        drafts.append(Draft(body=ConversationLinked(conversation=place, by=who)))
    head = (await there.store.append(SHARED, drafts, at=AT)).events[-1].seq
    for number in range(places):
        await there.store.advance(SHARED, ConversationId(f"c_{number}"), head)
    await there.core.sessions.refold(SHARED)


# -- what is counted ------------------------------------------------------------------------------


async def message(counting: Counting) -> Count:
    """Count a message that is heard, answered, and the answer shown, in one place."""
    async with world(counting) as there:
        await follow(there, 1)
        return await there.counted(there.say, MANY)


async def place(counting: Counting, *, each: int = 1, work: str = "push", few: int = 20) -> Count:
    """Count what one more place takes that something is shown in; everybody has so many."""
    found = []
    for number in (few, 2 * few):
        async with world(counting, Working() if work == "work" else None) as there:
            await follow(there, number, each=each)
            found.append(await there.counted(there.say if work != "push" else there.push))
    less, more = found
    return Count(
        calls=(more.calls - less.calls) / few,
        lines=(more.lines - less.lines) / few,
        of=more.of - less.of,
    )


async def turn(counting: Counting, events: int) -> Count:
    """Count a turn in a session that has so many events already."""
    async with world(counting) as there:
        for begun in range(0, events, 4 * AT_ONCE):
            drafts = [draft for at in range(begun, begun + 4 * AT_ONCE, 4) for draft in _talk(at)]
            await there.store.append(SHARED, drafts, at=AT)
        await there.core.sessions.refold(SHARED)
        return await there.counted(there.ask, MANY)


async def append(counting: Counting, *, callers: int) -> Count:
    """Count an append to SQLite of one of so many callers, each with a session of its own."""
    words = Content(text="These are the words of a message.")
    drafts = (Draft(body=MessageReceived(participant=ADA, conversation=WEB, content=words)),)
    sessions = [SessionId(f"s_{number}") for number in range(callers)]

    async def said(store: Store, session: SessionId, times: int) -> None:
        for _ in range(times):
            await store.append(session, drafts, at=AT)

    with TemporaryDirectory(prefix="bridge-bench-") as folder:
        async with store_in(Path(folder)) as store:
            for session in sessions:
                await store.create_session(session, at=AT)
            await asyncio.gather(*(said(store, each, 1) for each in sessions))
            counting.start()
            await asyncio.gather(*(said(store, each, MANY) for each in sessions))
            return counting.stop().per(callers * MANY)


def _talk(at: int) -> Sequence[Draft]:
    """Return what was said, and answered, once: after an event, about."""
    run, words = RunId(f"r_{at}"), Content(text=f"{at}: these are the words of a message.")
    upto = at + OPENING + 1
    bodies = (
        MessageReceived(participant=ADA, conversation=WEB, content=words),
        RunStarted(run=run, agent="echo", upto=upto, node="n"),
        MessageComposed(run=run, agent="echo", content=words),
        RunFinished(run=run, outcome="completed", upto=upto),
    )
    return [Draft(body=each) for each in bodies]


Scenario = Callable[[Counting], Awaitable[Count]]

SCENARIOS: Mapping[str, Scenario] = {
    "a message heard, answered and shown": message,
    "a push, for one more place": place,
    "a push, for one more place where everybody has four": partial(place, each=4),
    "a push, for one more place of one person": partial(place, each=1_000),
    "a message and its answer, for one more place": partial(place, work="say"),
    "ten calls of tools, for one more place": partial(place, work="work"),
    "a turn in a session of 1,000 events": partial(turn, events=1_000),
    "a turn in a session of 10,000 events": partial(turn, events=10_000),
    "an append by itself": partial(append, callers=1),
    "an append of 64 at once": partial(append, callers=64),
}


def counted(name: str) -> Count:
    """Count a scenario that has a name."""
    return counted_in(SCENARIOS[name])


def counted_in(scenario: Scenario) -> Count:
    """Count a scenario in a loop of its own, with the log that a bridge has."""
    logs.configure(LogSection())
    counting = Counting()
    with counting.watching():
        return asyncio.run(scenario(counting))


def measure(*, quick: bool) -> list[Figure]:
    names = list(SCENARIOS)[:2] if quick else SCENARIOS
    found = [(name, counted(name)) for name in names]
    return [
        figure
        for name, count in found
        for figure in (
            Figure(name=f"{name}: calls", value=count.calls, unit="calls", headline=True),
            Figure(name=f"{name}: lines", value=count.lines, unit="lines"),
        )
    ]


if __name__ == "__main__":
    for asked in sys.argv[1:] or SCENARIOS:
        count = counted(asked)
        print(f"{asked}: {count.calls:,.1f} calls, {count.lines:,.1f} lines\n{count.most(40)}\n")
