"""The courier does what the policy says: every verdict has its own consequence."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

import pytest

from bridge import texts
from bridge.delivery import retry
from bridge.domain.errors import (
    FormRefused,
    Moved,
    OutcomeUnknown,
    TextRefused,
    Unauthorized,
    Unreachable,
)
from bridge.domain.parts import Capabilities
from tests.engine.rig import CHAT, Bridge, bridge

PLAIN = Capabilities(max_chars=4000)
TEXT = "**hello**"


async def shown_later(b: Bridge) -> None:
    """It is sent as it is, once the pause is over."""
    assert b.said("bob") == []
    await b.until_shown("bob", TEXT, each=0.5)
    assert b.said("bob") == [TEXT]


async def shown_as_a_repeat(b: Bridge) -> None:
    """Nobody can say what became of it: it is sent once more and marked."""
    await b.until_shown("bob", f"{TEXT}\n\n{texts.REPEATED}", each=0.5)


async def left_out(b: Bridge) -> None:
    await b.until_at_rest(each=0.5)
    assert (b.said("bob"), (await b.lane("bob")).suspended) == ([], False)


async def shown_in_less(b: Bridge) -> None:
    await b.until_at_rest(each=0.5)
    (text,) = b.said("bob")
    assert "hello" in text


async def suspended(b: Bridge) -> None:
    await b.until_at_rest(each=0.5)
    assert (b.said("bob"), (await b.lane("bob")).suspended) == ([], True)


async def followed(b: Bridge) -> None:
    await b.until_shown("bob2", TEXT, each=0.5)
    assert b.said("bob") == []


async def shut(b: Bridge) -> None:
    await b.until(lambda: CHAT in b.core.supervisor.faults)
    assert "revoked" in b.core.supervisor.faults[CHAT]


@dataclass(frozen=True, kw_only=True)
class Failure:
    make: Callable[[Bridge], None]
    leads_to: Callable[[Bridge], Awaitable[None]]


def refused(error: Exception) -> Callable[[Bridge], None]:
    return lambda b: b.platform.refuse(error, place="bob")


FAILURES: dict[type[object], Failure] = {
    retry.Again: Failure(make=refused(Unreachable()), leads_to=shown_later),
    retry.Resolve: Failure(make=refused(OutcomeUnknown()), leads_to=shown_as_a_repeat),
    retry.Drop: Failure(make=refused(TextRefused()), leads_to=left_out),
    retry.Lessen: Failure(make=refused(FormRefused()), leads_to=shown_in_less),
    retry.Suspend: Failure(make=lambda b: b.platform.close("bob"), leads_to=suspended),
    retry.Relocate: Failure(make=lambda b: b.platform.move("bob", "bob2"), leads_to=followed),
    retry.Shut: Failure(make=refused(Unauthorized("the token was revoked")), leads_to=shut),
}


def test_every_verdict_of_the_policy_is_tried_here() -> None:
    assert FAILURES.keys() == set(get_args(retry.Decision))


@pytest.mark.parametrize("verdict", FAILURES, ids=lambda each: each.__name__)
async def test_the_courier_asks_for_each_failure_and_does_what_it_is_told(
    verdict: type[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []

    def listened(error: Exception, **how: object) -> retry.Decision:
        told.append(decided(error, **how))
        return told[-1]

    decided = retry.after
    failure = FAILURES[verdict]
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        monkeypatch.setattr(retry, "after", listened)
        failure.make(b)
        await b.push(TEXT)
        await b.until(lambda: bool(told))
        await failure.leads_to(b)
    assert [type(each) for each in told] == [verdict]


@pytest.mark.parametrize("wait", [timedelta(minutes=2), timedelta(hours=3)])
async def test_what_the_policy_says_is_what_is_waited_for(
    wait: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The courier has no pauses of its own."""
    async with bridge(capabilities=PLAIN) as b:
        await b.gather("bob")
        until = b.clock.now() + wait
        monkeypatch.setattr(retry, "after", lambda *_, **__: retry.Again(at=until, tries=7))
        b.platform.refuse(Moved(place="nowhere"), place="bob")
        await b.push(TEXT)

        async def waits() -> bool:
            lane = await b.lane("bob")
            return (lane.due_at, lane.tries) == (until, 7)

        await b.until(waits)
