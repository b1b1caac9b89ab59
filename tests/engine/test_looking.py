"""Who looks at a session is what their clients say, for a minute; what is not known is not so."""

from datetime import timedelta

from bridge.caches import stale
from bridge.domain.ids import ParticipantId, SessionId
from bridge.engine import looking
from bridge.engine.looking import LASTS, VIEWS, Looking
from tests.engine.rig import SetClock

HERE, ADA, BOB = SessionId("s_1"), ParticipantId("p_ada"), ParticipantId("p_bob")


def looked(*views, seen=0):
    clock = SetClock()
    here = Looking(clock)
    for view in views:
        here.note(HERE, ADA, view, visible=True, seen=seen)
    return here, clock


def test_nobody_looks_who_did_not_say_so():
    here, _ = looked("tab")
    assert here.looks(HERE, ADA)
    assert not here.looks(HERE, BOB)
    assert not here.looks(SessionId("s_2"), ADA)


def test_it_wears_off_unless_it_is_said_again():
    here, clock = looked("tab")
    clock.forward(LASTS.total_seconds() - 1)
    assert here.looks(HERE, ADA)
    here.note(HERE, ADA, "tab", visible=True, seen=0)
    clock.forward(2)
    assert here.looks(HERE, ADA)
    clock.forward(LASTS.total_seconds())
    assert not here.looks(HERE, ADA)


def test_who_hides_one_of_two_clients_looks_at_the_other():
    here, _ = looked("tab", "terminal")
    here.note(HERE, ADA, "tab", visible=False, seen=0)
    assert here.looks(HERE, ADA)
    here.note(HERE, ADA, "terminal", visible=False, seen=0)
    assert not here.looks(HERE, ADA)


def test_how_far_it_was_seen_only_grows_and_is_not_forgotten_when_the_client_is_gone():
    here, _ = looked("tab", seen=7)
    here.note(HERE, ADA, "terminal", visible=True, seen=3)
    assert here.seen(HERE, ADA) == 7
    here.note(HERE, ADA, "tab", visible=False, seen=9)
    assert here.seen(HERE, ADA) == 7, "what is not visible shows nothing"


def test_a_clock_that_is_set_back_does_not_let_anyone_look_for_longer():
    here, clock = looked("tab")
    clock.set_back(timedelta(hours=2))
    assert not here.looks(HERE, ADA)


def test_once_it_is_told_that_it_is_stale_it_knows_of_nobody():
    here, _ = looked("tab", seen=7)
    stale("looking")
    assert not here.looks(HERE, ADA)
    assert here.seen(HERE, ADA) == 0


def test_it_keeps_no_more_than_so_much(monkeypatch):
    monkeypatch.setattr(looking, "MOST", 3)
    here, _ = looked(*(f"tab{number}" for number in range(3 * VIEWS)))
    assert len(here._looks[HERE, ADA].until) <= VIEWS
    for number in range(10):
        here.note(HERE, ParticipantId(f"p_{number}"), "tab", visible=True, seen=0)
    assert here._size() <= 3
