"""What comes as one is asked as one: whoever most likely goes on is waited for, for a moment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.content import Content
from bridge.domain.events import Event, MessageReceived, Source, Triggered
from bridge.session.fold import GOES_ON, LONGEST_WAIT, Begin, Idle, Session, evolve, next_step
from tests.playbook import ADA, AT, BOB, DM, HERE


def piece(by=ADA, *, more=True, addressed=True):
    content = Content(text="x" * 4096)
    return MessageReceived(
        participant=by, conversation=DM, content=content, more=more, addressed=addressed
    )


def after(*pieces):
    """The session after bodies that came at these seconds."""
    session = Session(id=HERE)
    for seconds, body in pieces:
        at = AT + timedelta(seconds=seconds)
        event = Event(session=HERE, seq=session.head + 1, at=at, body=body)
        session = evolve(session, event)
    return session


def step(session, seconds):
    return next_step(session, now=AT + timedelta(seconds=seconds))


def test_after_a_piece_that_goes_on_the_run_waits_for_the_next():
    session = after((0, piece()))
    assert step(session, 0) == Idle(until=AT + GOES_ON)
    assert step(session, 1.5) == Begin()


def test_the_last_piece_ends_the_waiting_at_once():
    assert step(after((0, piece()), (0.4, piece(more=False))), 0.4) == Begin()


def test_each_picture_is_waited_for_from_the_last_one_on():
    session = after((0, piece()), (1, piece()), (2, piece()))
    assert step(session, 2) == Idle(until=AT + timedelta(seconds=2) + GOES_ON)


def test_nobody_is_waited_for_without_end():
    session = after(*((number, piece()) for number in range(30)))
    assert step(session, 29) == Begin()
    early = after(*((number, piece()) for number in range(10)))
    assert step(early, 9) == Idle(until=AT + LONGEST_WAIT)


@pytest.mark.parametrize("after_it", [piece(BOB, more=False), piece(more=False)])
def test_an_ordinary_message_is_never_waited_with(after_it):
    assert step(after((0, after_it)), 0) == Begin()
    assert step(after((0, piece()), (0.1, after_it)), 0.1) == Begin()


def test_what_is_only_overheard_goes_on_with_what_was_addressed_and_begins_nothing():
    """In a group, the second half of a pasted text mentions nobody."""
    assert step(after((0, piece()), (0.2, piece(addressed=False, more=False))), 0.2) == Begin()
    on = after((0, piece()), (1, piece(addressed=False)))
    assert step(on, 1) == Idle(until=AT + timedelta(seconds=1) + GOES_ON)
    assert after((0, piece(addressed=False))).unfinished is None


def test_a_clock_that_was_set_back_keeps_nobody_waiting():
    session = after((3600, piece()))
    assert step(session, 0) == Begin()


def test_what_comes_later_begins_anew():
    late = after((0, piece()), (60, piece()))
    assert late.unfinished.since == AT + timedelta(seconds=60)
    trigger = after((0, piece()), (60, Triggered(source=Source(kind="api"), prompt="go")))
    assert step(trigger, 60) == Begin()
    assert replace(trigger, unfinished=None).wanted == trigger.wanted
