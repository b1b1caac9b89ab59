"""What a run does on its way."""

from dataclasses import replace

import pytest

from bridge.domain.commands import (
    AbandonRun,
    EndRun,
    Record,
    SetSchedule,
    Stop,
    SumUp,
    Trigger,
    Undo,
)
from bridge.domain.content import Content
from bridge.domain.errors import Refused, RunOver
from bridge.domain.events import (
    BackgroundStarted,
    Cron,
    Every,
    HistoryCompacted,
    NoteKept,
    NoteRemoved,
    Once,
    Pushed,
    RoleChanged,
    ScheduleRemoved,
    ScheduleSet,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
)
from bridge.domain.ids import MediaId, NoteId, ScheduleId
from bridge.domain.run_output import (
    Calling,
    Compacted,
    Delegating,
    Noting,
    Pushing,
    Remark,
    Returned,
    Scheduling,
    Transcript,
)
from bridge.session.decide_external import LONGEST_LOOP
from bridge.session.decide_run_output import body_of
from tests.playbook import (
    ADA,
    AT,
    NOTHING,
    R1,
    R2,
    end,
    fail,
    say,
    seconds,
    start,
    with_ada,
)
from tests.session.lines import (
    CALL,
    at_work,
    composed,
)


def test_a_run_speaks_and_calls_tools_on_the_way():
    (
        at_work()
        >> Record(run=R1, said=Remark(content=Content(text="one moment"), kind="interim"))
        << composed(R1, "one moment", "interim")
        >> Record(run=R1, said=Calling(call=CALL, name="dice", arguments="{}"))
        << ToolCalled(run=R1, call=CALL, name="dice", arguments="{}")
        >> Record(run=R1, said=Returned(call=CALL, result="4"))
        << ToolReturned(call=CALL, result="4")
    )


def test_a_tool_is_called_once_and_returns_once():
    call = Record(run=R1, said=Calling(call=CALL, name="dice", arguments="{}"))
    play = at_work() >> call >> Record(run=R1, said=Returned(call=CALL, result="4"))
    head = play.head
    play >> call >> Record(run=R1, said=Returned(call=CALL, result="6"))
    assert play.head == head


RUN_COMMANDS = [
    Record(run=R1, said=Remark(content=Content(text="late"), kind="interim")),
    Record(run=R1, said=Calling(call=CALL, name="dice", arguments="{}")),
    Record(run=R1, said=Pushing(content=Content(text="late"))),
    Record(run=R1, said=Noting(note=NoteId("n_1"), text="late")),
    Record(run=R1, said=Compacted(upto=1, summary="late")),
    Record(run=R1, said=Transcript(target=1, media=MediaId("m"), text="late")),
    end(R1, "late"),
    fail(R1),
    AbandonRun(run=R1),
]


@pytest.mark.parametrize("command", RUN_COMMANDS)
def test_a_run_that_is_over_may_not_speak(command):
    at_work() >> Stop(by=ADA) >> command << RunOver()


@pytest.mark.parametrize("command", RUN_COMMANDS)
def test_a_run_that_was_replaced_may_not_speak(command):
    at_work() >> AbandonRun(run=R1) >> seconds(1) >> start(R2) >> command << RunOver()


def test_a_tool_may_return_after_its_run_is_over():
    returned = ToolReturned(call=CALL, result="4")
    at_work() >> Stop(by=ADA) >> Record(run=R1, said=Returned(call=CALL, result="4")) << returned


# -- beside the answer ----------------------------------------------------------------------------


def test_a_run_pushes_to_all_or_some():
    push = Record(run=R1, said=Pushing(content=Content(text="news"), to=(ADA,)))
    source = Source(kind="background", name="echo")
    at_work() >> push << Pushed(source=source, content=Content(text="news"), to=(ADA,))
    at_work() >> Record(run=R1, said=Pushing(content=Content(text=" "))) << NOTHING


def test_a_note_is_kept_until_it_is_removed():
    note = NoteId("n_1")
    play = at_work() >> Record(run=R1, said=Noting(note=note, text="likes tea", about=ADA))
    play << NoteKept(note=note, text="likes tea", about=ADA, run=R1, by=ADA)
    play >> Record(run=R1, said=Noting(note=note, text="")) << NoteRemoved(note=note)


def test_a_summary_stands_for_what_was_before():
    play = at_work() >> Record(run=R1, said=Compacted(upto=2, summary="Ada said hello."))
    play << HistoryCompacted(upto=2, summary="Ada said hello.")


def test_a_voice_note_is_transcribed_once():
    command = Record(run=R1, said=Transcript(target=2, media=MediaId("m_1"), text="hello"))
    play = at_work() >> command
    play << Transcribed(target=2, media=MediaId("m_1"), text="hello")
    head = play.head
    play >> command
    assert play.head == head


def test_a_summary_between_runs_is_kept_once_and_never_reaches_beyond_the_log():
    play = at_work()
    upto = play.head
    play >> SumUp(upto=upto, summary="so far") << HistoryCompacted(upto=upto, summary="so far")
    head = play.head
    play >> SumUp(upto=upto, summary="again") >> SumUp(upto=head + 5, summary="what is to come")
    assert play.head == head


def test_a_summary_that_may_tell_of_what_was_undone_since_is_not_kept():
    play = at_work()
    upto, head = play.head, play.head
    play >> EndRun(run=R1, upto=upto) >> Undo(by=ADA)
    assert play.head > head
    before = play.head
    play >> SumUp(upto=1, summary="so far", read=upto)
    assert play.head == before
    (
        play
        >> SumUp(upto=1, summary="so far", read=before)
        << HistoryCompacted(upto=1, summary="so far")
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Scheduling(schedule=ScheduleId("sch_1")), ScheduleRemoved),
        (
            Scheduling(schedule=ScheduleId("sch_1"), rule=Every(seconds=600, start=AT), text="?"),
            ScheduleSet,
        ),
        (Delegating(work="w", task="look into it"), BackgroundStarted),
    ],
)
def test_a_run_reads_what_it_planned_as_the_log_will_have_it(said, kind):
    body = body_of(said, run=R1, agent="echo", asker=ADA)
    assert type(body) is kind
    assert body.by == ADA


# -- what an agent plans --------------------------------------------------------------------------

WATCH = Scheduling(
    schedule=ScheduleId("sch_1"), rule=Every(seconds=600, start=AT), text="green?", times=3
)


def planning(said=WATCH, *given):
    return with_ada(*given, say("watch it"), start(R1)) >> Record(run=R1, said=said)


def test_what_an_agent_plans_is_for_whoever_called_for_it():
    (draft,) = planning().drafts
    assert (draft.body.by, draft.body.agent, draft.body.times) == (ADA, "echo", 3)
    assert draft.body.first is not None


def test_the_same_call_plans_once_and_its_agent_ends_it():
    play = planning() >> Record(run=R1, said=WATCH) << NOTHING
    ending = Scheduling(schedule=WATCH.schedule)
    play >> Record(run=R1, said=ending) << ScheduleRemoved(schedule=WATCH.schedule, by=ADA)
    play >> Record(run=R1, said=ending) << NOTHING


def test_an_agent_neither_changes_nor_ends_what_people_planned():
    theirs = SetSchedule(schedule=WATCH.schedule, rule=WATCH.rule, action="ask", text="tea", by=ADA)
    for said in (WATCH, Scheduling(schedule=WATCH.schedule)):
        assert isinstance(planning(said, theirs).error, Refused)


def test_nothing_is_planned_for_nobody_or_for_whoever_may_not():
    program = Trigger(source=Source(kind="webhook"), prompt="watch it")
    play = with_ada(program, start(R1)) >> Record(run=R1, said=WATCH)
    assert isinstance(play.error, Refused)
    play = with_ada(say("watch it"), start(R1), RoleChanged(participant=ADA, role="viewer"))
    play >> Record(run=R1, said=WATCH)
    assert isinstance(play.error, Refused)


def test_what_an_agent_plans_has_the_limits_of_what_people_plan():
    often = replace(WATCH, rule=Every(seconds=1, start=AT))
    assert isinstance(planning(often).error, Refused)


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        (Every(seconds=3600, start=AT), LONGEST_LOOP),
        (Cron(expression="*/5 * * * *"), LONGEST_LOOP),
        (Every(seconds=86_400, start=AT), None),
        (Cron(expression="0 9 * * *"), None),
        (Once(at=AT + seconds(60)), None),
    ],
)
def test_what_an_agent_repeats_within_a_day_has_an_end(rule, times):
    (draft,) = planning(replace(WATCH, rule=rule, times=None)).drafts
    assert draft.body.times == times


def test_a_run_that_is_over_plans_nothing():
    play = with_ada(say("watch it"), start(R1), Stop(by=ADA)) >> Record(run=R1, said=WATCH)
    assert isinstance(play.error, RunOver)
