"""Restore an earlier copy, kill the bridge anywhere on the way, and look at the world.

The story: a word is answered; the log is copied; more is said and answered; the bridge stops, and
the copy is put back. Then the platforms deliver again what was said since the copy, and someone
says something new. However often the bridge dies after the restore, what is heard again is in the
log once, as context, and is not answered; what is new is answered once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge import texts
from bridge.domain.epoch import Epoch
from bridge.domain.events import Event, MessageComposed, MessageReceived, Pushed
from bridge.ports.store import Store
from bridge.ports.surroundings import Surroundings
from storage.memory import MemoryStore
from storage.sql.store import SqliteSection, sqlite
from tests.crashing import Fuse
from tests.waiting import PATIENCE
from tests.world import World, live_through

EDGES = range(1, 330, 23)


async def test_what_was_said_between_the_copy_and_the_restore_is_context_then(
    tmp_path: Path,
) -> None:
    """Without a death: heard once, shown at most once more and marked, answered by nobody."""
    await restored(tmp_path)


async def test_a_death_after_the_restore_changes_nothing_of_that(tmp_path: Path) -> None:
    """The same with a death at every so many edges of the process that comes after the restore."""
    for at in EDGES:
        folder = tmp_path / str(at)
        folder.mkdir()
        await restored(folder, at)


async def test_without_the_rule_it_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bridge that takes what is heard again for news answers it anew."""
    monkeypatch.setattr(Epoch, "may_have_heard", lambda *_: False)
    with pytest.raises(AssertionError):
        await restored(tmp_path)


async def restored(folder: Path, *edges: int) -> None:
    world = World(store=MemoryStore())
    for platform in (world.rich, world.plain):
        platform.clock = world.clock.now
    around = Surroundings(clock=world.clock, data=folder)
    copy = folder / "copy.db"
    async with opened(world, around) as store:
        world.plain.say("den", "Bob", "/notify all")
        await tell(world, "word one")
        await store.backup(copy)
    async with opened(world, around):
        said = await tell(world, "word two", "word three")
    assert sqlite.restore is not None
    sqlite.restore(SqliteSection(), around, copy)
    for each in said:
        world.rich.redeliver(each)
    telling = asyncio.create_task(until_said(world))
    for at in (*edges, None):
        async with opened(world, around) as store:
            if await live_through(world, Fuse(at), telling):
                break
    async with opened(world, around) as store:
        check(await store.read("main", after=0, limit=1000), world)


@asynccontextmanager
async def opened(world: World, around: Surroundings) -> AsyncIterator[Store]:
    async with sqlite.open(SqliteSection(), around) as store:
        world.store = store
        yield store


async def tell(world: World, *words: str) -> list[str]:
    """Live through some words that are answered; return how the platform names them."""
    said: list[str] = []

    async def story() -> None:
        said.extend([await say(world, each) for each in words])

    assert await live_through(world, Fuse(), asyncio.create_task(story()))
    return said


async def until_said(world: World) -> None:
    await say(world, "word four")


async def say(world: World, words: str) -> str:
    said = world.rich.say("ada", "Ada", words)
    await world.rich.until(lambda: words in " ".join(world.rich.shown("ada")), within=PATIENCE)
    return said


def check(events: Sequence[Event], world: World) -> None:
    heard = [each.body for each in events if isinstance(each.body, MessageReceived)]
    assert [(each.content.text, each.addressed, each.before_restore) for each in heard] == [
        ("word one", True, False),
        ("word two", False, True),
        ("word three", False, True),
        ("word four", True, False),
    ]
    answers = [each.body.content.text for each in events if isinstance(each.body, MessageComposed)]
    assert ["word four" in each for each in answers] == [False, True]
    told = [each.body.content.text for each in events if isinstance(each.body, Pushed)]
    assert told == [texts.RESTORED]
    shown = world.rich.shown("ada")
    for words in ("word one", "word two", "word three", "word four"):
        answered = [each for each in shown if words in each and texts.REPEATED not in each]
        assert len(answered) == 1, shown
    mirrored = [each.text for each in world.plain.seen("den") if each.speaker.startswith("Ada")]
    for words in ("word two", "word three"):
        assert mirrored.count(words) == 1, "shown before the restore, and context since"
        assert f"{words}\n\n{texts.REPEATED}" not in mirrored
    assert "word four" in " ".join(mirrored)
