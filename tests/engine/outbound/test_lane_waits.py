"""How long a lane waits: no longer than was decided, whatever the clock does meanwhile."""

from datetime import timedelta

import pytest

from bridge.domain.errors import OutcomeUnknown, RateLimited, Unreachable
from bridge.domain.parts import Capabilities
from tests.engine.rig import Bridge, bridge
from tests.stepping import rest

PLAIN = Capabilities(max_chars=4000)
BACK = [timedelta(seconds=150), timedelta(days=1)]


async def until_waiting(b: Bridge, place: str) -> timedelta:
    """Wait until nothing is sent to a place for now; returns for how long."""

    async def waits() -> bool:
        due = (await b.lane(place)).due_at
        return due is not None and due > b.clock.now()

    await b.until(waits)
    await rest()
    due = (await b.lane(place)).due_at
    assert due is not None
    return due - b.clock.now()


@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("error", [Unreachable(), OutcomeUnknown(), "429"])
async def test_a_clock_that_is_set_back_makes_no_lane_wait_longer(back, error) -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        if error == "429":
            error = RateLimited(until=b.clock.now() + timedelta(seconds=30))
        b.platform.refuse(error, place="bob")
        await b.push("hello")
        wait = await until_waiting(b, "bob")
        b.clock.set_back(back)
        began = b.clock.elapsed
        await b.until(lambda: any("hello" in each for each in b.said("bob")), each=1)
        assert b.clock.elapsed - began <= wait + timedelta(seconds=22), "a sweep at most"


@pytest.mark.parametrize("back", BACK)
async def test_nor_does_it_after_a_restart(back) -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.refuse(RateLimited(until=b.clock.now() + timedelta(seconds=30)), place="bob")
        await b.push("hello")
        await until_waiting(b, "bob")
        await b.core.stop(0)
        b.clock.set_back(back)
        await b.start()
        await b.until_shown("bob", "hello")


async def test_a_clock_that_goes_forward_and_back_makes_no_lane_wait_longer() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.clock.set_back(timedelta(days=-1))
        b.platform.refuse(Unreachable(), place="bob", times=3)
        await b.push("hello")
        await until_waiting(b, "bob")
        b.clock.set_back(timedelta(days=1))
        began = b.clock.elapsed
        await b.until(lambda: "hello" in b.said("bob"), each=1)
        assert b.clock.elapsed - began <= timedelta(seconds=60)


async def test_a_wait_of_hours_is_kept_while_the_clock_is_right() -> None:
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        b.platform.refuse(RateLimited(until=b.clock.now() + timedelta(hours=3)), place="bob")
        await b.push("hello")
        await until_waiting(b, "bob")
        await b.restart()
        b.clock.forward(3 * 3600 - 60)
        await rest()
        assert b.said("bob") == []
        b.clock.forward(120)
        await b.until_shown("bob", "hello")
