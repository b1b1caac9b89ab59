"""How far the bridge is with what was asked: seen, working, done, failed, or told to stop."""

from datetime import timedelta

from bridge.domain.content import Content
from bridge.domain.events import (
    INTERRUPTED,
    SHUTDOWN,
    Event,
    MessageDeleted,
    MessageReceived,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
)
from bridge.session.fold import Session, evolve
from bridge.session.marks import ASKED_KEPT, OPEN_KEPT, is_open, status_in
from tests.playbook import ADA, AT, DM, HERE, ROOM


def said(*, addressed=True, **more):
    return MessageReceived(
        participant=ADA, conversation=DM, content=Content(text="hi"), addressed=addressed, **more
    )


def started(upto, agent="echo"):
    return RunStarted(run="r", agent=agent, upto=upto, node="n")


def ended(outcome, upto, **more):
    return RunFinished(run="r", outcome=outcome, upto=upto, **more)


def after(*bodies):
    session = Session(id=HERE)
    for number, body in enumerate(bodies, 1):
        at = AT + timedelta(seconds=number)
        session = evolve(session, Event(session=HERE, seq=number, at=at, body=body))
    return session


def marks(*bodies):
    return {each.seq: each.mark for each in after(*bodies).asked}


def test_what_is_asked_is_seen_then_worked_on_then_done():
    assert marks(said()) == {1: "seen"}
    assert marks(said(), started(1)) == {1: "working"}
    assert marks(said(), started(1), ended("completed", 1)) == {1: "done"}
    assert marks(said(), started(1), ended("silent", 1)) == {1: "done"}


def test_what_is_only_overheard_or_was_said_before_a_restore_is_not_marked():
    assert marks(said(addressed=False), said(before_restore=True)) == {}


def test_what_came_while_the_agent_worked_is_done_with_the_run_that_read_it():
    assert marks(said(), started(1), said()) == {1: "working", 3: "seen"}
    assert marks(said(), started(1), said(), ended("completed", 3)) == {1: "done", 3: "done"}
    assert marks(said(), started(1), said(), ended("completed", 1)) == {1: "done", 3: "seen"}


def test_a_question_leaves_it_worked_on_until_the_run_after_the_answer_ends():
    asked = QuestionAsked(question="q", run="r", kind="open", text="?")
    paused = (said(), started(1), asked, ended("paused", 1))
    assert marks(*paused) == {1: "working"}
    answered = (*paused, QuestionClosed(question="q", asked=3, outcome="answered", by=ADA))
    assert marks(*answered, started(5)) == {1: "working"}
    assert marks(*answered, started(5), ended("completed", 5)) == {1: "done"}


def test_what_is_stopped_has_no_mark_and_what_is_interrupted_goes_on():
    assert marks(said(), started(1), ended("cancelled", 1, by=ADA)) == {1: "none"}
    assert marks(said(), started(1, agent=""), ended("cancelled", 2, by=ADA)) == {1: "none"}
    interrupted = ended("cancelled", 0, by=ADA, reason=INTERRUPTED)
    assert marks(said(), started(1), said(), interrupted) == {1: "working", 3: "seen"}


def test_a_question_that_is_taken_back_ends_what_waited_for_it():
    asked = QuestionAsked(question="q", run="r", kind="open", text="?")
    withdrawn = QuestionClosed(question="q", asked=3, outcome="withdrawn")
    assert marks(said(), started(1), asked, ended("paused", 1), withdrawn) == {1: "none"}


def test_a_failure_changes_nothing_until_it_is_given_up():
    assert marks(said(), started(1), ended("failed", 0)) == {1: "working"}
    assert marks(said(), started(1), ended("abandoned", 0, reason=SHUTDOWN)) == {1: "working"}
    assert marks(said(), started(1), ended("failed", 1)) == {1: "failed"}
    assert marks(said(), started(1), ended("abandoned", 1)) == {1: "failed"}


def test_what_is_asked_once_more_is_seen_again():
    given_up = (said(), started(1), ended("failed", 1))
    assert marks(*given_up, said(again=1)) == {1: "seen", 4: "seen"}
    again = (*given_up, said(again=1), started(4), ended("completed", 4))
    assert marks(*again) == {1: "done", 4: "done"}


def test_what_is_taken_back_is_forgotten():
    assert marks(said(), MessageDeleted(participant=ADA, target=1)) == {}


def test_a_mark_says_since_when_and_from_where():
    (asked,) = after(said(), started(1)).asked
    assert (asked.at, asked.place) == (AT + timedelta(seconds=2), DM)
    assert is_open(asked)
    (done,) = after(said(), started(1), ended("completed", 1)).asked
    assert not is_open(done)


def test_of_what_is_done_with_only_the_newest_are_kept():
    asked = [said() for _ in range(ASKED_KEPT + 5)]
    done = after(*asked, started(len(asked)), ended("completed", len(asked)), said(), said()).asked
    assert [each.seq for each in done] == [*range(8, len(asked) + 1), 28, 29]


def test_whoever_waits_is_not_forgotten_for_others_who_came_since():
    """Each has a mark that says so, and that is to come off."""
    waiting = [said() for _ in range(ASKED_KEPT + 5)]
    assert len(after(*waiting).asked) == len(waiting)
    many = after(*(said() for _ in range(OPEN_KEPT + 5))).asked
    assert [each.seq for each in many] == list(range(6, OPEN_KEPT + 6)), "but there is an end"


def test_a_place_says_that_the_agent_works_until_people_are_waited_for():
    asked = QuestionAsked(question="q", run="r", kind="open", text="?")
    assert status_in(after(), DM) == "idle"
    assert status_in(after(said(), started(1)), DM) == "working"
    assert status_in(after(said(), started(1)), ROOM) == "idle"
    assert status_in(after(said(), started(1), asked), DM) == "waiting"
    paused = (said(), started(1), asked, ended("paused", 1))
    assert status_in(after(*paused), DM) == "waiting"
