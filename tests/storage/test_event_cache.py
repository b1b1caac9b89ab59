"""The tails of sessions in use: what was just committed is read without asking the database."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.events import Event
from bridge.domain.ids import SessionId
from storage.sql import caches as module
from storage.sql.caches import EventCache
from tests.stores import AT, S1, S2, said


def events(first: int, last: int, session: SessionId = S1) -> tuple[Event, ...]:
    body = said("x").body
    return tuple(
        Event(session=session, seq=seq, at=AT, body=body) for seq in range(first, last + 1)
    )


def read(tails: EventCache, after: int, limit: int = 100) -> list[int] | None:
    found = tails.read(S1, after=after, limit=limit)
    return None if found is None else [event.seq for event in found]


def test_of_a_session_never_seen_nothing_is_known():
    tails = EventCache()
    assert tails.head(S1) is None
    assert read(tails, 0) is None


def test_what_was_committed_is_read_back():
    tails = EventCache()
    tails.add(events(1, 3), weight=3)
    tails.add(events(4, 4), weight=1)
    assert tails.head(S1) == 4
    assert read(tails, 0) == [1, 2, 3, 4]
    assert read(tails, 1, limit=2) == [2, 3]
    assert read(tails, 4) == []
    assert read(tails, 99) == []


def test_what_came_before_is_left_to_the_database():
    tails = EventCache()
    tails.add(events(5, 6), weight=2)
    assert read(tails, 3) is None
    assert read(tails, 4) == [5, 6]


def test_a_head_that_was_read_late_does_not_hide_what_was_committed_meanwhile():
    tails = EventCache()
    tails.add(events(8, 9), weight=2)
    assert tails.learn(S1, 7) == 9
    assert tails.learn(S2, 7) == 7
    assert tails.read(S2, after=7, limit=1) == []
    assert tails.read(S2, after=6, limit=1) is None


def test_a_long_tail_loses_its_beginning(monkeypatch):
    monkeypatch.setattr(module, "_EVENTS", 10)
    tails = EventCache()
    for seq in range(1, 31):
        tails.add(events(seq, seq), weight=1)
    assert read(tails, 19) is None
    assert read(tails, 20) == list(range(21, 31))


def test_the_session_longest_unused_makes_room(monkeypatch):
    monkeypatch.setattr(module, "_WEIGHT", 100)
    tails = EventCache()
    tails.add(events(1, 1, S2), weight=60)
    tails.add(events(1, 1, S1), weight=60)
    assert tails.read(S2, after=0, limit=1) is None
    assert tails.head(S2) == 1
    assert read(tails, 0) == [1]


def test_what_is_too_heavy_is_not_kept_at_all(monkeypatch):
    monkeypatch.setattr(module, "_WEIGHT", 100)
    tails = EventCache()
    tails.add(events(1, 1), weight=1000)
    assert read(tails, 0) is None
    tails.add(events(2, 2), weight=10)
    assert read(tails, 1) == [2]
    assert read(tails, 0) is None


@given(
    st.lists(st.tuples(st.sampled_from([S1, S2]), st.integers(1, 5), st.integers(0, 60))),
    st.integers(0, 80),
    st.integers(1, 10),
)
def test_what_is_answered_is_always_right(commits, after, limit):
    tails, heads = EventCache(), {S1: 0, S2: 0}
    before = module._WEIGHT, module._EVENTS
    module._WEIGHT, module._EVENTS = 100, 8
    try:
        for session, count, weight in commits:
            tails.add(events(heads[session] + 1, heads[session] + count, session), weight=weight)
            heads[session] += count
    finally:
        module._WEIGHT, module._EVENTS = before
    found = read(tails, after, limit)
    if found is not None:
        assert found == list(range(after + 1, heads[S1] + 1))[:limit]
