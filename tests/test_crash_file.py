"""Take the database file away under a bridge that works; then put it back, or let it die.

Where the process dies without it, the next one finds the same in another file: a copy, as when a
disk was changed.
"""

import asyncio
import shutil
from pathlib import Path

from tests.crashing import Fuse
from tests.stores import opened
from tests.test_crash import sees
from tests.waiting import PATIENCE
from tests.world import World, assert_log_is_honest, live_through

MOMENTS = (25, 36, 47, 58, 68)
"""Edges of the process at which the file goes."""


async def story(world: World) -> None:
    for words in ("word one", "word two"):
        world.rich.say("ada", "Ada", words)
        await world.rich.until(lambda words=words: sees(world.rich, "ada", words), within=PATIENCE)


async def test_a_file_that_goes_and_comes_back_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """What is said meanwhile is not acknowledged, so the platform keeps it until it is kept."""
    for at in MOMENTS:
        folder = tmp_path / str(at)
        folder.mkdir()
        world = World(store=None)
        async with opened("sqlite", folder) as store:
            world.store = store
            telling = asyncio.create_task(story(world))
            fuse = Fuse()
            moving = asyncio.create_task(take_away(folder / "bridge.db", fuse, at, world))
            assert await live_through(world, fuse, telling)
            await moving
            assert_log_is_honest(await world.events(), ["word one", "word two"])


async def test_a_death_without_the_file_and_a_copy_in_its_place_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    for at in MOMENTS:
        folder = tmp_path / str(at)
        folder.mkdir()
        file, world, fuse = folder / "bridge.db", World(store=None), Fuse()
        telling = asyncio.create_task(story(world))
        async with opened("sqlite", folder) as store:
            world.store = store
            dying = asyncio.create_task(die_without(file, fuse, at))
            assert not await live_through(world, fuse, telling), "it was to die"
            await dying
        file.unlink(missing_ok=True)
        shutil.copy(aside_of(file), file)
        async with opened("sqlite", folder) as store:
            world.store = store
            assert await live_through(world, Fuse(), telling)
            assert_log_is_honest(await world.events(), ["word one", "word two"])


async def die_without(file: Path, fuse: Fuse, at: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while fuse.edges < at:
            await asyncio.sleep(0.001)
    file.rename(aside_of(file))
    fuse.blown.set()


def aside_of(file: Path) -> Path:
    return file.with_name("aside.db")


async def take_away(file: Path, fuse: Fuse, at: int, world: World) -> None:
    async with asyncio.timeout(PATIENCE):
        while fuse.edges < at:
            await asyncio.sleep(0.001)
    aside = aside_of(file)
    file.rename(aside)
    acknowledged = len(world.rich.acknowledged)
    await asyncio.sleep(0.2)
    assert len(world.rich.acknowledged) <= acknowledged + 1, "one may have been kept before"
    aside.rename(file)
