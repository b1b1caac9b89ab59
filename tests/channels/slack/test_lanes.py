"""One place at a time, each by itself: order, repeats, waiting and giving way."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from bridge.content import Content
from bridge.errors import StoreUnavailable
from bridge.ids import MessageId
from bridge.inbound import Spoken
from bridge.parts import Reply
from channels.slack import lanes as module
from channels.slack.lanes import Lanes
from channels.slack.parse import News
from channels.slack.places import Spot
from tests.channels.slack.rig import QuickClock
from tests.waiting import soon, until


def news(number: int, room: str = "C1", *, slash: bool = False) -> News:
    ts = f"1700000000.{number:06}"
    what = Spoken(message=MessageId(ts), content=Content(text=str(number)))
    spot = Spot(room=room)
    return News(external_id=f"{room}:{ts}", ts=ts, spot=spot, user="U1", what=what, slash=slash)


class Desk:
    """Takes in what is handed in; `closed` rooms keep it waiting."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.answered: list[str] = []
        self.refusals: list[Exception] = []
        self.closed: dict[str, asyncio.Event] = {}
        self.reply: Reply | None = None

    async def hand_in(self, each: News) -> Reply | None:
        if each.spot.room in self.closed:
            await self.closed[each.spot.room].wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append(each.external_id)
        return self.reply

    async def answer(self, each: News, reply: Reply) -> None:
        self.answered.append(f"{each.external_id} {reply.text}")


@pytest.fixture
def desk():
    return Desk()


@asynccontextmanager
async def running(desk: Desk):
    lanes = Lanes(desk.hand_in, desk.answer, QuickClock(), {})
    task = asyncio.create_task(lanes.run())
    await asyncio.sleep(0)
    try:
        yield lanes
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_oldest_that_waits_goes_first(desk):
    desk.closed["C1"] = asyncio.Event()
    async with running(desk) as lanes:
        taken = [lanes.take(news(number)) for number in (3, 1, 2)]
        desk.closed["C1"].set()
        await asyncio.gather(*taken)
    assert desk.taken == [news(number).external_id for number in (1, 2, 3)]


async def test_a_slow_place_holds_up_no_other(desk):
    desk.closed["C1"] = asyncio.Event()
    async with running(desk) as lanes:
        slow = lanes.take(news(1, "C1"))
        await lanes.take(news(2, "C2"))
        assert not slow.done()


async def test_all_deliveries_of_one_message_wait_for_the_same(desk):
    desk.closed["C1"] = asyncio.Event()
    async with running(desk) as lanes:
        first, second = lanes.take(news(1)), lanes.take(news(1))
        desk.closed["C1"].set()
        await asyncio.gather(first, second)
        await lanes.take(news(1))
    assert desk.taken == [news(1).external_id]


async def test_what_the_store_refuses_stays_first(desk):
    desk.refusals = [StoreUnavailable(), StoreUnavailable()]
    async with running(desk) as lanes:
        await asyncio.gather(lanes.take(news(1)), lanes.take(news(2)))
    assert desk.taken == [news(1).external_id, news(2).external_id]


async def test_another_error_ends_all_of_it(desk):
    desk.refusals = [ZeroDivisionError()]
    lanes = Lanes(desk.hand_in, desk.answer, QuickClock(), {})
    task = asyncio.create_task(lanes.run())
    await asyncio.sleep(0)
    lanes.take(news(1))
    with pytest.raises(ExceptionGroup) as raised:
        await soon(task)
    assert raised.group_contains(ZeroDivisionError)


async def test_a_reply_is_shown_but_for_a_slash_command_which_carries_it(desk):
    desk.reply = Reply(text="done")
    async with running(desk) as lanes:
        assert await lanes.take(news(1, slash=True)) == desk.reply
        assert await lanes.take(news(2)) == desk.reply
        await until(lambda: desk.answered)
    assert desk.answered == [f"{news(2).external_id} done"]


async def test_a_room_that_is_held_back_waits_and_the_others_go_on(desk):
    async with running(desk) as lanes:
        lanes.hold("C1")
        lanes.hold("C1")
        held = lanes.take(news(1, "C1"))
        await lanes.take(news(2, "C2"))
        await lanes.release("C1")
        await asyncio.sleep(0.01)
        assert not held.done()
        await lanes.release("C1")
        await held


async def test_held_back_for_too_long_it_goes_on_and_a_late_release_does_no_harm(desk, monkeypatch):
    monkeypatch.setattr(module, "GIVE_WAY_SECONDS", 0.01)
    async with running(desk) as lanes:
        lanes.hold("C1")
        await lanes.take(news(1))
        await lanes.release("C1")
        await lanes.take(news(2))
