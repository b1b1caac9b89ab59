"""Taking back the last exchange: whole, the newest first, and only where nothing goes on."""

from datetime import timedelta

import pytest

from bridge import session_texts, texts
from bridge.domain.commands import Undo
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    ParticipantJoined,
    ParticipantMerged,
    QuestionAsked,
    RunFinished,
    RunStarted,
    Source,
    Triggered,
)
from bridge.session.decide import decide
from bridge.session.fold import EXCHANGES_KEPT, Session, evolve
from tests.playbook import ADA, AT, BOB, DM, EVE, HERE

OWNER = ParticipantJoined(participant=ADA, role="owner")
MEMBER = ParticipantJoined(participant=BOB, role="member")


def said(by=ADA, *, addressed=True):
    return MessageReceived(
        participant=by, conversation=DM, content=Content(text="hi"), addressed=addressed
    )


def started(upto):
    return RunStarted(run="r", agent="echo", upto=upto, node="n")


def ended(upto, outcome="completed"):
    return RunFinished(run="r", outcome=outcome, upto=upto)


def after(*bodies):
    session = Session(id=HERE)
    for number, body in enumerate(bodies, 1):
        at = AT + timedelta(seconds=number)
        session = evolve(session, Event(session=HERE, seq=number, at=at, body=body))
    return session


def undo(session, by=ADA):
    return [each.body for each in decide(session, Undo(by=by, own=by == BOB), now=AT)]


def refused(session, by=ADA):
    with pytest.raises(Refused) as raised:
        undo(session, by)
    return str(raised.value)


def exchange(at, by=ADA):
    """An exchange that begins at an event."""
    return (said(by), started(at), ended(at))


def test_the_last_exchange_is_undone_with_all_of_its_runs():
    session = after(OWNER, *exchange(2), *exchange(5))
    assert undo(session) == [ExchangeUndone(first=5, upto=7, by=ADA)]


def test_undone_twice_the_one_before_goes_too_and_then_there_is_nothing():
    bodies = (OWNER, *exchange(2), *exchange(5))
    once = (*bodies, *undo(after(*bodies)))
    assert undo(after(*once)) == [ExchangeUndone(first=2, upto=7, by=ADA)]
    twice = (*once, *undo(after(*once)))
    assert refused(after(*twice)) == session_texts.NOTHING_TO_UNDO
    assert refused(after(OWNER)) == session_texts.NOTHING_TO_UNDO


def test_what_came_while_the_agent_worked_and_its_questions_are_of_the_same_exchange():
    asked = QuestionAsked(question="q", run="r", kind="open", text="?")
    going_on = (OWNER, said(), started(2), said(), asked, ended(2, "paused"))
    assert refused(after(*going_on)) == session_texts.UNDO_AT_REST
    (whole,) = after(*going_on).exchanges
    assert (whole.first, whole.by) == (2, ADA)


def test_what_is_summed_up_is_not_undone():
    session = after(OWNER, *exchange(2), HistoryCompacted(upto=4, summary="hi"))
    assert refused(session) == session_texts.UNDO_SUMMED_UP


def test_what_was_noted_in_it_is_forgotten_too():
    kept = NoteKept(note="n_2", text="x")
    session = after(OWNER, NoteKept(note="n_1", text="y"), said(), started(3), kept, ended(3))
    assert undo(session) == [
        ExchangeUndone(first=3, upto=6, by=ADA),
        NoteRemoved(note="n_2"),
    ]


def test_a_member_undoes_their_own_and_an_owner_everyones():
    people = (OWNER, MEMBER)
    assert undo(after(*people, *exchange(3, BOB)), BOB)
    assert undo(after(*people, *exchange(3, BOB)), ADA)
    assert refused(after(*people, *exchange(3, ADA)), BOB) == texts.OWNERS_ONLY
    both = after(*people, said(BOB), said(ADA), started(4), ended(4))
    assert refused(both, BOB) == texts.OWNERS_ONLY


def test_what_no_person_asked_is_an_exchange_of_nobodys():
    asked = Triggered(source=Source(kind="schedule"), prompt="?")
    (whole,) = after(OWNER, asked).exchanges
    assert whole.by is None


def test_what_is_only_overheard_begins_none_and_only_the_newest_are_kept():
    assert after(OWNER, said(addressed=False)).exchanges == ()
    many = [body for number in range(EXCHANGES_KEPT + 3) for body in exchange(2 + 3 * number)]
    assert len(after(OWNER, *many).exchanges) == EXCHANGES_KEPT


def test_what_was_given_up_and_undone_is_not_asked_once_more():
    failed = (said(), started(2), ended(2, "failed"))
    before = after(OWNER, *failed)
    assert before.given_up == (2,)
    assert after(OWNER, *failed, *undo(before)).given_up == ()


def test_whoever_became_somebody_undoes_what_they_had_asked_before():
    merged = ParticipantMerged(participant=EVE, into=BOB)
    others = ParticipantJoined(participant=EVE, role="member")
    session = after(OWNER, MEMBER, others, *exchange(4, EVE), merged)
    assert undo(session, BOB) == [ExchangeUndone(first=4, upto=6, by=BOB)]
