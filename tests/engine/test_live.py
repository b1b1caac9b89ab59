"""What passes beside the log is a value: the newest glimpse, never a queue."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.events import Preview
from bridge.domain.ids import ParticipantId, RunId, SessionId
from bridge.engine.live import TYPING_LASTS, LiveBoards
from bridge.ports.engine import Glimpse, Presence
from tests.waiting import soon

HERE, THERE = SessionId("s_1"), SessionId("s_2")
ADA, BOB = ParticipantId("p_ada"), ParticipantId("p_bob")
R1, R2 = RunId("r_1"), RunId("r_2")
BROWSER = Presence(participant=ADA, place="web")
SECOND = timedelta(seconds=1)


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def live(clock):
    return LiveBoards(clock)


def preview(text, *, revision=1, run=R1):
    return Preview(run=run, revision=revision, text=text)


# -- previews -------------------------------------------------------------------------------------


def test_nothing_passes_at_first(live):
    assert live.glimpse(HERE) == Glimpse(revision=0)


def test_the_newest_preview_replaces_the_one_before(live):
    live.show(HERE, preview("he", revision=1))
    live.show(HERE, preview("hello", revision=2))
    assert live.glimpse(HERE).previews == (preview("hello", revision=2),)


@pytest.mark.parametrize("revision", [1, 2])
def test_a_preview_that_is_not_newer_is_ignored(live, revision):
    live.show(HERE, preview("hello", revision=2))
    before = live.glimpse(HERE)
    live.show(HERE, preview("he", revision=revision))
    assert live.glimpse(HERE) == before


def test_a_preview_goes_with_its_run(live):
    live.show(HERE, preview("one"))
    live.show(HERE, preview("two", run=R2))
    live.clear(HERE, R1)
    assert live.glimpse(HERE).previews == (preview("two", run=R2),)


def test_clearing_what_is_not_there_changes_nothing(live):
    live.show(HERE, preview("one"))
    before = live.glimpse(HERE)
    live.clear(HERE, R2)
    assert live.glimpse(HERE) == before


def test_sessions_do_not_see_each_other(live):
    live.show(HERE, preview("one"))
    assert live.glimpse(THERE).previews == ()


def test_every_change_raises_the_revision(live):
    seen = [live.glimpse(HERE).revision]
    live.show(HERE, preview("one"))
    seen.append(live.glimpse(HERE).revision)
    live.typing(HERE, ADA)
    seen.append(live.glimpse(HERE).revision)
    with live.present(HERE, BROWSER):
        seen.append(live.glimpse(HERE).revision)
    seen.append(live.glimpse(HERE).revision)
    live.clear(HERE, R1)
    seen.append(live.glimpse(HERE).revision)
    assert seen == sorted(set(seen))


# -- typing and presence --------------------------------------------------------------------------


def test_typing_wears_off_by_itself(live, clock):
    live.typing(HERE, ADA)
    clock.at += TYPING_LASTS - SECOND
    assert live.glimpse(HERE).typing == (ADA,)
    clock.at += SECOND
    assert live.glimpse(HERE).typing == ()


def test_whoever_goes_on_typing_is_typing(live, clock):
    live.typing(HERE, ADA)
    clock.at += TYPING_LASTS - SECOND
    live.typing(HERE, ADA)
    clock.at += TYPING_LASTS - SECOND
    assert live.glimpse(HERE).typing == (ADA,)


def test_someone_is_present_as_long_as_any_of_their_views_is_open(live):
    with live.present(HERE, BROWSER):
        with live.present(HERE, BROWSER):
            assert live.glimpse(HERE).present == (BROWSER,)
        assert live.glimpse(HERE).present == (BROWSER,)
    assert live.glimpse(HERE).present == ()


# -- waiting --------------------------------------------------------------------------------------


async def test_whoever_is_behind_sees_the_newest_at_once(live):
    live.show(HERE, preview("one"))
    glimpse = await soon(live.changed(HERE, after=0))
    assert glimpse.previews == (preview("one"),)


async def test_whoever_is_up_to_date_waits_for_a_change_and_misses_what_lay_between(live):
    live.show(HERE, preview("1"))
    waiting = asyncio.create_task(live.changed(HERE, after=live.glimpse(HERE).revision))
    await asyncio.sleep(0)
    assert not waiting.done()
    for revision in range(2, 100):
        live.show(HERE, preview(str(revision), revision=revision))
    assert (await soon(waiting)).previews == (preview("99", revision=99),)


async def test_many_wait_and_all_are_woken(live):
    after = live.glimpse(HERE).revision
    waiting = [asyncio.create_task(live.changed(HERE, after=after)) for _ in range(50)]
    await asyncio.sleep(0)
    live.typing(HERE, BOB)
    glimpses = await soon(asyncio.gather(*waiting))
    assert {glimpse.typing for glimpse in glimpses} == {(BOB,)}


async def test_the_end_of_typing_is_a_change(live, clock):
    live.typing(HERE, ADA)
    seen = live.glimpse(HERE)
    clock.at += TYPING_LASTS
    glimpse = await soon(live.changed(HERE, after=seen.revision))
    assert glimpse.typing == ()
    assert glimpse.revision > seen.revision


async def test_whoever_waits_is_not_forgotten_however_many_sessions_there_are(live):
    """Boards on which nothing stands are dropped, but not from under those who look at them."""
    live.glimpse(HERE)
    live.typing(HERE, ADA)
    waiting = asyncio.create_task(live.changed(HERE, after=live.glimpse(HERE).revision))
    quiet = asyncio.create_task(live.changed(THERE, after=10**9))
    await asyncio.sleep(0)
    for number in range(2500):
        live.clear(SessionId(f"s_{number + 10}"), R1)
    live.show(HERE, preview("one"))
    assert (await soon(waiting)).previews == (preview("one"),)
    quiet.cancel()


async def test_a_waiter_on_a_bare_board_is_woken_too(live):
    live.show(HERE, preview("one"))
    live.clear(HERE, R1)
    waiting = asyncio.create_task(live.changed(HERE, after=live.glimpse(HERE).revision))
    await asyncio.sleep(0)
    for number in range(2500):
        live.clear(SessionId(f"s_{number + 10}"), R1)
    live.show(HERE, preview("two", revision=2))
    assert (await soon(waiting)).previews == (preview("two", revision=2),)


async def test_a_board_that_was_dropped_comes_back_with_a_higher_revision(live):
    """Else whoever saw the old one would wait for ever."""
    live.typing(HERE, ADA)
    live.show(HERE, preview("one"))
    live.clear(HERE, R1)
    seen = live.glimpse(HERE).revision
    live._boards.clear()
    live.show(HERE, preview("two"))
    assert live.glimpse(HERE).revision > seen
