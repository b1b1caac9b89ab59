"""What is owed between a session and what works in its background, and what a log knows of it."""

from datetime import timedelta

import pytest

from bridge.domain.commands import Change
from bridge.domain.content import Attachment, Content
from bridge.domain.events import (
    BackgroundBegun,
    BackgroundStarted,
    BackgroundStopped,
    Event,
    MessageComposed,
    MessageReceived,
    ParticipantMerged,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    SessionArchived,
    Source,
    ToolCalled,
    ToolReturned,
    Triggered,
    Usage,
)
from bridge.domain.ids import CallId, MediaId, QuestionId, RunId, SessionId
from bridge.domain.usage import Used
from bridge.session import background
from bridge.session.background import (
    AskThere,
    Begin,
    CloseHere,
    End,
    Reading,
    Report,
    asked_as,
    child_of,
    owed,
)
from bridge.session.state import Session
from tests.playbook import ADA, AT, BOB, DM, HERE, R1, Playbook, with_ada

CHILD = child_of(HERE, "w")
OTHER = child_of(HERE, "x")
STARTED = BackgroundStarted(child=CHILD, task="Do it.", agent="echo", work="w", by=ADA)
TASK = Triggered(source=Source(kind="background", name=HERE), prompt="Do it.", by=ADA)
REPORTED = Triggered(source=Source(kind="background", name=CHILD), prompt="Done.", by=ADA)
ASKED = QuestionAsked(question=QuestionId("q"), run=R1, kind="open", text="Which?")


def child(*given) -> Session:
    return Playbook(BackgroundBegun(parent=HERE), TASK, *given).session


def ran(*said, outcome="completed") -> list:
    """Return a whole run that reads all there was."""
    return [
        RunStarted(run=R1, agent="echo", upto=2, node="n"),
        *said,
        RunFinished(run=R1, outcome=outcome, upto=2),
    ]


def there(seq: int, **how) -> QuestionAsked:
    return QuestionAsked(
        question=asked_as(CHILD, seq),
        run=RunId("x"),
        kind="open",
        text="Which?",
        background=CHILD,
        **how,
    )


def test_a_child_has_an_id_of_its_parent_and_its_work():
    assert child_of(HERE, "w") == CHILD != OTHER
    assert child_of(SessionId("s_2"), "w") != CHILD


def test_what_began_is_begun_until_it_is():
    parent = with_ada(STARTED).session
    assert owed(parent, CHILD, None) == [Begin()]
    assert owed(parent, CHILD, Session(id=CHILD)) == [Begin()], "it was made, and told nothing"
    assert owed(parent, CHILD, child()) == [], "it works"


def test_what_it_asks_is_asked_there_and_closed_here():
    parent, works = with_ada(STARTED), child(*ran(ASKED, outcome="paused"))
    assert owed(parent.session, CHILD, works) == [AskThere(4)]
    parent >> there(4)
    assert owed(parent.session, CHILD, works) == [], "it waits for people"
    closed = QuestionClosed(question=asked_as(CHILD, 4), asked=parent.head, outcome="answered")
    parent >> closed
    assert owed(parent.session, CHILD, works) == [CloseHere(QuestionId("q"), parent.head)]
    assert parent.session.wanted == 0, "its end calls for no agent here"


def test_at_rest_it_reports_once_and_is_ended():
    parent, works = with_ada(STARTED), child(*ran())
    assert owed(parent.session, CHILD, works) == [Report()]
    parent >> REPORTED
    assert parent.session.wanted == parent.head
    assert parent.session.asker == ADA
    assert owed(parent.session, CHILD, works) == [End()]
    archived = child(*ran(), SessionArchived())
    assert owed(parent.session, CHILD, archived) == []


def test_what_is_over_is_only_ended_whatever_it_asks():
    parent = with_ada(STARTED, BackgroundStopped(children=(CHILD,), by=ADA)).session
    assert owed(parent, CHILD, child(*ran(ASKED, outcome="paused"))) == [End()]
    assert owed(parent, CHILD, None) == []
    assert owed(parent, CHILD, Session(id=CHILD)) == []
    assert owed(with_ada().session, CHILD, child()) == [End()], "nobody knows it any more"


def test_what_was_archived_reports_what_it_has():
    parent = with_ada(STARTED).session
    assert owed(parent, CHILD, child(SessionArchived())) == [Report()]


def test_what_is_over_stays_over_and_only_the_last_is_remembered(monkeypatch):
    monkeypatch.setattr(background, "OVER_KEPT", 1)
    other = BackgroundStarted(child=OTHER, task="x")
    stopped = BackgroundStopped(children=(CHILD, OTHER, SessionId("bg_unknown")))
    play = with_ada(STARTED, other) >> REPORTED
    at = play.head
    play >> stopped
    assert list(play.session.background) == [OTHER]
    assert play.session.background[OTHER].stopped
    play = with_ada(STARTED) >> REPORTED >> BackgroundStopped(children=(CHILD,))
    work = play.session.background[CHILD]
    assert (work.over, work.stopped) == (at - 1, False)


def test_other_triggers_report_nothing():
    play = with_ada(STARTED) >> Triggered(source=Source(kind="api", name=CHILD), prompt="x")
    assert background.running(play.session) == (CHILD,)


def test_a_question_of_a_child_that_is_over_is_not_counted():
    play = with_ada(STARTED) >> REPORTED >> there(4)
    assert not play.session.background[CHILD].questions


def test_of_what_it_asked_only_the_last_closed_are_remembered(monkeypatch):
    monkeypatch.setattr(background, "CLOSED_KEPT", 1)
    play = with_ada(STARTED)
    for seq in (4, 6, 8):
        play >> there(seq)
        if seq != 8:
            asked = asked_as(CHILD, seq)
            play >> QuestionClosed(question=asked, asked=play.head, outcome="answered")
    questions = play.session.background[CHILD].questions
    assert questions == {asked_as(CHILD, 6): 6, asked_as(CHILD, 8): 0}


def test_two_who_are_one_have_the_work_of_both():
    play = with_ada(STARTED) >> ParticipantMerged(participant=ADA, into=BOB)
    assert play.session.background[CHILD].by == BOB


def test_people_call_it_by_the_beginning_of_its_id():
    ids = [SessionId("bg_abcdef01"), SessionId("bg_abcd9999")]
    play = with_ada(*(BackgroundStarted(child=each, task="x") for each in ids))
    assert dict(background.called(play.session)) == {"ABCD": ids[0], "ABCD9": ids[1]}
    assert background.meant(play.session, " abcd9 ") == ids[1]
    assert background.meant(play.session, ids[0]) == ids[0]
    assert background.meant(play.session, "abc") is None


def test_its_agent_is_shown_the_people_and_the_grants_of_the_parent():
    always = Change(scope="session", of="echo", name="always:dice", value="yes", by=ADA)
    other = Change(scope="session", name="mode", value="queue", by=ADA)
    parent = with_ada(always, other).session
    shown = background.among(child(), parent)
    assert shown.participants == parent.participants
    assert shown.settings == {"session:echo:always:dice": "yes"}
    assert shown.set_by == {"session:echo:always:dice": ADA}
    assert shown.parent == HERE


# -- what is reported -----------------------------------------------------------------------------


def read(*bodies, tells: bool = True) -> Reading:
    reading = Reading(tells=lambda _: tells)
    for seq, body in enumerate(bodies, start=1):
        reading.take(Event(session=CHILD, seq=seq, at=AT, body=body))
    return reading


def composed(text: str, kind="final", **how) -> MessageComposed:
    return MessageComposed(run=R1, agent="echo", content=Content(text=text, **how), kind=kind)


def test_the_last_words_are_the_report():
    file = Attachment(media=MediaId("m"), kind="file", name="a.txt", mime="text/plain", size=1)
    reading = read(
        composed("first"), composed("last", attachments=(file,)), composed("x", "interim")
    )
    assert (reading.text, reading.files) == ("last", (file,))
    assert not reading.outside
    assert not reading.has_failed


def test_what_was_given_up_has_failed():
    reading = read(composed("I give up.", "notice"), *ran(outcome="failed")[-1:])
    assert (reading.text, reading.has_failed) == ("I give up.", True)


CALLED = ToolCalled(run=R1, call=CallId("k"), name="ask_human", arguments="{}")
RETURNED = ToolReturned(call=CallId("k"), result="x")


@pytest.mark.parametrize(
    ("bodies", "is_outside"),
    [
        ([CALLED, RETURNED], False),
        ([ToolCalled(run=R1, call=CallId("k"), name="fetch_url", arguments="{}"), RETURNED], True),
        ([RETURNED], True),
        ([composed("x", outside=True)], True),
        ([QuestionClosed(question=QuestionId("q"), asked=1, outcome="answered")], False),
        (
            [QuestionClosed(question=QuestionId("q"), asked=1, outcome="answered", outside=True)],
            True,
        ),
        ([MessageReceived(participant=ADA, conversation=DM, content=Content(text="x"))], False),
        ([RunStarted(run=R1, agent="echo", upto=1, node="n")], False),
    ],
)
def test_whatever_was_read_from_outside_taints_it(bodies, is_outside):
    assert read(*bodies).outside == is_outside


def test_of_an_agent_that_does_not_log_what_it_reads_nobody_knows():
    assert read(RunStarted(run=R1, agent="program", upto=1, node="n"), tells=False).outside
    unbegun = RunStarted(run=R1, agent="", upto=1, node="")
    assert not read(unbegun, tells=False).outside, "it was stopped before it began"


# -- how it stands --------------------------------------------------------------------------------


def test_how_it_stands():
    play = with_ada(STARTED)
    works = play.session.background[CHILD]
    assert background.state_of(works, child()) == "works"
    assert background.state_of(works, child(*ran(ASKED, outcome="paused"))) == "waits"
    assert background.lasted(works, AT + timedelta(minutes=2)) == 120
    play >> timedelta(minutes=1) >> REPORTED
    over = play.session.background[CHILD]
    assert background.state_of(over, child()) == "reported"
    assert background.lasted(over, AT + timedelta(hours=1)) == 60
    stopped = with_ada(STARTED, BackgroundStopped(children=(CHILD,))).session.background[CHILD]
    assert background.state_of(stopped, child()) == "stopped"


def test_what_it_used_is_told_while_it_runs():
    call = ToolCalled(
        run=R1, call=CallId("k"), name="x", arguments="{}", usage=Usage(input_tokens=5)
    )
    works = child(RunStarted(run=R1, agent="echo", upto=2, node="n"), call)
    assert background.used_by(works) == Used(runs=1, input_tokens=5, unpriced=5)
    assert background.used_by(child()).runs == 0
