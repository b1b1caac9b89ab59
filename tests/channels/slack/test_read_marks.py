"""Which rooms and threads are read back, and that what older versions kept is understood."""

from datetime import timedelta

import pytest

from bridge.domain.errors import StoreUnavailable
from bridge.engine.inbound.read_marks import KeptMarks
from channels.slack import limits
from channels.slack.conversation_ids import position, spot, ts_of
from channels.slack.read_marks import MARKING, Sources
from tests.channels.slack.rig import MemoryFacts, QuickClock

NOW = QuickClock().now()
ONE, TWO, THREE = (ts_of(NOW - timedelta(hours=hours)) for hours in (3, 2, 1))
ROOM, THREAD = spot("C1"), spot(f"C1/{ONE}")


def known(facts: MemoryFacts) -> tuple[Sources, KeptMarks]:
    marks = KeptMarks(facts, MARKING)
    return Sources(marks, QuickClock()), marks


async def kept(**marks: str) -> tuple[Sources, KeptMarks, MemoryFacts]:
    """Return what is known where these marks were kept: by `room`, or by `room/thread`."""
    facts = MemoryFacts()
    facts.kept = {f"seen/{source}": ts for source, ts in marks.items()}
    sources, kept = known(facts)
    await sources.load()
    return sources, kept, facts


async def test_what_older_versions_kept_is_understood_and_kept_in_the_same_form():
    sources, marks, facts = await kept(**{"C1": TWO, f"C1/{ONE}": ONE})
    assert sources.since(ROOM) == position(TWO)
    assert sources.takes_part(THREAD)
    for there in (ROOM, THREAD):
        mark = sources.mark(there, position(THREE))
        assert mark is not None
        marks.moved(mark)
    await marks.save()
    assert facts.kept == {"seen/C1": THREE, f"seen/C1/{ONE}": THREE}


async def test_a_thread_is_taken_part_in_once_it_was_begun_and_not_for_what_is_overheard(facts):
    sources, _ = known(facts)
    assert sources.mark(THREAD, position(TWO)) is None
    assert not sources.takes_part(THREAD)
    sources.begin(THREAD, position(TWO))
    sources.begin(THREAD, position(THREE))
    assert sources.takes_part(THREAD)
    assert sources.since(THREAD) == position(TWO)
    assert not sources.takes_part(ROOM)


async def test_speaking_before_what_was_kept_is_read_skips_nothing():
    facts = MemoryFacts()
    facts.kept = {"seen/C1": ONE}
    sources, _ = known(facts)
    sources.begin(ROOM, position(THREE))
    await sources.load()
    assert sources.since(ROOM) == position(ONE)


async def test_an_old_thread_is_forgotten_and_an_old_room_is_not():
    old = ts_of(NOW - limits.REMEMBER_THREADS - timedelta(days=1))
    sources, marks, facts = await kept(**{"C1": old, f"C1/{old}": old, f"C2/{old}": old})
    assert sources.anew() == ["C1"]
    await marks.save()
    assert facts.kept == {"seen/C1": old}


async def test_rooms_are_read_those_heard_of_last_first():
    sources, _, _ = await kept(**{"C1": ONE, "C2": THREE, f"C3/{ONE}": TWO, "D1": ONE})
    assert sources.anew()[:2] == ["C2", "C3"]


async def test_only_the_threads_heard_of_lately_and_last_are_read(monkeypatch):
    monkeypatch.setattr("channels.slack.read_marks.MOST_THREADS", 2)
    long_ago = ts_of(NOW - limits.CATCH_UP - timedelta(days=1))
    marks = {f"C1/{ONE}": ONE, f"C1/{TWO}": TWO, f"C2/{THREE}": THREE, f"C1/{long_ago}": long_ago}
    sources, _, _ = await kept(**marks)
    sources.anew()
    assert sources.threads("C1") == {TWO: position(TWO)}
    assert sources.threads("C2") == {THREE: position(THREE)}
    sources.mark(spot(f"C1/{long_ago}"), position(THREE))
    assert long_ago in sources.threads("C1"), "somebody writes there again"


async def test_no_number_of_mentions_crowds_a_thread_out_that_the_bot_posted_in(monkeypatch):
    """Anybody may mention it in as many threads as they like, strangers too."""
    monkeypatch.setattr("channels.slack.read_marks.MOST_THREADS", 2)
    marks = {f"C2/{TWO}": TWO, f"C2/{THREE}": THREE}
    sources, kept_marks, facts = await kept(**marks)
    sources.posted(THREAD, position(ONE))
    sources.anew()
    assert sources.threads("C1") == {ONE: position(ONE)}
    assert sources.threads("C2") == {THREE: position(THREE)}
    assert sources.crowded == ["C2"]
    await kept_marks.save()
    again, _ = known(facts)
    await again.load()
    again.anew()
    assert ONE in again.threads("C1"), "after a restart too"
    again.forget(THREAD)
    assert not again.takes_part(THREAD)


async def test_nothing_is_read_from_longer_ago_than_two_weeks():
    long_ago = ts_of(NOW - limits.CATCH_UP - timedelta(days=1))
    sources, _, _ = await kept(C1=long_ago)
    since = sources.since(ROOM)
    assert since is not None
    assert since > position(long_ago)


@pytest.mark.parametrize(
    ("gone", "left"),
    [("C1", {"C12"}), (f"C1/{ONE}", {"C1", f"C1/{TWO}", "C12"})],
    ids=["a room", "a thread"],
)
async def test_a_room_is_forgotten_with_its_threads_and_a_thread_by_itself(gone, left):
    sources, marks, facts = await kept(
        **dict.fromkeys(("C1", f"C1/{ONE}", f"C1/{TWO}", "C12"), TWO)
    )
    sources.anew()
    sources.forget(spot(gone))
    await marks.save()
    assert {*facts.kept} == {f"seen/{each}" for each in left}
    assert ONE not in sources.threads("C1")


async def test_what_was_begun_is_kept_again_until_the_store_takes_it(facts, monkeypatch):
    """Nothing is handed in before: a place whose first mark is lost is not read back."""

    async def refused(key: str, value: str) -> None:
        raise StoreUnavailable

    sources, _ = known(facts)
    sources.begin(ROOM, position(ONE))
    with monkeypatch.context() as away:
        away.setattr(facts, "put", refused)
        for _again in range(2):
            with pytest.raises(StoreUnavailable):
                await sources.keep_new()
    await sources.keep_new()
    assert facts.kept == {"seen/C1": ONE}
    await sources.keep_new()
    assert facts.writes == 1
