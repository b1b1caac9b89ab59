"""What each command appends, read as a transcript."""

from datetime import timedelta

import pytest

from bridge import texts
from bridge.commands import (
    AbandonRun,
    Answer,
    Archive,
    Asking,
    CallTool,
    Change,
    ChangeRole,
    Compose,
    Delete,
    Edit,
    EndRun,
    ExpireQuestions,
    Fire,
    Join,
    Leave,
    Link,
    Push,
    RemoveSchedule,
    ReturnTool,
    SetSchedule,
    Stop,
    Trigger,
    Unlink,
)
from bridge.content import Attachment, Content, Option
from bridge.errors import Refused, RunOver
from bridge.events import (
    SHUTDOWN,
    ConversationLinked,
    ConversationUnlinked,
    Every,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Once,
    ParticipantJoined,
    ParticipantLeft,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SettingChanged,
    Source,
    ToolCalled,
    ToolReturned,
    Triggered,
    Usage,
)
from bridge.ids import CallId, MediaId, RunId, ScheduleId
from bridge.session import Begin, Idle
from tests.playbook import (
    ADA,
    AT,
    BOB,
    DM,
    EVE,
    NODE,
    NOTHING,
    Q1,
    Q2,
    R1,
    R2,
    R3,
    R4,
    end,
    fail,
    say,
    seconds,
    start,
    with_ada,
)

TEA, COFFEE = Option(id="t", label="Tea"), Option(id="c", label="Coffee")
API = Source(kind="api")
CALL = CallId("call_1")
JOINED = ParticipantJoined(participant=ADA, role="owner")


def heard(text, by=ADA, **fields):
    return MessageReceived(participant=by, conversation=DM, content=Content(text=text), **fields)


def started(run, *, upto, agent="echo", node=NODE):
    return RunStarted(run=run, agent=agent, upto=upto, node=node)


def finished(run, outcome, *, upto, **fields):
    return RunFinished(run=run, outcome=outcome, upto=upto, **fields)


def composed(run, text, kind="final"):
    return MessageComposed(run=run, agent="echo", content=Content(text=text), kind=kind)


def asking(question=Q1, **fields):
    return Asking(question=question, kind="choice", text="Which?", options=(TEA, COFFEE), **fields)


def closed(question=Q1, outcome="answered", **fields):
    return QuestionClosed(question=question, asked=4, outcome=outcome, **fields)


def at_work():
    """Ada said hello, and the run r_1 answers it."""
    return with_ada(say("hello"), start(R1))


def waiting(*questions):
    """The run r_1 stopped on these questions, asked from event 4 on."""
    return at_work() >> EndRun(run=R1, upto=2, questions=questions or (asking(),))


# -- what people say ------------------------------------------------------------------------------


def test_what_is_said_is_appended_as_it_was_said():
    said = say("hello", addressed=False)
    with_ada() >> said << heard("hello", addressed=False)


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_nothing_said_is_refused(text):
    with_ada() >> say(text) << Refused(texts.NOTHING_SAID)


def test_a_picture_without_words_is_something_said():
    picture = Attachment(kind="image", name="a.png", mime="image/png", size=1, media=MediaId("m"))
    command = say("")
    content = Content(attachments=(picture,))
    play = with_ada() >> type(command)(by=ADA, conversation=DM, content=content)
    play << MessageReceived(participant=ADA, conversation=DM, content=content)


def test_an_edit_and_a_deletion_name_what_they_are_about():
    edit = Edit(by=ADA, target=2, content=Content(text="hi"))
    edited = MessageEdited(participant=ADA, target=2, content=Content(text="hi"))
    play = with_ada() >> say("hello") >> edit << edited
    play >> Delete(by=ADA, target=2) << MessageDeleted(participant=ADA, target=2)


def test_a_message_is_deleted_once():
    play = with_ada(say("hello"), Delete(by=ADA, target=2))
    head = play.head
    play >> Delete(by=ADA, target=2)
    assert play.head == head


# -- a run, from beginning to end -----------------------------------------------------------------


def test_a_run_begins_where_one_is_due_and_its_last_words_end_it():
    (
        with_ada()
        >> say("hello")
        << Begin()
        >> start(R1)
        << started(R1, upto=2)
        >> end(R1, "hi", upto=2)
        << [composed(R1, "hi"), finished(R1, "completed", upto=2)]
        << Idle()
    )


def test_a_run_begins_only_where_one_is_due():
    with_ada() >> start(R1) << NOTHING
    at_work() >> start(R2) << NOTHING


@pytest.mark.parametrize("content", [None, Content(), Content(text=" \n")])
def test_a_run_without_last_words_is_silent(content):
    at_work() >> EndRun(run=R1, upto=2, content=content) << finished(R1, "silent", upto=2)


def test_a_run_says_how_far_it_took_the_log_in():
    play = at_work() >> say("and?") >> end(R1, "both", upto=4)
    play << [composed(R1, "both"), finished(R1, "completed", upto=4)] << Idle()


def test_a_run_has_dealt_with_what_it_began_from_whatever_it_says():
    at_work() >> end(R1, upto=0) << finished(R1, "silent", upto=2)


def test_what_a_run_used_is_kept_with_its_end():
    usage = Usage(input_tokens=3, output_tokens=5)
    ending = EndRun(run=R1, upto=2, usage=usage)
    at_work() >> ending << finished(R1, "silent", upto=2, usage=usage)


def test_a_run_speaks_and_calls_tools_on_the_way():
    (
        at_work()
        >> Compose(run=R1, content=Content(text="one moment"), kind="interim")
        << composed(R1, "one moment", "interim")
        >> CallTool(run=R1, call=CALL, name="dice", arguments="{}")
        << ToolCalled(run=R1, call=CALL, name="dice", arguments="{}")
        >> ReturnTool(call=CALL, result="4")
        << ToolReturned(call=CALL, result="4")
    )


def test_a_tool_is_called_once_and_returns_once():
    call = CallTool(run=R1, call=CALL, name="dice", arguments="{}")
    play = at_work() >> call >> ReturnTool(call=CALL, result="4")
    head = play.head
    play >> call >> ReturnTool(call=CALL, result="6")
    assert play.head == head


RUN_COMMANDS = [
    Compose(run=R1, content=Content(text="late"), kind="interim"),
    CallTool(run=R1, call=CALL, name="dice", arguments="{}"),
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
    at_work() >> Stop(by=ADA) >> ReturnTool(call=CALL, result="4") << returned


def test_people_and_triggers_may_speak_while_a_run_works():
    (
        at_work()
        >> say("and?")
        << heard("and?")
        >> Trigger(source=API, prompt="look")
        << [Triggered(source=API, prompt="look")]
    )


# -- runs that fail -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "outcome", "reason"),
    [(fail, "failed", "no luck"), (lambda run: AbandonRun(run=run), "abandoned", "")],
)
def test_three_failures_end_with_a_notice_and_the_session_lives_on(command, outcome, reason):
    text = texts.gave_up(reason or texts.CRASHED)
    play = at_work()
    play >> command(R1) << finished(R1, outcome, upto=0, reason=reason)
    play >> seconds(1) >> start(R2) >> command(R2)
    play << finished(R2, outcome, upto=0, reason=reason)
    play >> seconds(5) >> start(R3) >> command(R3)
    play << [composed(R3, text, "notice"), finished(R3, outcome, upto=6, reason=reason)]
    play << Idle() >> say("again?") << Begin()
    assert play.session.failures == 0


def test_giving_up_does_not_give_up_on_what_was_said_since():
    """Only what the last run had read is given up on; what came in meanwhile gets its own run."""
    play = (
        at_work()
        >> say("and this?")
        >> fail(R1, retry=False)
        << [
            composed(R1, texts.gave_up("no luck"), "notice"),
            finished(R1, "failed", upto=2, reason="no luck"),
        ]
    )
    play << Begin()


def test_a_failure_that_trying_again_cannot_mend_ends_at_once():
    play = at_work() >> fail(R1, retry=False)
    play << [
        composed(R1, texts.gave_up("no luck"), "notice"),
        finished(R1, "failed", upto=2, reason="no luck"),
    ]
    play << Idle()


def test_an_orderly_stop_is_never_the_third_failure():
    play = at_work() >> fail(R1) >> seconds(1) >> start(R2) >> fail(R2) >> seconds(5) >> start(R3)
    play >> AbandonRun(run=R3, reason=SHUTDOWN)
    play << finished(R3, "abandoned", upto=0, reason=SHUTDOWN)
    play << Begin() >> start(R4) >> end(R4, "hi") << Idle()


# -- /stop ----------------------------------------------------------------------------------------


def test_stop_ends_the_run_and_covers_all_that_was_said_before():
    play = at_work() >> say("no, wait") >> Stop(by=ADA)
    play << finished(R1, "cancelled", upto=4, by=ADA) << Idle() >> say("go on") << Begin()


def test_stop_withdraws_every_open_question():
    play = waiting(asking(), asking(Q2)) >> Stop(by=ADA)
    play << [
        closed(Q1, "withdrawn", by=ADA),
        QuestionClosed(question=Q2, asked=5, outcome="withdrawn", by=ADA),
    ]
    assert not play.session.questions
    play << Idle() >> Answer(by=ADA, question=Q1, answer="t") << Refused(texts.QUESTION_OVER)


def test_stop_calls_off_a_run_that_waits_for_its_next_try():
    stopped = RunId("stopped:4")
    play = at_work() >> fail(R1) << Idle(until=AT + seconds(1)) >> Stop(by=ADA)
    play << [
        started(stopped, upto=4, agent="", node=""),
        finished(stopped, "cancelled", upto=4, by=ADA),
    ]
    play >> seconds(3600) << Idle()


def test_there_may_be_nothing_to_stop():
    with_ada() >> Stop(by=ADA) << NOTHING
    at_work() >> end(R1, "hi") >> Stop(by=ADA) << NOTHING


# -- questions ------------------------------------------------------------------------------------


def test_a_run_stops_on_its_questions_in_one_append():
    play = at_work() >> EndRun(
        run=R1, upto=2, content=Content(text="Well."), questions=(asking(to=(ADA,)),)
    )
    play << [
        composed(R1, "Well."),
        QuestionAsked(
            question=Q1, run=R1, kind="choice", text="Which?", options=(TEA, COFFEE), to=(ADA,)
        ),
        finished(R1, "paused", upto=2),
    ]
    play << Idle()


def test_an_answer_closes_its_question_and_calls_for_the_agent():
    play = waiting() >> Answer(by=ADA, question=Q1, answer="t")
    play << closed(answer="t", by=ADA) << Begin()


def test_the_first_answer_stands():
    play = waiting() >> Join(participant=BOB, role="member")
    play >> Answer(by=ADA, question=Q1, answer="t") >> Answer(by=BOB, question=Q1, answer="c")
    play << Refused(texts.QUESTION_OVER)


def test_of_two_answers_decided_at_once_the_log_keeps_the_first():
    """Two processes may both decide; the key of the closing lets one of them in."""
    first, second = waiting(), waiting()
    first >> Answer(by=ADA, question=Q1, answer="t")
    second >> Answer(by=ADA, question=Q1, answer="c")
    assert first.drafts[0].key == second.drafts[0].key is not None


@pytest.mark.parametrize(
    ("answer", "why"), [("x", texts.NO_SUCH_OPTION), ("", texts.NO_SUCH_OPTION)]
)
def test_only_what_is_offered_can_be_chosen(answer, why):
    waiting() >> Answer(by=ADA, question=Q1, answer=answer) << Refused(why)


def test_an_open_question_takes_any_words_but_none():
    question = Asking(question=Q1, kind="open", text="When?")
    waiting(question) >> Answer(by=ADA, question=Q1, answer=" ") << Refused(texts.ANSWER_EMPTY)
    play = waiting(question) >> Answer(by=ADA, question=Q1, answer="soon")
    play << closed(answer="soon", by=ADA)


def test_a_question_for_someone_is_answered_by_them_alone():
    play = waiting(asking(to=(BOB,))) >> Join(participant=BOB, role="member")
    play >> Answer(by=ADA, question=Q1, answer="t") << Refused(texts.NOT_ASKED_OF_YOU)
    play >> Answer(by=BOB, question=Q1, answer="t") << closed(answer="t", by=BOB)


def test_only_questions_whose_time_is_over_expire():
    soon, late = AT + seconds(10), AT + seconds(20)
    play = waiting(asking(expires_at=soon), asking(Q2, expires_at=late))
    play >> ExpireQuestions() << NOTHING >> seconds(10) >> ExpireQuestions()
    play << closed(Q1, "expired")


# -- who is here, where, and how it is set --------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (Join(participant=BOB, role="member"), ParticipantJoined(participant=BOB, role="member")),
        (
            ChangeRole(by=ADA, participant=EVE, role="viewer"),
            RoleChanged(participant=EVE, role="viewer", by=ADA),
        ),
        (Leave(by=ADA, participant=EVE), ParticipantLeft(participant=EVE, by=ADA)),
        (Link(conversation=DM, by=ADA), ConversationLinked(conversation=DM, by=ADA)),
        (
            Change(scope="session", name="title", value="Trip", by=ADA),
            SettingChanged(scope="session", name="title", value="Trip", by=ADA),
        ),
        (
            Change(scope="participant", name="notify", value="all", of=ADA, by=ADA),
            SettingChanged(scope="participant", name="notify", value="all", of=ADA, by=ADA),
        ),
        (Archive(by=ADA), SessionArchived(by=ADA)),
    ],
)
def test_what_is_so_already_is_not_appended_again(command, body):
    play = with_ada(Join(participant=EVE, role="member")) >> command << body
    play >> command << NOTHING


def test_a_place_is_unlinked_once():
    play = with_ada(Link(conversation=DM, by=ADA)) >> Unlink(conversation=DM, by=ADA)
    play << ConversationUnlinked(conversation=DM, by=ADA)
    play >> Unlink(conversation=DM, by=ADA) << NOTHING


def test_a_role_is_given_to_participants_only():
    command = ChangeRole(by=ADA, participant=BOB, role="member")
    with_ada() >> command << Refused(texts.NO_SUCH_PARTICIPANT)


def test_an_archived_session_is_read_but_not_continued():
    play = with_ada(Link(conversation=DM, by=ADA), Archive(by=ADA)) >> say("hello")
    play << Refused(texts.ARCHIVED)
    play >> Trigger(source=Source(kind="api"), prompt="go on") << Refused(texts.ARCHIVED)


def test_one_can_leave_an_archived_session_and_unlink_places_from_it():
    play = with_ada(Link(conversation=DM, by=ADA), Archive(by=ADA))
    play >> Unlink(conversation=DM, by=ADA) << ConversationUnlinked(conversation=DM, by=ADA)
    play >> Leave(by=ADA, participant=ADA) << ParticipantLeft(participant=ADA, by=ADA)


def test_strangers_and_viewers_are_refused():
    with_ada() >> say("hi", by=EVE) << Refused(texts.NOT_IN_SESSION)
    play = with_ada(Join(participant=EVE, role="viewer")) >> say("hi", by=EVE)
    play << Refused(texts.READ_ONLY)


# -- what comes from outside the conversation -----------------------------------------------------


def test_a_push_is_said_as_it_is_and_a_trigger_is_asked_of_the_agent():
    push = Push(source=API, content=Content(text="news"), to=(ADA,), buttons=(TEA,), key="k")
    pushed = Pushed(source=API, content=Content(text="news"), to=(ADA,), buttons=(TEA,))
    play = with_ada() >> push << pushed
    assert play.drafts[0].key == "k"
    play >> Trigger(source=API, prompt="look", key="t") << Triggered(source=API, prompt="look")
    assert play.drafts[0].key == "t"


SCHEDULE = ScheduleId("sch_1")
HOURLY = Every(seconds=3600, start=AT)


def schedule(rule=HOURLY, action="say"):
    return SetSchedule(schedule=SCHEDULE, rule=rule, action=action, text="tea", to=(ADA,), by=ADA)


def test_a_schedule_says_when_it_is_first_due():
    play = with_ada() >> seconds(1) >> schedule()
    play << ScheduleSet(
        schedule=SCHEDULE,
        rule=HOURLY,
        action="say",
        text="tea",
        first=AT + timedelta(hours=1),
        to=(ADA,),
        by=ADA,
    )


def test_a_schedule_that_can_never_be_due_is_refused():
    play = with_ada() >> schedule(Once(at=AT - seconds(1)))
    assert isinstance(play.error, Refused)


def test_a_slot_fires_once_however_often_it_is_tried():
    first = AT + timedelta(hours=1)
    play = with_ada(seconds(1), schedule(), timedelta(hours=1))
    fire = Fire(schedule=SCHEDULE, slot=first)
    source = Source(
        kind="schedule", name=SCHEDULE, slot=first, next_slot=first + timedelta(hours=1)
    )
    play >> fire << Pushed(source=source, content=Content(text="tea"), to=(ADA,))
    head = play.head
    play >> fire
    assert play.head == head


def test_a_schedule_may_ask_the_agent_instead():
    slot = AT + timedelta(hours=1)
    play = with_ada(seconds(1), schedule(action="ask"), timedelta(hours=1))
    play >> Fire(schedule=SCHEDULE, slot=slot)
    source = Source(kind="schedule", name=SCHEDULE, slot=slot, next_slot=slot + timedelta(hours=1))
    play << Triggered(source=source, prompt="tea") << Begin()


def test_a_schedule_that_was_removed_does_not_fire():
    play = with_ada(seconds(1), schedule()) >> RemoveSchedule(schedule=SCHEDULE, by=ADA)
    play << ScheduleRemoved(schedule=SCHEDULE, by=ADA)
    play >> RemoveSchedule(schedule=SCHEDULE, by=ADA) << NOTHING
    play >> Fire(schedule=SCHEDULE, slot=AT + timedelta(hours=1)) << NOTHING


def test_archiving_a_session_removes_its_schedules():
    play = with_ada(seconds(1), schedule()) >> Archive(by=ADA)
    play << (ScheduleRemoved(schedule=SCHEDULE, by=ADA), SessionArchived(by=ADA))
    assert play.session.schedules == {}
