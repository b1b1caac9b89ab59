"""Kill the process just before and just after every call of every port; then look at the world.

The story is small and has everything in it: two people in two places, messages while an answer is
being written, a question answered by a button, previews. After any number of deaths every inbound
is in the log once and answered once, every place was shown every event once and in order (a place
that cannot resolve may show one marked repeat per death), and nothing is left open.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bridge.delivery.retry import MAX_ATTEMPTS
from bridge.delivery.steps import Show, Step
from bridge.domain.content import Content
from bridge.domain.errors import OutcomeUnknown, Unreachable
from bridge.domain.events import MessageComposed, Preview, RunFinished
from bridge.domain.ids import RunId
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Conversation
from bridge.engine.engine import Engine
from bridge.ports.agent import Ended, Said, Turn
from bridge.ports.channel import Channel
from bridge.ports.store import Appended
from bridge.session import decide_run_output, decide_runs
from bridge.session.fold import OpenRun, Session, fold
from bridge.session.routing import SHARED
from storage import append_rules
from storage.memory import MemoryStore
from tests import world
from tests.crashing import Fuse
from tests.stores import opened
from tests.virtual_time import in_virtual_time
from tests.world import (
    PATIENCE,
    Change,
    World,
    assert_honest,
    assert_log_is_honest,
    live_through,
)

Story = Callable[[World], Awaitable[None]]

SPEED = 300
"""How many times as fast the clock of the world is."""

SAID = ["word one", "word two", "word three", "ask"]


async def story(world: World) -> None:
    """Tell what the people do; they see only what their apps show them."""
    ada, bob = world.rich, world.plain
    ada.say("ada", "Ada", "word one")
    bob.say("den", "Bob", "word two")
    await ada.until(lambda: sees(ada, "ada", "word one"), within=PATIENCE)
    await bob.until(lambda: sees(bob, "den", "word two"), within=PATIENCE)
    ada.say("ada", "Ada", "word three")
    ada.say("ada", "Ada", "ask")
    await ada.until(lambda: any(each.buttons for each in ada.seen("ada")), within=PATIENCE)
    ada.press("ada", "Ada", "Tea")
    await ada.until(lambda: sees(ada, "ada", "chose Tea") == 1, within=PATIENCE)


def sees(platform, place: str, words: str) -> int:
    return sum(words in each.text for each in platform.seen(place) if not each.author)


async def deaths(
    *edges: int,
    change: Change | None = None,
    story: Story = story,
    said: Sequence[str] = SAID,
    marked: int = 0,
    sqlite: Path | None = None,
) -> Fuse:
    """Live through a story, dying at each of these edges in turn; then check the world."""
    world = World(store=MemoryStore())
    if sqlite is not None:
        sqlite /= "-".join(map(str, edges))
        sqlite.mkdir()
    telling = asyncio.create_task(story(world))
    try:
        for at in (*edges, None):
            fuse = Fuse(at)
            async with reopened(world, sqlite):
                told = await live_through(world, fuse, telling, change)
                if told or at is None:
                    await assert_honest(world, said, marked=len(edges) + marked)
                    return fuse
    finally:
        telling.cancel()
    raise AssertionError


@asynccontextmanager
async def reopened(world: World, sqlite: Path | None) -> AsyncIterator[None]:
    """Open the store that outlived the last process."""
    if sqlite is None:
        world.store.reopen()
        yield
        return
    async with opened("sqlite", sqlite) as store:
        world.store = store
        yield


@in_virtual_time
async def test_without_a_death_all_is_well() -> None:
    """The story itself: everything is shown everywhere, once."""
    assert (await deaths()).edges > LEAST_EDGES


LEAST_EDGES = 250
MOST_EDGES = 400
"""The story has between so many edges: how many previews are written depends on the moment."""

WORLDS = 12
"""So many worlds live side by side: they mostly wait."""


async def die_at_each(edges: Iterable[int | None], *, at_once: int = WORLDS, **how: Any) -> None:
    """Tell the story once for each edge. Raises the first `AssertionError`."""
    places = asyncio.Semaphore(at_once)

    async def die(at: int | None) -> None:
        async with places:
            await deaths(*([at] if at else []), **how)

    async with asyncio.TaskGroup() as worlds:
        for at in edges:
            worlds.create_task(die(at))


@in_virtual_time
async def test_a_death_at_any_edge_loses_and_doubles_nothing() -> None:
    """Kill the process at each edge of the story, and let another one finish it."""
    await die_at_each(range(1, MOST_EDGES))


async def test_a_death_at_any_edge_on_sqlite(tmp_path: Path) -> None:
    """The same over SQLite, at every so many edges."""
    await die_at_each(range(3, MOST_EDGES, 17), sqlite=tmp_path)


@settings(
    max_examples=25,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
@given(edges=st.lists(st.integers(1, 250), min_size=2, max_size=5))
def test_any_number_of_deaths_loses_and_doubles_nothing(edges: list[int]) -> None:
    """Kill process after process, each wherever it happens to be; the bridge is patient here."""
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(decide_runs, "MAX_RUN_FAILURES", 100)
        in_virtual_time(deaths)(*edges)


# -- what goes wrong beside deaths -----------------------------------------------------------------


async def story_of_an_outage(world: World, calls: int = 0) -> None:
    """Both platforms answer nothing for five minutes, in which people speak.

    It begins once they have done so much; 0: when Bob has read an answer.
    """
    ada, bob = world.rich, world.plain
    ada.say("ada", "Ada", "word one")
    bob.say("den", "Bob", "word two")
    if calls:
        await ada.until(lambda: (ada.counts + bob.counts).total() >= calls, within=PATIENCE)
    else:
        await bob.until(lambda: sees(bob, "den", "word two"), within=PATIENCE)
    for each in (ada, bob):
        each.refuse(OutcomeUnknown(), on=None, times=None)
    ada.say("ada", "Ada", "word three")
    await asyncio.sleep(300 / SPEED)
    for each in (ada, bob):
        each.recover()
    for each, place in ((ada, "ada"), (bob, "den")):
        await each.until(lambda e=each, p=place: sees(e, p, "word three"), within=PATIENCE)


OUTAGE = {
    "said": ["word one", "word two", "word three"],
    "marked": MAX_ATTEMPTS - 1,
}
MOST_CALLS = 14
"""What both platforms have done before they are down, at most: by then all is said."""


@in_virtual_time
async def test_a_platform_that_is_down_for_minutes_is_told_everything() -> None:
    """Whatever dies meanwhile, nothing is lost there, and what is shown twice is marked."""
    await die_at_each(range(1, 200, 2), story=story_of_an_outage, **OUTAGE)


@in_virtual_time
async def test_whenever_a_platform_goes_down_it_is_told_everything() -> None:
    for calls in range(1, MOST_CALLS):
        down = partial(story_of_an_outage, calls=calls)
        await die_at_each((*range(20, 200, 40), None), story=down, **OUTAGE)


async def story_of_a_clock(world: World) -> None:
    """The clock is set back while every kind of wait is under way, and forward and back."""
    ada, bob = world.rich, world.plain
    ada.say("ada", "Ada", "word one")
    bob.say("den", "Bob", "word two")
    await bob.until(lambda: sees(bob, "den", "word two"), within=PATIENCE)
    for back in (timedelta(seconds=150), timedelta(days=1), timedelta(days=-1), timedelta(days=1)):
        ada.refuse(Unreachable(), place="ada", times=3)
        bob.refuse(Unreachable(), place="den", times=2)
        ada.say("ada", "Ada", "flaky")
        await asyncio.sleep(2 / SPEED)
        world.clock.ahead -= back
    await ada.until(lambda: sees(ada, "ada", "failures, here I am"), within=PATIENCE)


@in_virtual_time
async def test_a_clock_that_jumps_holds_nobody_up() -> None:
    """A day that the clock is set back is a day that nobody waits for."""
    said = ["word one", "word two", *["flaky"] * 4]
    await die_at_each((*range(1, 200, 5), None), story=story_of_a_clock, said=said)


@settings(max_examples=10, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(lives=st.lists(st.floats(0.2, 3.0), min_size=3, max_size=3))
def test_three_deaths_in_a_row_give_up_one_message_at_most(lives: list[float]) -> None:
    """They are seconds apart, and people go on writing; all the rest is answered."""
    in_virtual_time(die_thrice)(lives)


async def die_thrice(lives: list[float]) -> None:
    world, words = World(store=MemoryStore()), [f"word {number:02}" for number in range(40)]

    async def write(world: World) -> None:
        for each in words:
            world.rich.say("ada", "Ada", each)
            await asyncio.sleep(0.3 / SPEED)

    telling = asyncio.create_task(write(world))
    for life in (*lives, None):
        fuse = Fuse()
        if life is not None:
            asyncio.get_running_loop().call_later(20 * life / SPEED, fuse.blown.set)
        world.store.reopen()
        if await live_through(world, fuse, telling):
            break
    events = await world.events()
    answers = [e.body.content.text for e in events if isinstance(e.body, MessageComposed)]
    left = [each for each in words if not any(each in text for text in answers)]
    assert left == [], "what was given up is named"
    assert len(fold(Session(id=SHARED), events).given_up) <= 1
    telling.cancel()


# -- the checks can fail: each of these changes breaks a rule, and is found out -------------------


def acknowledge_before_commit(_: World, core: Engine) -> None:
    """Tell the platform before the message is kept."""
    take = core._intake

    async def hasty(inbound: Inbound) -> None:
        asyncio.get_running_loop().call_later(0.001, asyncio.ensure_future, take(inbound))

    core._intake = hasty


def cursor_before_receipt(_: World, core: Engine) -> None:
    """Move the cursor before the parts it passes are sent."""
    do = core._courier._do
    lane_of = core.store.conversation

    async def hasty(step: Step, lane: Conversation, channel: Channel) -> bool:
        if isinstance(step, Show):
            fresh = await lane_of(lane.id)
            if fresh is not None and fresh.cursor < step.part.upto:
                await core.store.advance(step.part.session, lane.id, step.part.upto)
        return await do(step, lane, channel)

    core._courier._do = hasty


def key_dropped(_: World, core: Engine) -> None:
    """Append what was heard without its identity."""
    submit = core.sessions._submit

    async def forgetful(session, interpret, origin, producer):
        return await submit(session, interpret, None, producer)

    core.sessions._submit = forgetful


def last_words_apart(_: World, core: Engine) -> None:
    """Append an agent's last words, and then the end of its run."""
    append = core.store.append

    async def halved(session, drafts, **how):
        if len(drafts) > 1 and isinstance(drafts[-1].body, RunFinished):
            first = await append(session, drafts[:-1], **{**how, "expect": None})
            last = await append(session, drafts[-1:], **{**how, "expect": None})
            return Appended(events=first.events + last.events, fresh=first.fresh + last.fresh)
        return await append(session, drafts, **how)

    core.store.append = halved


MUTANTS = [acknowledge_before_commit, cursor_before_receipt, key_dropped, last_words_apart]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
@in_virtual_time
async def test_a_broken_rule_is_found_out(mutant: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bridge with one rule broken fails this property at some edge."""
    for module in (world, sys.modules[__name__]):
        monkeypatch.setattr(module, "PATIENCE", 10)
    with pytest.raises(ExceptionGroup) as found:
        await die_at_each(range(1, MOST_EDGES), change=mutant)
    assert found.group_contains(AssertionError) or found.group_contains(TimeoutError)


# -- a run that is over ---------------------------------------------------------------------------


class Stubborn:
    """An agent that goes on when it is cut off, and speaks long after its run was stopped."""

    help = ""

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        yield Preview(run=turn.run, revision=1, text="I am thinking")
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(PATIENCE)
        yield Ended(content=Content(text="from beyond the grave"))


async def stop_a_stubborn_run() -> None:
    world = World(store=MemoryStore(), agent=Stubborn())
    telling = asyncio.create_task(ask_and_stop(world))
    assert await live_through(world, Fuse(), telling)
    assert_log_is_honest(await world.events(), ["hello"])
    assert world.rich.shown("ada") == ["_Ada stopped the answer._"]


async def ask_and_stop(world: World) -> None:
    world.rich.say("ada", "Ada", "hello")
    await world.rich.until(lambda: sees(world.rich, "ada", "thinking"), within=PATIENCE)
    world.rich.say("ada", "Ada", "/stop")
    await world.rich.until(lambda: sees(world.rich, "ada", "stopped"), within=PATIENCE)


@in_virtual_time
async def test_a_stopped_run_cannot_speak() -> None:
    """An agent that ignores being stopped is not heard."""
    await stop_a_stubborn_run()


@in_virtual_time
async def test_a_zombie_that_may_speak_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the guards of the dispatcher and the store, the property above does not hold."""
    zombie = OpenRun(run=RunId("?"), agent="echo", started=1, upto=1, node="n")
    for module in (decide_runs, decide_run_output):
        monkeypatch.setattr(module, "open_run", lambda _, run: replace(zombie, run=run))
    monkeypatch.setattr(append_rules, "run_of", lambda _: None)
    with pytest.raises(AssertionError, match="run"):
        await stop_a_stubborn_run()
