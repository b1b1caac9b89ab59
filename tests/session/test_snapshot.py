"""A fold is kept as text and read again as it was; anything else is ignored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.events import Event
from bridge.session.fold import Session, fold
from bridge.session.snapshot import SHAPE, freeze, thaw
from tests.playbook import HERE
from tests.strategies import TIMES, bodies

LOGS = st.lists(st.tuples(bodies(), TIMES), max_size=15)


@given(LOGS, LOGS)
def test_going_on_from_a_snapshot_is_going_on_from_the_fold(before, after):
    events = [
        Event(session=HERE, seq=seq, at=at, body=body)
        for seq, (body, at) in enumerate([*before, *after], start=1)
    ]
    session = fold(Session(id=HERE), events[: len(before)])
    thawed = thaw(freeze(session))
    assert thawed == session
    assert fold(thawed, events[len(before) :]) == fold(session, events[len(before) :])


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", "not json", '[1, {"head": 3}]', f"[{SHAPE}, []]"]
)
def test_what_is_no_snapshot_is_ignored(text):
    assert thaw(text) is None


@pytest.mark.parametrize("shape", [SHAPE - 1, SHAPE + 1])
def test_a_snapshot_of_another_shape_is_folded_anew(shape):
    _, body = json.loads(freeze(Session(id=HERE)))
    assert thaw(json.dumps([SHAPE, body])) == Session(id=HERE)
    assert thaw(json.dumps([shape, body])) is None
