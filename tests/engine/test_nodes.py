"""A run is abandoned when its process is gone, and left alone while another one works on it."""

from datetime import timedelta

from bridge.caches import stale
from bridge.domain.events import Draft, RunFinished, RunStarted
from bridge.domain.ids import RunId
from bridge.engine.nodes import SCOPE, Nodes
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.engine.rig import Bridge, SetClock, bridge
from tests.stepping import rest

OTHER = "n_other"
THEIRS = RunId("r_theirs")


async def begun_elsewhere(b: Bridge) -> None:
    """Let another process begin a run."""
    await b.store.keep_fact(SCOPE, OTHER, "now")
    head = await b.store.head(SHARED)
    began = RunStarted(run=THEIRS, agent="echo", upto=head, node=OTHER)
    await b.store.append(SHARED, [Draft(body=began)], at=b.clock.now())
    stale()
    b.core._runner.wake(SHARED)
    await rest()


async def test_a_run_of_another_process_that_lives_is_not_abandoned() -> None:
    """Nobody here answers either: there is one run at a time."""
    async with bridge() as b:
        await begun_elsewhere(b)
        b.clock.forward(60)
        await rest()
        assert await b.bodies(RunFinished) == []
        b.platform.say("ada", "Ada", "hello")
        await rest()
        assert len(await b.bodies(RunStarted)) == 1


async def test_a_run_is_abandoned_once_its_process_is_gone() -> None:
    """Nothing has to wake the session for that."""
    async with bridge() as b:
        await begun_elsewhere(b)
        await b.store.drop_fact(SCOPE, OTHER)
        b.clock.forward(6)
        await rest()
        (finished,) = await b.bodies(RunFinished)
        assert (finished.run, finished.outcome) == (THEIRS, "abandoned")


async def test_who_starts_takes_over_at_once() -> None:
    """A killed process leaves its fact behind; the clock does not move here."""
    store, clock = MemoryStore(), SetClock()
    killed, here = Nodes(store, clock), Nodes(store, clock)
    await killed.begin()
    assert not await here.is_gone(killed.own)
    clock.forward(timedelta(days=1).total_seconds())
    assert not await here.is_gone(killed.own), "a process that is only slow lives"
    await here.begin()
    assert await here.is_gone(killed.own)
    assert set(await store.facts(SCOPE)) == {here.own}
    await here.begin()
    await here.end()
    assert await store.facts(SCOPE) == {}


async def test_a_run_of_a_process_that_was_killed_is_abandoned_at_the_start() -> None:
    """The next process of the same store waits for nothing: the clock does not move."""
    async with bridge() as b:
        await begun_elsewhere(b)
        await b.restart()
        await b.until_logged(RunFinished)
        assert [each.outcome for each in await b.bodies(RunFinished)] == ["abandoned"]
