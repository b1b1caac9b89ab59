"""The bridge with the real client libraries of the chat apps, against the fakes of the tests.

The bridge is a process of its own, the fakes are in this one. What is waited for is what people
see: latency is from the moment someone's message is there to be fetched until the answer to it has
arrived, so it has two calls of a client library in it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGTERM
from tempfile import TemporaryDirectory

from benchmarks.bridge_process import Spent, spent_by
from benchmarks.figures import Figure, latencies, median
from bridge import texts
from bridge.demo.apps import Apps, four
from bridge.demo.telegram.server import FakeTelegram
from bridge.demo.telegram.world import Room
from tests.scenarios.four import Four

PER_SECOND = 20
"""Below the 30 a second that Telegram lets a bot send in all."""

CHATS = 100
IDLE_SECONDS = 3.0
PATIENCE = 60.0
MORE = {"agents": {"echo": {"type": "echo", "delay": 0}}}
EACH = {"sessions": "per_place"}


def measure(*, quick: bool) -> list[Figure]:
    return asyncio.run(_measure(quick=quick))


async def _measure(*, quick: bool) -> list[Figure]:
    times = 1 if quick else 5
    return [
        *await _start_up("Telegram alone", ("telegram",), times, cpu=2.0, memory=100),
        *await _start_up("all four apps", None, times, cpu=2.5, memory=150),
        *await _conversations(chats=CHATS, messages=100 if quick else 1000),
        *await _one_chat(),
    ]


# -- starting -------------------------------------------------------------------------------------


async def _start_up(
    name: str, only: Sequence[str] | None, times: int, *, cpu: float, memory: float
) -> list[Figure]:
    ready, idle = [], []
    for _ in range(times + 1):
        async with four() as apps, _bridge(apps, only) as (story, spent):
            assert story.process is not None
            ready.append(spent)
            await asyncio.sleep(IDLE_SECONDS)
            idle.append(spent_by(story.process.pid, since=time.perf_counter()))
    cpu_used = median(each.cpu for each in ready[1:])  # the first one fills the file cache
    resident = median(each.memory for each in idle[1:])
    return [
        Figure(
            name=f"start with {name}: CPU time", value=cpu_used, unit="s", below=cpu, headline=True
        ),
        Figure(
            name=f"idle with {name}: memory", value=resident, unit="MB", below=memory, headline=True
        ),
    ]


@asynccontextmanager
async def _bridge(apps: Apps, only: Sequence[str] | None) -> AsyncIterator[tuple[Four, Spent]]:
    """Run a bridge until it is ready and connected to each of its apps."""
    with TemporaryDirectory(prefix="bridge-bench-") as folder:
        story = Four(apps=apps, data=Path(folder) / "data", more=MORE, each=EACH, only=only)
        begun = time.perf_counter()
        await story.start()
        for app in story.mine:
            app.says("/retry")
            await story.until(lambda app=app: story.count(app, texts.NOTHING_TO_RETRY))
        assert story.process is not None
        try:
            yield story, spent_by(story.process.pid, since=begun)
        finally:
            await story.end(SIGTERM)


# -- talking --------------------------------------------------------------------------------------


async def _conversations(*, chats: int, messages: int) -> list[Figure]:
    """Many people write to one bot at an even pace, each in a chat of their own."""
    async with four() as apps, _bridge(apps, ("telegram",)):
        fake = apps.telegram.fake
        rooms = [apps.telegram.bot.dm(fake.person(f"P{number}")) for number in range(chats)]
        await _exchange(fake, rooms, len(rooms), first=0)  # each chat joins the session
        begun = time.perf_counter()
        waited = await _exchange(fake, rooms, messages, first=len(rooms))
        rate = messages / (time.perf_counter() - begun)
    return [
        Figure(
            name=f"Telegram, {chats} chats, {PER_SECOND} messages/s offered", value=rate,
            unit="answers/s",
        ),
        *latencies("Telegram: asked → answered by echo", waited, p50=20, headline=True),
    ]  # fmt: skip


async def _one_chat() -> list[Figure]:
    """One person writes as fast as they get answers; Telegram allows one a second in a chat."""
    async with four() as apps, _bridge(apps, ("telegram",)):
        fake, room = apps.telegram.fake, apps.telegram.chat
        count = 12
        begun = time.perf_counter()
        for number in range(count):
            await _exchange(fake, [room], 1, first=number)
        rate = count / (time.perf_counter() - begun)
    return [Figure(name="Telegram, one chat, one after the other", value=rate, unit="answers/s")]


async def _exchange(
    fake: FakeTelegram, rooms: Sequence[Room], count: int, *, first: int
) -> list[float]:
    """Say so many messages at an even pace; return how long each waited for its answer."""
    asked: dict[int, float] = {}
    waited: dict[int, float] = {}
    begun = time.perf_counter()

    def look() -> bool:
        for number in asked.keys() - waited.keys():
            room = rooms[number % len(rooms)]
            if any(f"q{number}." in text for text in room.shown()[-3:]):
                waited[number] = time.perf_counter() - asked[number]
        return len(waited) == count

    for number in range(first, first + count):
        await _until(begun + (number - first) / PER_SECOND, look)
        room = rooms[number % len(rooms)]
        assert room.person is not None
        asked[number] = time.perf_counter()
        room.person.says(room, f"q{number}.")
    await fake.until(look, PATIENCE)
    return list(waited.values())


async def _until(moment: float, look: Callable[[], bool]) -> None:
    while time.perf_counter() < moment:
        look()
        await asyncio.sleep(0.001)
