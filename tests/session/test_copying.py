"""What the log of a copy says: all of the other's, and that nothing of it goes on here."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.commands import Archive, Change, Join, Link, Record, SetSchedule
from bridge.domain.events import (
    Every,
    MessageReceived,
    NoteKept,
    ParticipantJoined,
    QuestionAsked,
    QuestionClosed,
    SessionForked,
)
from bridge.domain.ids import NoteId, ScheduleId, SessionId
from bridge.domain.run_output import Delegating
from bridge.session import visible
from bridge.session.copying import brought, copied, shown
from bridge.session.fold import Idle, Session, fold, next_step
from bridge.session.forgetting import GONE
from tests.playbook import (
    ADA,
    AT,
    BOB,
    DM,
    EVE,
    HERE,
    Q1,
    R1,
    ROOM,
    Playbook,
    end,
    say,
    seconds,
    start,
    with_ada,
)
from tests.session.test_decide_properties import ANYTHING, assert_runs_are_whole

COPY = SessionId("s_copy")
LATER = AT + timedelta(days=1)


def copy_of(play: Playbook, by=ADA, upto=None, **more):
    log = play.events[: play.head if upto is None else upto]
    return copied(log, into=COPY, by=by, at=LATER, **more)


def folded(events) -> Session:
    return fold(Session(id=COPY), events)


def daily(name: str, by) -> SetSchedule:
    rule = Every(seconds=86_400, start=AT + seconds(60))
    return SetSchedule(schedule=ScheduleId(name), rule=rule, action="ask", text="tea", by=by)


@settings(max_examples=60)
@given(st.lists(ANYTHING, max_size=25), st.data())
def test_whatever_went_on_a_copy_has_all_of_it_and_is_at_rest(commands, data):
    """Up to anywhere: in the middle of a run, before an answer, after somebody left."""
    play = with_ada(Join(participant=BOB, role="member"), *commands)
    upto = data.draw(st.integers(0, play.head))
    by = data.draw(st.sampled_from([ADA, BOB, EVE]))
    events = copy_of(play, by, upto)
    assert [each.seq for each in events] == list(range(1, len(events) + 1))
    assert {each.session for each in events} == {COPY}
    for mine, other in zip(events, play.events[:upto], strict=False):
        assert (mine.body, mine.at, mine.key) == (other.body, other.at, other.key)
    assert_runs_are_whole([each.body for each in events])
    session = folded(events)
    assert next_step(session, now=LATER) == Idle()
    assert (session.open_run, session.questions, session.unread) == (None, {}, ())
    assert session.participants == {by: "owner"}
    assert (session.conversations, session.background, session.used.runs) == ({}, {}, 0)


def test_no_place_follows_a_copy_and_only_ones_own_schedules_wait_there_paused():
    play = with_ada(
        Join(participant=BOB, role="member"),
        Link(conversation=DM, by=ADA),
        Link(conversation=ROOM, by=BOB),
        daily("mine", ADA),
        daily("his", BOB),
    )
    session = folded(copy_of(play))
    assert session.conversations == {}
    (mine,) = session.schedules.values()
    assert (mine.schedule, mine.paused, mine.first) == ("mine", True, None)
    assert len(play.session.schedules) == 2


def test_what_works_in_the_background_works_for_the_other_alone():
    play = with_ada(say("go"), start(R1))
    play >> Record(run=R1, said=Delegating(work="w", task="Dig."))
    assert play.session.background
    session = folded(copy_of(play))
    assert not session.background
    assert not session.open_run


def test_a_copy_is_called_as_the_other():
    play = with_ada(Change(scope="session", name="title", value="Taxes", by=ADA), say("hi"))
    assert folded(copy_of(play)).title == "Taxes"


def test_a_session_that_was_archived_goes_on_in_its_copy():
    play = with_ada(say("hi"), Archive(by=ADA))
    assert play.session.archived
    assert not folded(copy_of(play)).archived


def test_what_others_allowed_is_not_allowed_in_a_copy():
    play = with_ada(Join(participant=BOB, role="owner"))
    for name, by in (("may:model", BOB), ("may:agent", ADA)):
        play >> Change(scope="session", name=name, value="members", by=by)
    kept = folded(copy_of(play)).settings
    assert [each for each in kept if "may:" in each] == ["session::may:agent"]


def test_whoever_came_later_copies_no_word_of_what_they_may_not_read():
    play = with_ada(say("secret one"), start(R1))
    play >> NoteKept(note=NoteId("n"), text="secret note") >> end(R1, "secret two")
    play >> ParticipantJoined(participant=BOB, role="viewer", earlier=False) >> say("hello Bob")
    hidden = visible.hidden_upto(play.session, BOB)
    events = copy_of(play, BOB, hidden=hidden)
    assert "secret" not in repr(events)
    said = [each.body.content.text for each in events if isinstance(each.body, MessageReceived)]
    assert said == [GONE, "hello Bob"]
    assert folded(events).participants == {BOB: "owner"}


def test_a_copy_of_a_copy_is_a_copy_and_says_of_which():
    play = with_ada(say("hi"))
    first = copy_of(play)
    second = copied(first, into=SessionId("s_3"), by=ADA, at=LATER)
    forks = [each.body for each in second if isinstance(each.body, SessionForked)]
    assert [each.parent for each in forks] == [HERE, COPY]
    assert forks[-1].upto == len(second) - 1


def test_a_copy_of_nothing_is_a_session_of_ones_own():
    session = folded(copied([], into=COPY, by=ADA, at=LATER))
    assert session.participants == {ADA: "owner"}


def test_a_question_of_before_is_closed_there_without_what_was_answered():
    asked = QuestionAsked(question=Q1, run=R1, kind="open", text="Where to?")
    closed = QuestionClosed(question=Q1, asked=3, outcome="answered", answer="To Kyiv", by=ADA)
    play = with_ada(say("hi"), asked, closed)
    kept = [each.body for each in shown(play.events, play.head)]
    assert "Kyiv" not in repr(kept)
    assert [each.body for each in shown(play.events, 0)] == [each.body for each in play.events]


def test_what_is_brought_here_at_rest_is_as_it_was():
    play = with_ada(Archive(by=ADA))
    assert brought([], at=LATER) == []
    assert brought(play.events, at=LATER) == list(play.events)


def test_what_went_on_elsewhere_has_ended_here_and_stays_archived():
    play = with_ada(say("go"), start(R1))
    play >> Record(run=R1, said=Delegating(work="w", task="Dig."))
    events = brought(play.events, at=LATER)
    assert events[: play.head] == list(play.events)
    session = fold(Session(id=HERE), events)
    assert (session.open_run, dict(session.background), session.archived) == (None, {}, False)
    archived = fold(Session(id=HERE), brought((play >> Archive(by=ADA)).events, at=LATER))
    assert archived.archived
