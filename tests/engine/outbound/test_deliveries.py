"""Why a place is shown nothing just now, as the courier and who is let in have it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from structlog.testing import capture_logs

from bridge.domain.errors import StoreUnavailable, Unreachable
from bridge.domain.events import MessageDeleted, Preview
from bridge.domain.ids import ChannelName, MessageId, Seq, SessionId
from bridge.domain.parts import Address
from bridge.domain.records import replace
from bridge.engine.outbound.lane_drops import LaneDrop, LaneDrops
from bridge.engine.outbound.progress import Progress
from bridge.ports.agent import Ended, Said, Turn
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from channels.memory import EVERYTHING
from tests.engine.outbound.test_ringing import OneThatCannotBeSilent, move_in, pushed
from tests.engine.rig import CHAT, OWNER, Acting, Bridge, bridge
from tests.waiting import PATIENCE


async def obstacle(b: Bridge, place: str) -> str:
    session = await b.core.sessions.fold(SHARED)
    return await b.core.deliveries.obstacle(await b.lane(place), session)


async def test_a_place_that_takes_what_is_sent_has_no_obstacle() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        assert await obstacle(b, "phone") == ""


async def test_an_outage_is_told_until_it_is_over() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        b.platform.refuse(Unreachable("down"), times=3)
        await b.push("news")
        await b.until(lambda: _is(b, "unanswered"))
        b.platform.recover()
        await b.until_shown("phone", "news", each=60)
        await b.until(lambda: _is(b, ""))


async def _is(b: Bridge, why: str, place: str = "phone") -> bool:
    return await obstacle(b, place) == why


async def test_a_place_that_is_gone_is_closed() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        b.platform.close("phone")
        await b.push("news")
        await b.until(lambda: _is(b, "closed"))


async def test_what_is_held_back_is_told_from_what_is_owed() -> None:
    async with bridge(channel=OneThatCannotBeSilent) as b:
        await move_in(b, "work")
        await pushed(b, "by the way", "low")
        await b.until(lambda: _is(b, "held", "work"))


async def test_an_account_that_is_shut_or_not_configured_is_told() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        session = await b.core.sessions.fold(SHARED)
        lane = await b.lane("phone")
        b.core.supervisor.shut(CHAT, "bad token")
        assert await obstacle(b, "phone") == "account_refused"
        gone = replace(lane, address=Address(channel=ChannelName("gone"), place="x"))
        assert await b.core.deliveries.obstacle(gone, session) == "no_account"


async def test_a_place_whose_people_are_not_let_in_is_told() -> None:
    nobody = Account(allow=frozenset())
    async with bridge() as b:
        await move_in(b, "phone")
        b.account = nobody
        await b.restart()
        assert await obstacle(b, "phone") == "not_let_in"
        assert OWNER in (await b.core.sessions.fold(SHARED)).participants


async def test_whoever_waits_for_a_place_is_woken_when_something_became_of_it() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        lane = await b.lane("phone")
        with b.core.deliveries.watching([lane.id]) as bell:
            await b.push("news")
            async with asyncio.timeout(PATIENCE):
                await bell.wait()


async def test_who_waits_no_more_leaves_nothing_behind() -> None:
    progress = Progress()
    with progress.watching(["c_1"]) as one, progress.watching(["c_1", "c_2"]) as other:
        progress.moved("c_2")
        assert (one.is_set(), other.is_set()) == (False, True)
    progress.moved("c_1")
    assert not progress._waiting


async def test_what_a_place_is_owed_is_dropped_between_two_plans_and_the_rest_comes() -> None:
    async with bridge() as b:
        await move_in(b, "desk", "phone")
        b.platform.close("phone")
        await b.push("old news")
        await b.until(lambda: _is(b, "closed"))
        (row,) = [each for each in await b.core.deliveries.rows() if each.failed or each.behind]
        assert (row.lane.address.place, row.standing.state) == ("phone", "parked")
        assert await b.core.deliveries.drop(row.lane.id, by=OWNER) >= 1
        b.platform.open("phone").obstacle = None
        await b.core.deliveries.retry(row.lane.id)
        await b.push("new news")
        await b.until_shown("phone", "new news")
        assert "old news" not in b.shown("phone")
        assert "old news" in b.shown("desk")
        assert not await b.core.deliveries.rows()


async def test_what_was_taken_back_is_removed_from_a_place_whatever_is_dropped_there() -> None:
    """Whoever took it back was told that it is gone; new words of before the drop never come."""
    async with bridge(agent=Acting(silent)) as b:
        await move_in(b, "desk", "phone")
        one = said_at_desk(b, "my password is swordfish")
        await b.until_shown("phone", "swordfish")
        other = said_at_desk(b, "and my PIN")
        await b.until_shown("phone", "my PIN")
        await b.until_at_rest()
        b.platform.close("phone")
        await b.push("old news")
        await b.until(lambda: _is(b, "closed"))
        b.platform.unsay("desk", one)
        b.platform.unsay("desk", other)
        await b.until_logged(MessageDeleted, 2)
        lane = await b.lane("phone")
        for _ in range(2):
            await b.core.deliveries.drop(lane.id, by=OWNER)
        (row,) = await b.core.deliveries.rows()
        assert (row.behind, row.parts) == (0, 2), "it is told that something is owed"
        await b.restart()
        b.platform.open("phone").obstacle = None
        await b.core.deliveries.retry(lane.id)
        await b.until(lambda: not any("password" in each for each in b.shown("phone")))
        await b.until_at_rest()
        left = b.shown("phone")
        assert not any(word in each for each in left for word in ("swordfish", "PIN", "old news"))
        assert not await b.core.deliveries.rows()


async def test_where_nothing_can_be_taken_back_a_drop_leaves_nothing_owed() -> None:
    mute = replace(EVERYTHING, deletes=False)
    async with bridge(agent=Acting(silent), capabilities=mute) as b:
        await move_in(b, "desk", "phone")
        one = said_at_desk(b, "my password is swordfish")
        await b.until_shown("phone", "swordfish")
        await b.until_at_rest()
        b.platform.close("phone")
        await b.push("old news")
        await b.until(lambda: _is(b, "closed"))
        b.platform.unsay("desk", one)
        await b.until_logged(MessageDeleted)
        lane = await b.lane("phone")
        await b.core.deliveries.drop(lane.id, by=OWNER)
        b.platform.open("phone").obstacle = None
        await b.core.deliveries.retry(lane.id)
        await b.until_at_rest()
        assert not await b.core.deliveries.rows()


async def silent(turn: Turn) -> AsyncGenerator[Preview | Said]:
    """Answer nothing."""
    yield Ended()


def said_at_desk(b: Bridge, text: str) -> MessageId:
    """Let the person say something at the desk; return how its platform names it."""
    b.platform.say("desk", "ada", text)
    return next(each.id for each in reversed(b.platform.seen("desk")) if each.text == text)


async def test_no_more_is_dropped_than_was_seen_to_be_owed_and_the_log_says_who_did_it() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        b.platform.close("phone")
        await b.push("old news")
        await b.until(lambda: _is(b, "closed"))
        (row,) = await b.core.deliveries.rows()
        await b.push("new news")
        with capture_logs() as logs:
            dropped = await b.core.deliveries.drop(row.lane.id, by=OWNER, upto=row.upto)
        assert dropped == row.behind
        (said,) = [each for each in logs if each.get("reason") == "dropped"]
        assert (said["by"], said["upto"], said["events"]) == (OWNER, row.upto, dropped)
        b.platform.open("phone").obstacle = None
        await b.core.deliveries.retry(row.lane.id)
        await b.until_shown("phone", "new news")
        assert "old news" not in b.shown("phone")


async def test_what_is_said_while_a_drop_waits_for_a_place_is_not_dropped() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        lane = await b.lane("phone")
        session = await b.core.sessions.fold(SHARED)
        drops = LaneDrops(b.store, b.clock)
        asked = LaneDrop(session=SHARED, upto=session.head, by=OWNER)
        assert drops.ask(lane.id, asked)
        assert not drops.ask(lane.id, LaneDrop(session=SHARED, upto=session.head, by=OWNER)), (
            "one after the other"
        )
        await b.push("new news")
        await drops.drop(replace(lane, cursor=session.head - 2))
        assert await asked.done == 2
        assert lane.id not in drops.asked
        await b.until_shown("phone", "new news")


async def test_a_drop_that_fails_in_the_middle_is_done_when_it_is_tried_again(monkeypatch) -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        lane, drops = await b.lane("phone"), LaneDrops(b.store, b.clock)
        head = (await b.core.sessions.fold(SHARED)).head
        asked = LaneDrop(session=SHARED, upto=head, by=OWNER)
        drops.ask(lane.id, asked)
        with monkeypatch.context() as patch:
            patch.setattr(b.store, "advance", _unavailable)
            with pytest.raises(StoreUnavailable):
                await drops.drop(replace(lane, cursor=head - 1))
        assert lane.id in drops.asked
        await drops.drop(replace(lane, cursor=head - 1))
        assert await asked.done == 1


async def test_a_place_that_follows_another_session_by_then_loses_nothing() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        lane, drops = await b.lane("phone"), LaneDrops(b.store, b.clock)
        asked = LaneDrop(session=SessionId("s_other"), upto=Seq(1), by=OWNER)
        drops.ask(lane.id, asked)
        await drops.drop(lane)
        assert await asked.done == 0


async def _unavailable(*_: object) -> None:
    raise StoreUnavailable("full")


async def test_a_place_that_was_given_up_is_shown_it_all_once_it_is_tried_again() -> None:
    async with bridge() as b:
        await move_in(b, "phone")
        b.platform.close("phone")
        await b.push("news")
        await b.until(lambda: _is(b, "closed"))
        b.platform.open("phone").obstacle = None
        await b.core.deliveries.retry((await b.lane("phone")).id)
        await b.until_shown("phone", "news")
