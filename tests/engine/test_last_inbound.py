"""A place that was closed to us is open once someone writes there, whenever we hear that it was."""

import asyncio

import pytest

from bridge.domain.errors import Gone
from bridge.domain.ids import ConversationId
from bridge.engine import last_inbound as module
from bridge.engine.last_inbound import LastInbound
from channels.memory import MemoryChannel
from tests.engine.rig import Bridge, SetClock, bridge

HERE, THERE = ConversationId("c_1"), ConversationId("c_2")


def test_someone_wrote_since_a_time_or_did_not() -> None:
    clock = SetClock()
    words, before = LastInbound(clock), clock.now()
    clock.forward(1)
    words.note(HERE)
    assert words.since(HERE, before)
    assert not words.since(HERE, clock.now())
    assert not words.since(THERE, before)


def test_not_every_place_is_kept_in_mind_for_ever(monkeypatch) -> None:
    """One that was forgotten rather waits."""
    monkeypatch.setattr(module, "MOST", 1)
    clock = SetClock()
    words, before = LastInbound(clock), clock.now()
    clock.forward(1)
    words.note(HERE)
    words.note(THERE)
    assert not words.since(HERE, before)
    assert words.since(THERE, before)


class ClosedOnce(MemoryChannel):
    """Its platform turns the news down, and says so only once it is let."""

    refused: asyncio.Event
    told: asyncio.Event

    async def send(self, address, part):
        if "news" in part.text and not self.refused.is_set():
            self.refused.set()
            await self.told.wait()
            raise Gone(code="63016")
        return await super().send(address, part)


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    for name in ("refused", "told"):
        monkeypatch.setattr(ClosedOnce, name, asyncio.Event(), raising=False)


async def news_refused(b: Bridge) -> None:
    """Let Ada be told the news, which her platform has turned down, though nobody knows yet."""
    b.platform.say("ada", "Ada", "hello")
    await b.until_shown("ada", "hello", each=0.1)
    await b.until_at_rest(each=0.1)
    await b.push("the news")
    await b.until(ClosedOnce.refused.is_set)


async def test_who_writes_while_a_refusal_is_on_its_way_is_shown_everything() -> None:
    async with bridge(channel=ClosedOnce) as b:
        await news_refused(b)
        b.clock.forward(1)
        b.platform.say("ada", "Ada", "what is new?")
        await b.until(lambda: not b.platform.waiting(), each=0.1)
        ClosedOnce.told.set()
        await b.until_shown("ada", "the news", "what is new?", each=0.1)
        await b.until_at_rest(each=0.1)
        assert not (await b.lane("ada")).suspended


async def test_a_place_in_which_nobody_wrote_stands_still_until_someone_does() -> None:
    async with bridge(channel=ClosedOnce) as b:
        await news_refused(b)
        ClosedOnce.told.set()

        async def suspended() -> bool:
            return (await b.lane("ada")).suspended

        await b.until(suspended)
        b.platform.say("ada", "Ada", "what is new?")
        await b.until_shown("ada", "the news", each=0.1)
