"""From hearing to the agent's start, and from its answer to the channel: the core on SQLite.

Twenty places, each with a session of its own, where people say 50 messages a second in all. The
channel and the agent note when they are called; nothing in between is changed.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from agents.echo import Echo
from benchmarks.figures import Figure, latencies
from benchmarks.rig import fresh_store
from bridge.domain.events import Preview
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Inbox, Spoken
from bridge.domain.parts import Address, Part, Reply, Sent
from bridge.engine.account_state import AccountState
from bridge.engine.clock import SystemClock
from bridge.engine.engine import Connected, Engine
from bridge.engine.inbound.feed import feeds
from bridge.ports.agent import Ended, Said, Turn
from bridge.session.admission import EVERYONE, Account
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs

CHANNEL = ChannelName("memory")
PLACES = 20
PER_SECOND = 50
MARK = re.compile(r"m\d+")
PATIENCE = 60.0
ACCOUNT = Account(allow=frozenset({EVERYONE}), sessions="per_place")


@dataclass(slots=True)
class Stopwatch:
    """When what happened; messages by their mark, answers by their text. `answers`: to what."""

    heard: dict[str, float] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    called: dict[str, float] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def to_start(self) -> list[float]:
        return [at - self.heard[mark] for mark, at in self.began.items()]

    def to_call(self) -> list[float]:
        return [at - self.answered[text] for text, at in self.called.items()]


class TimedChannel(MemoryChannel):
    """Notes when a message is handed in and when an answer is shown."""

    watch = Stopwatch()

    async def listen(self, inbox: Inbox) -> None:
        async def timed(inbound: Inbound) -> Reply | None:
            assert isinstance(inbound.what, Spoken)
            self.watch.heard[inbound.what.content.text] = time.perf_counter()
            return await inbox(inbound)

        await super().listen(timed)

    async def send(self, to: Address, part: Part) -> Sent:
        self._note(part)
        return await super().send(to, part)

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        self._note(part)
        await super().edit(to, message, part)

    def _note(self, part: Part) -> None:
        if part.priority != "preview":
            self.watch.called.setdefault(part.text, time.perf_counter())
            self.watch.done.update(MARK.findall(part.text))


class TimedAgent(Echo):
    """Notes when it begins on a message and when it has answered.

    What came in while it worked is answered too, but it did not begin for it.
    """

    watch = Stopwatch()

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        begun = time.perf_counter()
        async for said in super().run(turn):
            if isinstance(said, Ended) and said.content is not None:
                text = said.content.text
                self.watch.began[MARK.findall(text)[0]] = begun
                self.watch.answered[text] = time.perf_counter()
            yield said


def measure(*, quick: bool) -> list[Figure]:
    return asyncio.run(_measure(50 if quick else 1000))


async def _measure(messages: int) -> list[Figure]:
    platform, watch, clock = MemoryPlatform(), Stopwatch(), SystemClock()
    facts = AccountState(MemoryStore(), CHANNEL)
    channel = TimedChannel(CHANNEL, platform, feeds(CHANNEL, facts, clock))
    agent = TimedAgent(delay=0, clock=clock)
    channel.watch = agent.watch = Stopwatch()
    async with fresh_store("sqlite") as store:
        core = Engine(
            blobs=MemoryBlobs(clock=clock),
            store=store,
            clock=clock,
            agents={"echo": agent},
            agent="echo",
            channels=[Connected(channel=channel, account=ACCOUNT, label="Memory")],
        )
        await core.start()
        await _say(platform, channel, first=0, count=PLACES)  # each place joins a session
        channel.watch = agent.watch = watch
        busy = time.process_time()
        await _say(platform, channel, first=PLACES, count=messages)
        busy = time.process_time() - busy
        await core.stop(1)
    return _figures(watch, busy / messages)


async def _say(platform: MemoryPlatform, channel: TimedChannel, *, first: int, count: int) -> None:
    """Say messages at an even pace, and wait until each is answered where it was said."""
    begun = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(begun + number / PER_SECOND - time.perf_counter())
        place = (first + number) % PLACES
        platform.say(f"place {place}", f"user {place}", f"m{first + number}")
    await platform.until(lambda: len(channel.watch.done) == count, within=PATIENCE)


def _figures(watch: Stopwatch, cpu: float) -> list[Figure]:
    rate = f"{PER_SECOND} messages/s"
    return [
        *latencies(f"heard → agent starts, {rate}", watch.to_start(), p50=5, p99=20, headline=True),
        *latencies(
            f"agent answers → channel is called, {rate}",
            watch.to_call(),
            p50=5,
            p99=20,
            headline=True,
        ),
        Figure(name="CPU time per message, all told", value=cpu * 1000, unit="ms"),
    ]
