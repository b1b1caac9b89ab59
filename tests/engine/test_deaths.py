"""A message whose run kills the process is given up on, and the session lives on."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from bridge import texts
from bridge.domain.content import Content
from bridge.domain.errors import AgentFailed, AgentUnavailable
from bridge.domain.events import (
    MessageComposed,
    MessageReceived,
    Preview,
    RunFinished,
    RunStarted,
    Usage,
)
from bridge.domain.ids import START, CallId
from bridge.ports.agent import Calling, Ended, Said, Turn, Using
from bridge.session.fold import Session, fold
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.crashing import Dead, Fuse, HurriedClock
from tests.engine.rig import Acting, bridge
from tests.world import PATIENCE, World, live_through

POISON = "poison"
"""A word that kills whatever process works on it."""

GIVEN_UP = texts.gave_up(texts.CRASHED, texts.unread("Ada", f"`{POISON}`", 0))


class Mortal:
    """A world in which one process after the other is started, until its story is told."""

    def __init__(self, bill: float = 0.0) -> None:
        self.bill = bill
        self.poison = POISON
        clock = HurriedClock(speed=60.0)
        self.world = World(store=MemoryStore(), clock=clock, agent=Acting(self._answer))
        self.fuse = Fuse()
        self.deaths = 0

    async def live(self, story: Callable[[World], Awaitable[None]]) -> None:
        telling = asyncio.ensure_future(story(self.world))
        while not await live_through(self.world, self.fuse, telling):
            self.deaths += 1
            assert self.deaths < 10, "it dies for ever"
            self.fuse = Fuse()

    async def fold(self) -> Session:
        return fold(Session(id=SHARED), await self.world.events())

    async def _answer(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        events = await turn.history()
        done = [each.body.upto for each in events if isinstance(each.body, RunFinished)]
        position = max(done, default=START)
        new = [e.body for e in events if e.seq > position and isinstance(e.body, MessageReceived)]
        yield Preview(run=turn.run, revision=1, text="Let me see")
        if self.bill:
            yield Using(usage=Usage(input_tokens=70, cost=self.bill, model="large"))
            yield Calling(call=CallId(f"k_{turn.run}"), name="look", arguments="{}")
        if any(self.poison in each.content.text for each in new):
            self.fuse.blown.set()
            raise Dead
        said = ", ".join(each.content.text for each in new)
        yield Ended(content=Content(text=f"You said {said}."))


async def test_three_deaths_are_enough() -> None:
    """The people are told, and what is said afterwards is answered as if nothing had been."""

    async def story(world: World) -> None:
        there = world.rich
        there.say("ada", "Ada", POISON)
        await there.until(lambda: GIVEN_UP in there.shown("ada"), within=PATIENCE)
        there.say("ada", "Ada", "are you well")
        await there.until(lambda: "You said are you well." in there.shown("ada"), within=PATIENCE)

    mortal = Mortal()
    await mortal.live(story)
    assert mortal.deaths == 3
    events = await mortal.world.events()
    outcomes = [each.body.outcome for each in events if isinstance(each.body, RunFinished)]
    assert outcomes == ["abandoned", "abandoned", "abandoned", "completed"]
    said = [each.body.kind for each in events if isinstance(each.body, MessageComposed)]
    assert said == ["notice", "final"]


async def test_the_deaths_are_a_while_apart() -> None:
    """A process that comes back at once does not die at once: the pauses are in the log."""

    async def story(world: World) -> None:
        world.rich.say("ada", "Ada", POISON)
        await world.rich.until(lambda: GIVEN_UP in world.rich.shown("ada"), within=PATIENCE)

    mortal = Mortal()
    await mortal.live(story)
    events = await mortal.world.events()
    ends = [each.at for each in events if isinstance(each.body, RunFinished)]
    starts = [each.at for each in events if isinstance(each.body, RunStarted)]
    pauses = [(start - end).total_seconds() for end, start in zip(ends, starts[1:], strict=False)]
    assert len(pauses) == 2
    assert pauses[0] >= 1
    assert pauses[1] >= 5


async def test_what_a_run_had_used_at_its_last_call_counts_although_its_process_died() -> None:
    async def story(world: World) -> None:
        world.rich.say("ada", "Ada", POISON)
        await world.rich.until(lambda: GIVEN_UP in world.rich.shown("ada"), within=PATIENCE)

    mortal = Mortal(bill=0.5)
    await mortal.live(story)
    spent = await mortal.world.store.usage()
    assert [(each.used.runs, each.used.cost) for each in spent] == [(3, 1.5)]
    assert spent[0].participant is not None


async def test_only_the_message_that_kills_is_given_up_while_people_write() -> None:
    """Three deaths in a row, and a queue before and behind it: all the rest is answered."""
    words = [f"word {number}" for number in range(6)]

    async def story(world: World) -> None:
        there = world.rich
        for each in (*words[:3], POISON, *words[3:]):
            there.say("ada", "Ada", each)
        await there.until(lambda: GIVEN_UP in there.shown("ada"), within=PATIENCE)
        for each in words:
            await there.until(
                lambda each=each: any(f"{each}" in text for text in answers(there.shown("ada"))),
                within=PATIENCE,
            )

    mortal = Mortal()
    await mortal.live(story)
    fold = await mortal.fold()
    assert len(fold.given_up) == 1
    assert fold.position >= fold.wanted


async def test_what_was_given_up_is_taken_up_again() -> None:
    """`/retry` asks it once more, in the words of the first time; whoever may talk may ask."""

    async def story(world: World) -> None:
        there = world.rich
        there.say("den", "Bob", "hello")
        await there.until(lambda: "You said hello." in there.shown("den"), within=PATIENCE)
        there.say("ada", "Ada", POISON)
        await there.until(lambda: GIVEN_UP in there.shown("ada"), within=PATIENCE)
        mortal.poison = "nothing"
        there.say("den", "Bob", "/retry")
        await there.until(lambda: f"You said {POISON}." in there.shown("ada"), within=PATIENCE)
        there.say("ada", "Ada", "/retry")
        await there.until(lambda: texts.NOTHING_TO_RETRY in there.notes("ada"), within=PATIENCE)

    mortal = Mortal()
    await mortal.live(story)


def answers(shown: list[str]) -> list[str]:
    return [text for text in shown if text.startswith("You said")]


async def test_who_writes_while_a_run_is_refused_is_answered_at_once() -> None:
    """However many runs had failed before: the clock of this test stands still."""
    tries, answered = 0, asyncio.Event()

    async def moody(turn: Turn) -> AsyncGenerator[Preview | Said]:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise AgentUnavailable("nobody is home")
        if tries == 3:
            yield Preview(run=turn.run, revision=1, text="Well")
            await answered.wait()
            raise AgentFailed("there is no such model")
        yield Ended(content=Content(text="Here I am."))

    async with bridge(agent=Acting(moody)) as b:
        b.platform.say("ada", "Ada", "hello")
        await b.until_logged(RunStarted, 3, each=0.2)
        b.platform.say("ada", "Ada", "are you there")
        await b.until_logged(MessageReceived, 2)
        answered.set()
        await b.until_shown("ada", "there is no such model")
        await b.until_shown("ada", "Here I am.")
