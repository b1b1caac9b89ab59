"""Kill the process around a question that rings in one place, and then in the next one.

After a death at any edge the question has rung in the first place and, as nobody saw it, in the
second one: never in none, and at most once more than without the death.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from agents.echo import Echo
from bridge.engine.looking import LASTS
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.crashing import Fuse
from tests.engine.rig import SetClock
from tests.stepping import rest
from tests.world import PATIENCE, World, live_through

ASKED = "Tea or coffee?"
WAITS = "A question waits for your answer"
DESK, PHONE = "desk", "phone"

LEAST_EDGES, MOST_EDGES = 120, 260
WORLDS = 6


def shown(world: World, place: str, words: str) -> list[bool]:
    """Return whether each of our messages with these words rang."""
    found = (each for each in world.rich.seen(place) if not each.author)
    return [not each.silent for each in found if words in each.text]


def asked(world: World, place: str) -> list[bool]:
    """Return whether each copy of the question rang."""
    found = (each for each in world.rich.seen(place) if each.text.startswith(ASKED))
    return [not each.silent for each in found]


def rings(world: World) -> tuple[int, int]:
    """Return how often the question rang in the first place, and in the second one."""
    phone, desk = (
        sum(asked(world, place)) + sum(shown(world, place, WAITS)) for place in (PHONE, DESK)
    )
    return phone, desk


async def until(world: World, holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.002)


async def passing(world: World) -> None:
    """Let time pass: in small steps while there is work in hand, else in minutes."""
    while True:
        await rest()
        is_at_rest = await world.is_at_rest()
        world.clock.forward(60 if is_at_rest else 0.5)  # type: ignore[attr-defined]
        await asyncio.sleep(0.005)


@asynccontextmanager
async def told(
    world: World, story: Callable[[World], Awaitable[None]]
) -> AsyncIterator[asyncio.Task[None]]:
    """Tell a story while time passes."""
    telling, time = asyncio.create_task(story(world)), asyncio.create_task(passing(world))
    try:
        yield telling
    finally:
        telling.cancel()
        time.cancel()


async def story(world: World) -> None:
    world.rich.say(DESK, "Ada", "here")
    await until(world, lambda: shown(world, DESK, "said: here"))
    world.rich.say(PHONE, "Ada", "ask")
    await until(world, lambda: asked(world, PHONE) and asked(world, DESK))
    await until(world, lambda: shown(world, DESK, WAITS))
    world.rich.press(DESK, "Ada", "Tea")
    await until(world, lambda: shown(world, PHONE, "chose Tea"))


def made() -> World:
    clock = SetClock()
    world = World(store=MemoryStore(), clock=clock)  # type: ignore[arg-type]
    world.agent = Echo(delay=0, clock=clock)
    return world


async def lived(*edges: int) -> tuple[World, Fuse]:
    """Live through the story, dying at each of these edges in turn."""
    world = made()
    async with told(world, story) as telling:
        for at in (*edges, None):
            fuse = Fuse(at)
            world.store.reopen()
            if await live_through(world, fuse, telling) or at is None:
                return world, fuse
    raise AssertionError


async def test_without_a_death_it_rings_once_in_each_place() -> None:
    world, fuse = await lived()
    assert rings(world) == (1, 1)
    assert LEAST_EDGES < fuse.edges < MOST_EDGES


async def test_a_death_at_any_edge_rings_once_more_at_most_and_never_nowhere() -> None:
    places = asyncio.Semaphore(WORLDS)

    async def die(at: int) -> None:
        async with places:
            world, _ = await lived(at)
            phone, desk = rings(world)
            assert phone >= 1, f"it rang nowhere after a death at {at}"
            assert desk >= 1
            assert phone + desk <= 3, f"it rang {phone} and {desk} times after a death at {at}"
            assert asked(world, DESK) == [False], "where it was shown silently it is once"

    async with asyncio.TaskGroup() as worlds:
        for at in range(1, MOST_EDGES, 3):
            worlds.create_task(die(at))


async def test_who_looked_at_a_page_when_the_process_died_is_rung_all_the_same() -> None:
    """Nobody knows any more whether they saw it."""
    world = made()

    async def looks(world: World) -> None:
        world.rich.say(PHONE, "Ada", "hello")
        await until(world, lambda: shown(world, PHONE, "said: hello"))
        ada = await world.store.identify(realm="memory", user="Ada")
        core[0].live.look(SHARED, ada, "tab", visible=True, seen=0)
        world.rich.say(PHONE, "Ada", "ask")
        await until(world, lambda: asked(world, PHONE))
        fuses[0].blown.set()
        await until(world, lambda: shown(world, PHONE, WAITS))

    core, fuses = [], []
    async with told(world, looks) as telling:
        for _ in range(2):
            fuses[:] = [Fuse()]
            world.store.reopen()
            if await live_through(
                world, fuses[0], telling, lambda _, made: core.__setitem__(slice(None), [made])
            ):
                break
    assert asked(world, PHONE) == [False]
    assert shown(world, PHONE, WAITS) == [True]
    assert LASTS.total_seconds() < 600
