"""How questions are asked and end."""

import pytest

from bridge import texts
from bridge.commands import (
    Answer,
    Asking,
    EndRun,
    ExpireQuestions,
    Join,
)
from bridge.content import Content, Option
from bridge.errors import Refused
from bridge.events import (
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    SettingChanged,
)
from bridge.ids import QuestionId
from bridge.session import OVER_KEPT, Begin, Idle
from tests.deciding.lines import (
    CALL,
    COFFEE,
    TEA,
    asking,
    at_work,
    closed,
    composed,
    finished,
    waiting,
)
from tests.playbook import (
    ADA,
    AT,
    BOB,
    DM,
    EVE,
    NOTHING,
    Q1,
    Q2,
    R1,
    seconds,
)


def test_a_run_stops_on_its_questions_in_one_append():
    play = at_work() >> EndRun(
        run=R1, upto=2, content=Content(text="Well."), questions=(asking(to=(ADA,)),)
    )
    play << [
        composed(R1, "Well."),
        QuestionAsked(
            question=Q1,
            run=R1,
            kind="choice",
            text="Which?",
            options=(TEA, COFFEE),
            to=(ADA,),
            agent="echo",
        ),
        finished(R1, "paused", upto=2, agent="echo", asker=ADA),
    ]
    play << Idle()


def test_an_answer_closes_its_question_and_calls_for_the_agent():
    play = waiting() >> Answer(by=ADA, question=Q1, answer="t")
    play << closed(answer="t", by=ADA) << Begin()


def test_the_first_answer_stands():
    play = waiting() >> Join(participant=BOB, role="member")
    play >> Answer(by=ADA, question=Q1, answer="t") >> Answer(by=BOB, question=Q1, answer="c")
    play << Refused(texts.QUESTION_ANSWERED)


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


def test_whoever_answers_too_late_is_told_how_it_ended():
    soon = AT + seconds(10)
    play = waiting(asking(expires_at=soon)) >> seconds(10)
    play >> Answer(by=ADA, question=Q1, answer="t") << Refused(texts.QUESTION_EXPIRED)
    play >> ExpireQuestions() << closed(Q1, "expired")
    play >> Answer(by=ADA, question=Q1, answer="t") << Refused(texts.QUESTION_EXPIRED)
    play >> Answer(by=ADA, question=Q2, answer="t") << Refused(texts.QUESTION_OVER)


def test_how_the_last_questions_ended_is_remembered_and_no_more():
    play = at_work()
    for number in range(OVER_KEPT + 5):
        question = QuestionId(f"q_{number}")
        play >> QuestionAsked(question=question, run=R1, kind="open", text="?")
        play >> Answer(by=ADA, question=question, answer="yes")
    assert len(play.session.over) == OVER_KEPT
    last = QuestionId(f"q_{OVER_KEPT + 4}")
    play >> Answer(by=ADA, question=last, answer="no") << Refused(texts.QUESTION_ANSWERED)


def test_where_it_was_answered_is_kept():
    play = waiting() >> Answer(by=ADA, question=Q1, answer="t", conversation=DM)
    play << closed(answer="t", by=ADA, conversation=DM)


# -- approvals ------------------------------------------------------------------------------------

PLANNED = PlannedCall(call=CALL, name="drill", arguments="{}")
APPROVALS = tuple(Option(id=each, label=each.title()) for each in ("approve", "deny", "always"))


def approval(question=Q1, call=PLANNED):
    return Asking(question=question, kind="approval", text="drill {}", options=APPROVALS, call=call)


def test_always_approves_the_call_and_is_a_setting_from_then_on():
    play = waiting(approval(), approval(Q2)) >> Answer(by=ADA, question=Q1, answer="always")
    always = SettingChanged(scope="session", name="always:drill", value="yes", by=ADA)
    play << [closed(answer="always", by=ADA), always]
    play >> Answer(by=ADA, question=Q2, answer="always")
    play << QuestionClosed(question=Q2, asked=5, outcome="answered", answer="always", by=ADA)


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_answer_for_once_sets_nothing(answer):
    (
        waiting(approval())
        >> Answer(by=ADA, question=Q1, answer=answer)
        << closed(answer=answer, by=ADA)
    )


def test_always_means_nothing_without_a_call_to_approve():
    play = waiting(approval(call=None)) >> Answer(by=ADA, question=Q1, answer="always")
    play << closed(answer="always", by=ADA)


def test_the_call_stays_with_its_open_question():
    assert waiting(approval()).session.questions[Q1].call == PLANNED


@pytest.mark.parametrize("role", ["viewer", None])
def test_only_owners_and_members_approve(role):
    play = waiting(approval())
    if role:
        play >> Join(participant=EVE, role=role)
    play >> Answer(by=EVE, question=Q1, answer="approve")
    assert isinstance(play.error, Refused)
    assert Q1 in play.session.questions
