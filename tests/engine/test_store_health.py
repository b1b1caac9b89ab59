"""While the store cannot be used: one line when it begins and ends, and then all go on at once."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.domain.errors import StoreUnavailable
from bridge.domain.events import MessageReceived, RunFinished
from bridge.engine.store_health import LOOKS, StoreHealth
from tests.engine.rig import MoodyStore, SetClock, bridge
from tests.stepping import rest

FULL = StoreUnavailable("the disk is full")


class Disk:
    def __init__(self) -> None:
        self.is_full = True
        self.looks = 0

    async def check(self) -> None:
        self.looks += 1
        if self.is_full:
            raise FULL


@pytest.fixture
def clock():
    return SetClock()


async def test_all_who_wait_go_on_at_once_and_it_is_logged_once(clock) -> None:
    disk = Disk()
    health = StoreHealth(disk.check, clock)
    with capture_logs() as logs:
        waiting = [asyncio.ensure_future(health.recovered(FULL)) for _ in range(20)]
        for _ in range(30):
            await rest()
            clock.forward(1)
        assert not any(each.done() for each in waiting)
        disk.is_full = False
        await rest()
        clock.forward(1)
        await rest()
        assert all(each.done() for each in waiting)
    assert [each["event"] for each in logs] == ["store unavailable", "store available again"]
    assert disk.looks <= 33


async def test_one_who_is_cut_off_while_waiting_leaves_the_others_waiting(clock) -> None:
    disk = Disk()
    health = StoreHealth(disk.check, clock)
    one, other = (asyncio.ensure_future(health.recovered(FULL)) for _ in range(2))
    await rest()
    one.cancel()
    disk.is_full = False
    await rest()
    clock.forward(1)
    await rest()
    assert other.done()
    assert not other.cancelled()


async def test_a_store_that_only_says_it_is_well_is_looked_at_less_and_less(clock) -> None:
    disk = Disk()
    disk.is_full = False
    health = StoreHealth(disk.check, clock)
    for pause in (*LOOKS, LOOKS[-1]):
        waiting = asyncio.ensure_future(health.recovered(FULL))
        await rest()
        clock.forward(pause - 0.1)
        await rest()
        assert not waiting.done()
        clock.forward(0.1)
        await rest()
        assert waiting.done()


async def test_what_waits_is_answered_as_soon_as_there_is_room() -> None:
    """Five minutes of a full disk, and the answer comes within seconds; nobody is to blame."""
    store = MoodyStore()
    with capture_logs() as logs:
        async with bridge(store=store) as b:
            b.platform.say("ada", "Ada", "slow 1")
            await b.until_logged(MessageReceived)
            append, attempt = store.append, store.attempt

            async def refuse(*_: object, **__: object) -> None:
                raise FULL

            store.is_down = True
            store.append = store.attempt = refuse  # type: ignore[method-assign, assignment]
            for _ in range(60):
                b.clock.forward(5)
                await rest()
            store.append, store.attempt = append, attempt  # type: ignore[method-assign]
            store.is_down = False
            began = b.clock.elapsed
            await b.until(lambda: any("That took" in each for each in b.shown("ada")), each=0.2)
            assert (b.clock.elapsed - began).total_seconds() < 8
            fold = await b.core.sessions.fold((await b.lane("ada")).session)
            assert fold.failures == 0
            assert len(await b.bodies(RunFinished)) == 2
    lines = [each["event"] for each in logs if each["log_level"] in {"warning", "error"}]
    assert lines.count("store unavailable") == 1
    assert "work failed" not in lines
