"""A bridge's workers for tests: the real core over the memory store, platform and channel.

The clock stands still until a test sets it forward, so nothing here hangs on how fast a machine is.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from agents.echo import Echo
from bridge import texts
from bridge.domain.commands import Change, Push
from bridge.domain.content import Content
from bridge.domain.errors import StoreUnavailable
from bridge.domain.events import Body, Event, Preview, Source
from bridge.domain.ids import START, ChannelName, ParticipantId, Seq, SessionId
from bridge.domain.inbound import Added, Inbound, Sender
from bridge.domain.parts import Address, Capabilities, Conversation
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.engine import Connected, Engine
from bridge.http.web_push import WebPush
from bridge.ports.agent import Agent, Ended, Said, Turn
from bridge.session.admission import EVERYONE, Account
from bridge.session.budget import Budgets
from bridge.session.permissions import MEMBERS, may
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING, REALM, MemoryChannel
from channels.memory_platform import MemoryPlatform
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs
from tests.feeding import feeding
from tests.stepping import rest
from tests.waiting import PATIENCE

CHAT = ChannelName("chat")
OWNER = ParticipantId("p_owner")
ANYONE = Account(allow=frozenset({EVERYONE}))
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

B = TypeVar("B", bound=Body)


class SetClock:
    """Stands still until it is set forward. `elapsed` is the time that passed, however it is set.

    Who sleeps wakes when so much time has passed, as on a real machine.
    """

    def __init__(self) -> None:
        self.elapsed = timedelta(0)
        self._set = NINE
        self._sleepers: set[asyncio.Future[None]] = set()

    def now(self) -> datetime:
        return self._set + self.elapsed

    def set_back(self, by: timedelta) -> None:
        """Set the clock, as an operator does; nobody is woken."""
        self._set -= by

    async def sleep(self, seconds: float) -> None:
        until = self.elapsed + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        while self.elapsed < until:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sleepers.add(woken)
            try:
                await woken
            finally:
                self._sleepers.discard(woken)

    def forward(self, seconds: float) -> None:
        self.elapsed += timedelta(seconds=seconds)
        for woken in list(self._sleepers):
            if not woken.done():
                woken.set_result(None)


class MoodyStore(MemoryStore):
    """A store that can be down, and whose reads take a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.unreadable = False
        self.reads: list[Seq] = []

    @property
    def is_down(self) -> bool:
        return bool(self._fault)

    @is_down.setter
    def is_down(self, is_down: bool) -> None:
        self._fault = "the disk is full" if is_down else ""

    async def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event]:
        self.reads.append(after)
        if self.unreadable:
            raise StoreUnavailable("the disk is broken")
        found = await super().read(session, after=after, limit=limit)
        for _ in range(5):
            await asyncio.sleep(0)
        return found


class Acting:
    """An agent that does what a test wrote down for it."""

    def __init__(
        self, play: Callable[[Turn], AsyncGenerator[Preview | Said]], words: str = ""
    ) -> None:
        self.help = words
        self._play = play

    def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        return self._play(turn)


class Stalled:
    """An agent that begins to answer and does not end before it is released."""

    def __init__(self) -> None:
        self.help = ""
        self.began = 0
        self.cut_off = 0
        self.released = asyncio.Event()

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        self.began += 1
        yield Preview(run=turn.run, revision=1, text="Let me th")
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        yield Ended(content=Content(text="So it is."))


def agent_registry(words: str = "") -> AgentRegistry:
    """One agent, which is not asked for more than its help."""

    async def silent(turn: Turn) -> AsyncGenerator[Preview | Said]:
        yield Ended()

    return AgentRegistry({"echo": Acting(silent, words)}, "echo")


@dataclass
class Bridge:
    """What a test touches: `platform` is that of the channel `CHAT`."""

    agent: Agent | None = None
    more_agents: Mapping[str, Agent] = field(default_factory=dict)
    budgets: Budgets = field(default_factory=Budgets)
    capabilities: Capabilities = EVERYTHING
    account: Account = ANYONE
    channel: type[MemoryChannel] = MemoryChannel
    others: Mapping[ChannelName, MemoryPlatform] = field(default_factory=dict)
    pushes: Sequence[WebPush] = ()
    store: MemoryStore = field(default_factory=MemoryStore)
    platform: MemoryPlatform = field(default_factory=MemoryPlatform)
    clock: SetClock = field(default_factory=SetClock)
    core: Engine = field(init=False)

    async def start(self) -> None:
        """Start a process over what is there."""
        platforms = {CHAT: self.platform, **self.others}
        self.core = Engine(
            blobs=MemoryBlobs(clock=self.clock),
            store=self.store,
            clock=self.clock,
            agents={
                "echo": self.agent or Echo(delay=0, clock=self.clock),
                **self.more_agents,
            },
            agent="echo",
            budgets=self.budgets,
            channels=[
                Connected(
                    channel=self.channel(name, platform, feeding(name), self.capabilities),
                    account=self.account,
                    label=name.title(),
                )
                for name, platform in platforms.items()
            ]
            + [Connected(channel=each, account=None, label="Browser") for each in self.pushes],
        )
        for each in self.pushes:
            each.browsers = self.core.sessions.browser_places
        await self.store.enrol(
            OWNER, name=texts.OWNER, realm="bridge", user="owner", at=self.clock.now()
        )
        await self.core.sessions.create(SHARED, title="Main", owner=OWNER)
        await self.core.start()

    async def restart(self, *, grace: float = 0) -> None:
        await self.core.stop(grace)
        await self.start()

    # -- what there is

    async def let_members_change(self, setting: str) -> None:
        """Do what an owner's `/may SETTING members` does."""
        opened = Change(scope="session", name=may(setting), value=MEMBERS)
        await self.core.sessions.submit(SHARED, opened)

    async def events(self, session: SessionId = SHARED) -> Sequence[Event]:
        return await self.store.read(session, after=START, limit=100_000)

    async def bodies(self, kind: type[B], session: SessionId = SHARED) -> list[B]:
        """Return what happened of one kind."""
        return [each.body for each in await self.events(session) if isinstance(each.body, kind)]

    async def lane(self, place: str, channel: ChannelName = CHAT) -> Conversation:
        found = await self.store.conversation_at(Address(channel=channel, place=place))
        assert found is not None
        return found

    def shown(self, place: str) -> list[str]:
        return self.platform.shown(place)

    def said(self, place: str) -> list[str]:
        """Return what is shown in a place but for the small notices of who came and went."""
        return [text for text in self.shown(place) if not text.startswith("_")]

    # -- what a test does

    async def gather(self, *places: str) -> None:
        """Let a person of the same name join in each place, without asking for anything."""
        for place in places:
            await self.place(place)
            self.platform.say(place, place, f"{place} is here", addressed=False)
            await self.until(lambda: not self.platform.waiting())
        await self.until_at_rest()

    async def place(self, place: str, channel: ChannelName = CHAT, user: str = "") -> None:
        """Let a place follow the shared session, as if its person had been let in there."""
        platform = {CHAT: self.platform, **self.others}[channel]
        await follow_shared(self.core, platform, place, channel, user)

    async def push(self, text: str) -> Seq:
        """Say something as it is; returns its number."""
        push = Push(source=Source(kind="api"), content=Content(text=text))
        return (await self.core.sessions.submit(SHARED, push)).events[0].seq

    # -- what a test waits for

    async def until(
        self, condition: Callable[[], Any | Awaitable[Any]], *, each: float = 0.0
    ) -> None:
        """Wait until something holds; with `each`, seconds of the clock pass between two looks."""
        async with asyncio.timeout(PATIENCE):
            while True:
                holds = condition()
                if await holds if inspect.isawaitable(holds) else holds:
                    return await rest()  # so that who is to sleep does before the clock is set
                await asyncio.sleep(0.002)
                self.clock.forward(each)

    async def until_shown(self, place: str, *words: str, each: float = 0.0) -> None:
        """Wait until every one of these words can be read in a place."""
        await self.until(
            lambda: all(any(word in text for text in self.shown(place)) for word in words),
            each=each,
        )

    async def until_logged(self, kind: type[Body], count: int = 1, *, each: float = 0.0) -> None:
        async def logged() -> bool:
            return len(await self.bodies(kind)) >= count

        await self.until(logged, each=each)

    async def until_at_rest(self, *, each: float = 0.0) -> None:
        """Wait until nothing is pending, no session is due and no lane behind."""

        async def at_rest() -> bool:
            pending = any(each.waiting() for each in (self.platform, *self.others.values()))
            restless = await self.store.restless(self.clock.now())
            return not (pending or restless or await self.store.behind())

        await self.until(at_rest, each=each)


async def follow_shared(
    core: Engine, platform: MemoryPlatform, place: str, channel: ChannelName, user: str = ""
) -> None:
    """Let a place follow the shared session without a word."""
    there = platform.open(place)
    inbound = Inbound(
        external_id="unused",
        address=Address(channel=channel, place=place),
        sender=Sender(realm=REALM, user=user or place, name=user or place),
        what=Added(),
        room=there.room,
        title=there.title,
    )
    places, admission = core.sessions.places, core.sessions.admission
    who = await places.identify(inbound.sender)
    await admission.note_realm(channel, inbound.sender)
    conversation = await places.register(inbound)
    if conversation.session != SHARED:
        await places.follow(conversation, SHARED, who, welcome=False)


@asynccontextmanager
async def bridge(**parts: Any) -> AsyncIterator[Bridge]:
    """Run a bridge; at the end it is stopped in order."""
    made = Bridge(**parts)
    await made.start()
    try:
        yield made
    finally:
        await made.core.stop(0)
