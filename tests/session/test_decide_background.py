"""What work in the background appends, in the parent and in the child."""

from dataclasses import replace

import pytest

from bridge import background_texts
from bridge.domain.commands import (
    AnswerBackground,
    Archive,
    AskForBackground,
    BeginBackground,
    ChangeRole,
    EndBackground,
    Join,
    Leave,
    Record,
    ReportBackground,
    Stop,
    StopBackground,
    Trigger,
    Undo,
)
from bridge.domain.errors import Refused, RunOver
from bridge.domain.events import (
    BackgroundBegun,
    BackgroundStarted,
    BackgroundStopped,
    ExchangeUndone,
    ParticipantLeft,
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    RoleChanged,
    RunFinished,
    RunStarted,
    SessionArchived,
    SettingChanged,
    Source,
    Triggered,
)
from bridge.domain.ids import CallId, ConversationId, QuestionId, RunId, SessionId
from bridge.domain.run_output import Delegating
from bridge.session import decide_background
from bridge.session.background import asked_as, child_of
from bridge.session.decide_background import LONGEST_REPORT, LONGEST_TASK, MOST_AT_ONCE
from tests.playbook import ADA, BOB, HERE, NOTHING, R1, R2, Playbook, end, say, start, with_ada

CHILD = child_of(HERE, "w")
PARENT = SessionId("s_parent")
Q = QuestionId("q")
TASK = Triggered(source=Source(kind="background", name=PARENT), prompt="Do it.", by=ADA)


def at_work(*given) -> Playbook:
    return with_ada(say("hello"), *given, start(R1))


def begin(work: str = "w", task: str = "Do it.", **how) -> Record:
    return Record(run=R1, said=Delegating(work=work, task=task, **how))


def started(work: str = "w", **how) -> BackgroundStarted:
    child = child_of(HERE, work)
    whole = {"task": "Do it.", "agent": "echo", "work": work, "by": ADA, **how}
    return BackgroundStarted(child=child, **whole)


def asked(**how) -> QuestionAsked:
    whole = {"question": Q, "run": R2, "kind": "open", "text": "Which?", "agent": "echo", **how}
    return QuestionAsked(**whole)


def there(seq: int = 4) -> QuestionAsked:
    name = asked_as(CHILD, seq)
    return replace(asked(), question=name, run=RunId(name), background=CHILD)


# -- beginning ------------------------------------------------------------------------------------


def test_it_begins_with_the_open_run_for_whom_it_works():
    play = at_work() >> begin(task=" Do it. ", told="a fact", outside=True)
    play << started(told="a fact", outside=True)
    assert play.drafts[0].key == f"background:{CHILD}"
    play >> begin() << NOTHING
    play >> end(R1, "begun") >> begin("x") << RunOver()


def test_only_so_many_work_at_once():
    play = at_work(*(started(f"w{number}") for number in range(MOST_AT_ONCE)))
    play >> begin() << Refused(background_texts.too_many(MOST_AT_ONCE))
    play >> StopBackground(by=ADA, child=child_of(HERE, "w0")) >> begin() << started()


def test_it_cannot_go_on_by_its_own_reports_for_ever(monkeypatch):
    """Each report calls for the agent, which begins the next; nobody asks for any of it."""
    monkeypatch.setattr(decide_background, "MOST_ALONE", 2)
    too_many = Refused(background_texts.too_many_alone(2))
    more = Record(run=R2, said=Delegating(work="y", task="Do it."))
    play = at_work() >> begin() >> begin("x") >> end(R1, "begun")
    play >> ReportBackground(child=CHILD, text="Done.") >> start(R2)
    play >> more << too_many
    play >> Trigger(source=Source(kind="background", name="echo"), prompt="Go on.")
    play >> more << too_many
    play >> say("Go on.") >> more << started("y")


def test_what_a_schedule_asks_begins_as_much_again(monkeypatch):
    monkeypatch.setattr(decide_background, "MOST_ALONE", 1)
    play = at_work() >> begin() >> end(R1, "begun")
    play >> Trigger(source=Source(kind="schedule", name="daily"), prompt="Look.") >> start(R2)
    play >> Record(run=R2, said=Delegating(work="x", task="Do it.")) << started("x", by=None)


@pytest.mark.parametrize("said", [{"task": "x" * (LONGEST_TASK + 1)}, {"told": "x" * 40_001}])
def test_what_is_too_long_is_refused(said):
    play = at_work() >> begin(**said)
    assert isinstance(play.error, Refused)


def test_whoever_may_not_speak_here_has_nothing_done_for_them():
    viewer = (Join(participant=BOB, role="owner"), RoleChanged(participant=ADA, role="viewer"))
    play = at_work(*viewer) >> begin()
    assert isinstance(play.error, Refused)


def test_a_child_begins_none():
    play = Playbook(
        BackgroundBegun(parent=PARENT), Triggered(source=Source(kind="api"), prompt="x")
    )
    play >> start(R1) >> begin() << Refused(background_texts.NO_DEEPER)


def test_an_agent_stops_what_it_began_and_nothing_else():
    stop = Record(run=R1, said=Delegating(work="w"))
    at_work(started()) >> stop << BackgroundStopped(children=(CHILD,))
    at_work() >> stop << Refused(background_texts.NO_SUCH_WORK)
    others = at_work(started(agent="other"))
    others >> stop << Refused(background_texts.WORK_OF_OTHERS)
    others >> begin() << Refused(background_texts.WORK_OF_OTHERS)
    over = at_work(started(), BackgroundStopped(children=(CHILD,)))
    over >> stop << Refused(background_texts.NO_SUCH_WORK)


# -- in the child ---------------------------------------------------------------------------------

BEGIN = BeginBackground(parent=PARENT, prompt="Do it.", title="It", agent="echo", payer=ADA)


def test_an_empty_session_is_told_whose_it_is_and_what_to_do_once():
    play = Playbook() >> BEGIN
    play << (
        BackgroundBegun(parent=PARENT),
        SettingChanged(scope="session", name="title", value="It", by=ADA),
        SettingChanged(scope="session", name="agent", value="echo", by=ADA),
        TASK,
    )
    play >> BEGIN << NOTHING
    assert (play.session.parent, play.session.counts_for) == (PARENT, ADA)
    with_ada() >> BEGIN << NOTHING


def test_a_question_is_closed_here_as_it_was_there():
    play = Playbook(BEGIN, start(R1), asked(run=R1), RunFinished(run=R1, outcome="paused", upto=4))
    closed = QuestionClosed(
        question=asked_as(CHILD, 6),
        asked=9,
        outcome="answered",
        answer="tea",
        by=BOB,
        conversation=ConversationId("c"),
        outside=True,
    )
    answer = AnswerBackground(question=Q, closed=closed)
    play >> answer
    play << replace(closed, question=Q, asked=6, conversation=None)
    assert play.session.wanted == play.head
    assert play.session.counts_for == ADA, "whoever answers does not pay for it"
    play >> answer << NOTHING


def test_it_is_ended_with_all_that_it_does_and_asks():
    play = Playbook(BEGIN, start(R1), asked(run=R1)) >> EndBackground()
    play << (
        QuestionClosed(question=Q, asked=6, outcome="withdrawn"),
        RunFinished(run=R1, outcome="cancelled", upto=6),
        SessionArchived(),
    )
    play >> EndBackground() << NOTHING
    with_ada() >> EndBackground() << NOTHING


def test_nobody_writes_in_it():
    play = Playbook(BEGIN, Join(participant=ADA, role="owner"))
    for command in (say("hm"), say("hm", BOB, addressed=False), Stop(by=ADA), Archive(by=ADA)):
        play >> command << Refused(background_texts.NOT_WRITTEN_IN)


def test_nothing_is_asked_in_it_anew():
    """A service that works in it could otherwise go on with it at nobody's cost."""
    play = Playbook(BEGIN) >> Trigger(source=Source(kind="background", name="echo"), prompt="On.")
    play << Refused(background_texts.NOT_WRITTEN_IN)
    assert play.session.counts_for == ADA


# -- in the parent --------------------------------------------------------------------------------


def test_its_question_is_asked_here_once():
    call = PlannedCall(call=CallId("k"), name="dice", arguments="{}")
    ask = AskForBackground(child=CHILD, seq=4, asked=asked(call=call, to=(ADA,)))
    play = with_ada(started()) >> ask << replace(there(), call=call, to=(ADA,))
    play >> ask << NOTHING
    over = with_ada(started(), BackgroundStopped(children=(CHILD,)))
    over >> ask << NOTHING
    with_ada() >> ask << NOTHING


def test_its_report_ends_it_and_calls_for_the_agent():
    report = ReportBackground(child=CHILD, text="It is 42.", outside=True)
    source = Source(kind="background", name=CHILD, outside=True)
    play = with_ada(started(), there()) >> report
    play << (
        QuestionClosed(question=asked_as(CHILD, 4), asked=3, outcome="withdrawn"),
        Triggered(source=source, prompt="It is 42.", by=ADA),
    )
    assert play.drafts[-1].key == f"reported:{CHILD}"
    assert play.session.counts_for == ADA
    play >> report << NOTHING
    with_ada(started(), BackgroundStopped(children=(CHILD,))) >> report << NOTHING


def test_a_long_report_is_cut():
    play = with_ada(started()) >> ReportBackground(child=CHILD, text="x" * (LONGEST_REPORT + 1))
    (report,) = (draft.body for draft in play.drafts)
    assert report.prompt.endswith(background_texts.CUT)
    assert decide_background.LONGEST_REPORT < len(report.prompt) < LONGEST_REPORT + 200


WITHDRAWN = QuestionClosed(question=asked_as(CHILD, 4), asked=3, outcome="withdrawn", by=ADA)
STOPPED = BackgroundStopped(children=(CHILD,), by=ADA)


def test_people_stop_one_and_what_it_asks():
    stop = StopBackground(by=ADA, child=CHILD)
    play = with_ada(started(), there()) >> stop << (WITHDRAWN, STOPPED)
    play >> stop << Refused(background_texts.NO_SUCH_WORK)
    with_ada(started()) >> StopBackground(by=BOB, child=CHILD)


def test_stopping_and_archiving_stop_all():
    with_ada(started(), there()) >> Stop(by=ADA) << (WITHDRAWN, STOPPED)
    with_ada(started()) >> Archive(by=ADA) << (STOPPED, SessionArchived(by=ADA))
    with_ada() >> Stop(by=ADA) << NOTHING


def test_it_ends_with_the_right_of_whoever_it_is_for():
    here = (Join(participant=BOB, role="member"), started(by=BOB))
    ended = BackgroundStopped(children=(CHILD,))
    (
        with_ada(*here)
        >> Leave(participant=BOB, by=ADA)
        << (
            ParticipantLeft(participant=BOB, by=ADA),
            ended,
        )
    )
    (
        with_ada(*here)
        >> ChangeRole(participant=BOB, role="viewer", by=ADA)
        << (
            RoleChanged(participant=BOB, role="viewer", by=ADA),
            ended,
        )
    )
    stays = with_ada(*here) >> ChangeRole(participant=BOB, role="owner", by=ADA)
    stays << RoleChanged(participant=BOB, role="owner", by=ADA)


def test_undoing_where_it_began_stops_it():
    play = with_ada(say("go"), start(R1), started(), end(R1, "begun")) >> Undo(by=ADA)
    play << (ExchangeUndone(first=2, upto=6, by=ADA), STOPPED)
    later = with_ada(
        say("go"), start(R1), started(), end(R1, "begun"), say("hi"), start(R2), end(R2, "ho")
    )
    later >> Undo(by=ADA) << ExchangeUndone(first=7, upto=10, by=ADA)


def test_undoing_where_it_began_takes_back_what_it_asks():
    play = with_ada(say("go"), start(R1), started(), end(R1, "begun"), there()) >> Undo(by=ADA)
    play << (ExchangeUndone(first=2, upto=6, by=ADA), replace(WITHDRAWN, asked=7), STOPPED)


def test_what_is_said_while_it_waits_is_undone_alone():
    """It may wait for days, and people go on talking."""
    began = (say("go"), start(R1), started(), end(R1, "begun"), there())
    play = with_ada(*began, say("hi"), start(R2), end(R2, "ho")) >> Undo(by=ADA)
    play << ExchangeUndone(first=8, upto=11, by=ADA)


def test_a_run_that_was_stopped_before_it_began_ends_too():
    play = with_ada(say("go"), started()) >> Stop(by=ADA)
    kinds = [type(draft.body) for draft in play.drafts]
    assert kinds == [BackgroundStopped, RunStarted, RunFinished]
