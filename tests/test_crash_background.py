"""Kill the process at each edge while something works in the background: it reports once.

The story: Ada asks for two pieces of work; each asks her something, and reports. After any number
of deaths each began once, asked once, was told its answer once and reported once, and is over.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path

import pytest

from bridge.domain.content import Content, Option
from bridge.domain.events import (
    BackgroundBegun,
    BackgroundStarted,
    BackgroundStopped,
    Body,
    Event,
    MessageComposed,
    MessageReceived,
    Preview,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    SessionArchived,
    Triggered,
)
from bridge.domain.ids import START, QuestionId, SessionId
from bridge.domain.run_output import Asking, Delegating, Ended, Said
from bridge.ports.agent import Turn
from bridge.session.background import child_of
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.crashing import Fuse
from tests.test_crash import WORLDS, reopened, sees
from tests.virtual_time import in_virtual_time
from tests.world import PATIENCE, World, live_through

WORKS = ("one", "two")


class Delegator:
    """Lets each word of what it hears be done in the background, and tells what is reported."""

    help = ""
    logs_what_it_reads = True

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        fold = await turn.fold()
        log = await turn.history()
        if fold.parent is not None:
            yield _asked_or_done(log)
            return
        words = []
        for event in (each for each in log if each.seq > fold.position):
            match event.body:
                case MessageReceived(content=content):
                    for word in content.text.split():
                        yield Delegating(work=word, task=f"Do {word}.")
                    words.append("begun")
                case Triggered(prompt=prompt):
                    words.append(prompt.rpartition("\n")[2])
                case _:
                    pass
        yield Ended(content=Content(text="\n".join(words)))


def _asked_or_done(log: Sequence[Event]) -> Ended:
    answers = [each.body for each in log if isinstance(each.body, QuestionClosed)]
    if answers:
        return Ended(content=Content(text=f"done with {answers[-1].answer}"))
    options = (Option(id="tea", label="Tea"), Option(id="milk", label="Milk"))
    asked = Asking(question=QuestionId("q"), kind="choice", text="Which?", options=options)
    return Ended(questions=(asked,))


async def story(world: World) -> None:
    """Ada sees the two questions, answers them, and sees the two reports."""
    ada = world.rich
    ada.say("ada", "Ada", " ".join(WORKS))
    await ada.until(lambda: _open(ada) == len(WORKS), within=PATIENCE)
    for _ in WORKS:
        left = _open(ada)
        ada.press("ada", "Ada", "Tea")
        await ada.until(lambda left=left: _open(ada) < left, within=PATIENCE)
    await ada.until(lambda: sees(ada, "ada", "done with tea"), within=PATIENCE)


def _open(platform) -> int:
    return sum(bool(each.buttons) for each in platform.seen("ada") if not each.author)


async def stopped(world: World) -> None:
    """Ada stops everything once both have asked her."""
    ada = world.rich
    ada.say("ada", "Ada", " ".join(WORKS))
    await ada.until(lambda: _open(ada) == len(WORKS), within=PATIENCE)
    ada.say("ada", "Ada", "/stop")
    await ada.until(lambda: not _open(ada), within=PATIENCE)


async def deaths(*edges: int, told=story, sqlite: Path | None = None) -> Fuse:
    """Live through the story, dying at each of these edges in turn; then look at the logs."""
    world = World(store=MemoryStore(), agent=Delegator())
    if sqlite is not None:
        sqlite /= "-".join(map(str, edges))
        sqlite.mkdir()
    telling = asyncio.create_task(told(world))
    try:
        for at in (*edges, None):
            fuse = Fuse(at)
            async with reopened(world, sqlite):
                is_told = await live_through(world, fuse, telling)
                if is_told or at is None:
                    await assert_once(world, is_stopped=told is stopped)
                    return fuse
    finally:
        telling.cancel()
    raise AssertionError


async def assert_once(world: World, *, is_stopped: bool) -> None:
    log = await _log(world, SHARED)
    children = [child_of(SHARED, each) for each in WORKS]
    started = [each.body.child for each in log if isinstance(each.body, BackgroundStarted)]
    assert started == children, "each began once"
    reports = Counter(each.body.source.name for each in log if isinstance(each.body, Triggered))
    assert reports == ({} if is_stopped else dict.fromkeys(children, 1)), "each reports once"
    stops = [each for each in log if isinstance(each.body, BackgroundStopped)]
    assert len(stops) == is_stopped
    asked = Counter(each.body.background for each in log if isinstance(each.body, QuestionAsked))
    assert asked == dict.fromkeys(children, 1), "each asks once"
    closed = [each.body.outcome for each in log if isinstance(each.body, QuestionClosed)]
    assert closed == ["withdrawn" if is_stopped else "answered"] * len(WORKS)
    finals = "\n".join(
        each.body.content.text for each in log if isinstance(each.body, MessageComposed)
    )
    assert finals.count("done with tea") == (0 if is_stopped else len(WORKS)), "told once"
    for child in children:
        await _assert_over(world, child, is_stopped=is_stopped)


async def _assert_over(world: World, child: SessionId, *, is_stopped: bool) -> None:
    log = await _log(world, child)
    kinds = Counter[type[Body]](type(each.body) for each in log)
    assert [type(each.body) for each in log].index(BackgroundBegun) == 0
    assert (kinds[BackgroundBegun], kinds[Triggered], kinds[SessionArchived]) == (1, 1, 1)
    assert isinstance(log[-1].body, SessionArchived)
    assert kinds[RunStarted] == kinds[RunFinished]
    assert kinds[QuestionAsked] == kinds[QuestionClosed] == 1
    answers = [each.body.answer for each in log if isinstance(each.body, QuestionClosed)]
    assert answers == ([""] if is_stopped else ["tea"])


async def _log(world: World, session: SessionId) -> Sequence[Event]:
    return await world.store.read(session, after=START, limit=10_000)


@in_virtual_time
async def test_without_a_death_all_is_well() -> None:
    """The story itself: both report, and are over."""
    assert (await deaths()).edges > LEAST_EDGES


async def die_at_each(edges: Iterable[int], *before: int, told=story) -> None:
    """Tell a story once for each edge. Raises the first `AssertionError`."""
    places = asyncio.Semaphore(WORLDS)

    async def die(at: int) -> None:
        async with places:
            await deaths(*before, at, told=told)

    async with asyncio.TaskGroup() as worlds:
        for at in edges:
            worlds.create_task(die(at))


LEAST_EDGES, MOST_EDGES = 100, 320
"""The story has between so many edges."""


@in_virtual_time
async def test_a_death_at_any_edge_neither_loses_nor_doubles_a_report() -> None:
    """Kill the process at each edge of the story, and let another one finish it."""
    await die_at_each(range(1, MOST_EDGES))


@in_virtual_time
async def test_a_death_at_any_edge_of_being_stopped_leaves_nothing_at_work() -> None:
    await die_at_each(range(1, MOST_EDGES), told=stopped)


@pytest.mark.parametrize("first", [40, 70, 100, 130])
@in_virtual_time
async def test_two_deaths_close_to_each_other_change_nothing(first: int) -> None:
    await die_at_each(range(1, 60, 2), first)
