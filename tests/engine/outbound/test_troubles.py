"""Which accounts do not answer just now."""

import asyncio
from datetime import timedelta

import pytest

from bridge import texts
from bridge.domain.errors import OutcomeUnknown, Rejected, Unreachable
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address, Part, Sent
from bridge.engine.outbound import troubles as module
from bridge.engine.outbound.troubles import LONG_SECONDS, Troubles
from channels.memory import MemoryChannel
from tests.engine.rig import bridge

CHAT = ChannelName("chat")


def failed(troubles: Troubles, error: Exception) -> None:
    with pytest.raises(type(error)), troubles.calling(CHAT):
        raise error


def test_a_call_that_nobody_answers_is_trouble_until_one_is_answered() -> None:
    troubles = Troubles()
    failed(troubles, Unreachable("no route"))
    assert troubles.faults() == {CHAT: "no route"}
    failed(troubles, OutcomeUnknown())
    assert CHAT in troubles.faults()
    with troubles.calling(CHAT):
        pass
    assert troubles.faults() == {}


def test_a_refusal_is_an_answer() -> None:
    troubles = Troubles()
    failed(troubles, Unreachable("no route"))
    failed(troubles, Rejected("too long"))
    assert troubles.faults() == {}


def test_a_call_that_takes_long_is_trouble_while_it_does() -> None:
    now = 100.0
    troubles = Troubles(lambda: now)
    with troubles.calling(CHAT):
        assert troubles.faults() == {}
        now += LONG_SECONDS
        assert troubles.faults() == {CHAT: texts.NO_ANSWER}
    assert troubles.faults() == {}


class Hanging(MemoryChannel):
    """A platform that takes a message and does not answer."""

    async def send(self, to: Address, part: Part) -> Sent:
        del to, part
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_call_that_hangs_is_seen_however_the_clock_is_set(monkeypatch) -> None:
    """`/readyz` would say that all is well until the clock has caught up."""
    monkeypatch.setattr(module, "LONG_SECONDS", 0.0)
    async with bridge(channel=Hanging) as b:
        await b.place("ada")
        await b.push("news")
        await b.until(lambda: any(not each.ok for each in b.core.parts()))
        b.clock.set_back(timedelta(days=1))
        assert any(each.detail == texts.NO_ANSWER for each in b.core.parts())
