"""How runs begin and end."""

import pytest

from bridge import texts
from bridge.domain.commands import (
    AbandonRun,
    Answer,
    EndRun,
    FailRun,
    Join,
    RefuseRun,
    ReportUsage,
    Stop,
)
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.events import (
    SHUTDOWN,
    MessageComposed,
    QuestionClosed,
    Usage,
    UsageReported,
)
from bridge.domain.ids import RunId
from bridge.session.fold import Begin, Idle
from tests.playbook import (
    ADA,
    AT,
    BOB,
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
from tests.session.lines import (
    asking,
    at_work,
    closed,
    composed,
    finished,
    started,
    waiting,
)

WHOSE = {"agent": "echo", "asker": ADA}
"""What the end of an answer says of it."""


def test_a_run_begins_where_one_is_due_and_its_last_words_end_it():
    (
        with_ada()
        >> say("hello")
        << Begin()
        >> start(R1)
        << started(R1, upto=2)
        >> end(R1, "hi", upto=2)
        << [composed(R1, "hi"), finished(R1, "completed", upto=2, **WHOSE)]
        << Idle()
    )


def test_a_run_begins_only_where_one_is_due():
    with_ada() >> start(R1) << NOTHING
    at_work() >> start(R2) << NOTHING


@pytest.mark.parametrize(
    "content",
    [
        None,
        Content(),
        *(Content(text=each) for each in (" \n", "<br>", "# ", "```\n```", "\u200b")),
    ],
)
def test_a_run_without_last_words_is_silent(content):
    at_work() >> EndRun(run=R1, upto=2, content=content) << finished(R1, "silent", upto=2)


def test_a_run_says_how_far_it_took_the_log_in():
    play = at_work() >> say("and?") >> end(R1, "both", upto=4)
    play << [composed(R1, "both"), finished(R1, "completed", upto=4, **WHOSE)] << Idle()


def test_a_run_has_dealt_with_what_it_began_from_whatever_it_says():
    at_work() >> end(R1, upto=0) << finished(R1, "silent", upto=2)


def test_what_a_run_used_is_kept_with_its_end():
    usage = Usage(input_tokens=3, output_tokens=5)
    ending = EndRun(run=R1, upto=2, usage=usage)
    at_work() >> ending << finished(R1, "silent", upto=2, usage=usage, agent="echo", asker=ADA)


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
            finished(R1, "failed", upto=2, reason="no luck", refused=True),
        ]
    )
    play << Begin()


def test_a_failure_that_trying_again_cannot_mend_ends_at_once():
    play = at_work() >> fail(R1, retry=False)
    play << [
        composed(R1, texts.gave_up("no luck"), "notice"),
        finished(R1, "failed", upto=2, reason="no luck", refused=True),
    ]
    play << Idle()


def test_an_orderly_stop_is_never_the_third_failure():
    play = at_work() >> fail(R1) >> seconds(1) >> start(R2) >> fail(R2) >> seconds(5) >> start(R3)
    play >> AbandonRun(run=R3, reason=SHUTDOWN)
    play << finished(R3, "abandoned", upto=0, reason=SHUTDOWN)
    play << Begin() >> start(R4) >> end(R4, "hi") << Idle()


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
    play << Idle() >> Answer(by=ADA, question=Q1, answer="t") << Refused(texts.QUESTION_WITHDRAWN)


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


# -- what was used, and what may not begin --------------------------------------------------------

USAGE = Usage(input_tokens=3, output_tokens=5, cost=0.25, model="large")


def test_what_a_run_used_that_failed_is_kept_too():
    (
        at_work()
        >> FailRun(run=R1, reason="no luck", usage=USAGE)
        << finished(R1, "failed", upto=0, reason="no luck", usage=USAGE, agent="echo", asker=ADA)
    )


def test_what_a_stopped_run_used_is_reported_after_its_end_once():
    report = ReportUsage(run=R1, usage=USAGE, agent="echo", asker=ADA)
    play = at_work() >> Stop(by=ADA) >> report
    play << UsageReported(run=R1, usage=USAGE, agent="echo", asker=ADA)
    head = play.head
    play >> report
    assert play.head == head
    assert play.session.used.cost == 0.25


def test_whoever_asked_last_before_a_run_is_whose_it_is():
    play = with_ada(Join(participant=BOB, role="member"), say("hello"), say("and?", by=BOB))
    play >> start(R1) >> say("me again") >> EndRun(run=R1, upto=4, usage=USAGE)
    play << finished(R1, "silent", upto=4, usage=USAGE, agent="echo", asker=BOB)


def test_a_run_that_may_not_begin_says_why_and_the_session_lives_on():
    refusal = RefuseRun(run=R1, reason="the budget is used up")
    play = with_ada(say("hello")) >> refusal
    play << [
        started(R1, upto=2, agent="", node=""),
        MessageComposed(
            run=R1, agent="", content=Content(text="the budget is used up"), kind="notice"
        ),
        finished(R1, "failed", upto=2, reason="the budget is used up", refused=True),
    ]
    play << Idle() >> refusal << NOTHING >> say("again?") << Begin()
