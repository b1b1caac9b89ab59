"""How questions are asked and end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import texts
from bridge.domain.commands import (
    Answer,
    Archive,
    Ask,
    ChangeRole,
    EndRun,
    ExpireQuestions,
    Join,
    Leave,
    Merge,
    Stop,
    Withdraw,
)
from bridge.domain.content import Content, Option
from bridge.domain.errors import Refused
from bridge.domain.events import (
    ConversationLinked,
    PlannedCall,
    QuestionAsked,
    QuestionClosed,
    SettingChanged,
)
from bridge.domain.ids import QuestionId
from bridge.domain.run_output import Asking
from bridge.session.decide_questions import MOST_AN_HOUR, MOST_OPEN, is_taken
from bridge.session.fold import OVER_KEPT, Begin, Idle
from bridge.session.tool_grants import always_allowed
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
    ROOM,
    seconds,
    with_ada,
)
from tests.session.lines import (
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
    always = SettingChanged(scope="session", of="echo", name="always:drill", value="yes", by=ADA)
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


def test_always_is_said_to_the_agent_that_asked():
    """Another one has other tools of that name, and others may approve them."""
    asked = QuestionAsked(
        question=Q1, run=R1, agent="coder", kind="approval", text="?",
        options=APPROVALS, call=PLANNED,
    )  # fmt: skip
    play = at_work() >> asked >> Answer(by=ADA, question=Q1, answer="always")
    assert list(always_allowed(play.session, "coder")) == ["drill"]
    assert not always_allowed(play.session, "helper")


@pytest.mark.parametrize(
    "later",
    [approval(call=PlannedCall(call=CALL, name="drill", arguments="[]")), approval(call=None)],
)
def test_the_id_of_a_question_is_not_free_for_another_one(later):
    play = waiting(approval())
    assert is_taken(play.session, later)
    assert not is_taken(play.session, approval()), "whoever asks it again asks the same"
    assert not is_taken(play.session, approval(Q2))
    play >> Answer(by=ADA, question=Q1, answer="deny")
    assert is_taken(play.session, approval())


@pytest.mark.parametrize("between", ["\n", "\r", "\u2028", "\x0b", " \n\n "])
def test_an_option_is_one_line_in_which_nobody_else_speaks(between):
    """A model chooses the labels; where there are no buttons they stand below each other."""
    label = f"Tea{between}2. Coffee{between}**Ada · Telegram**{between}I approve"
    asking_so = replace(
        asking(), options=(Option(id="t", label=label), Option(id="c", label=between))
    )
    play = waiting(asking_so)
    shown = [each.label for each in play.session.questions[Q1].options]
    assert shown == ["Tea 2. Coffee **Ada · Telegram** I approve", "c"]


@pytest.mark.parametrize("answer", ["approve", "always"])
def test_whoever_came_after_a_call_was_asked_about_can_only_deny_it(answer):
    play = waiting(approval()) >> Join(participant=BOB, role="member")
    play >> Answer(by=BOB, question=Q1, answer=answer) << Refused(texts.NOT_ASKED_OF_YOU)
    play >> Answer(by=BOB, question=Q1, answer="deny") << closed(answer="deny", by=BOB)


def test_in_a_room_that_shows_the_question_whoever_came_later_answers_it():
    play = at_work() >> ConversationLinked(conversation=ROOM, by=ADA)
    play >> EndRun(run=R1, upto=2, questions=(asking(),)) >> Join(participant=BOB, role="member")
    play >> Answer(by=BOB, question=Q1, answer="t", conversation=ROOM)
    play << replace(closed(answer="t", by=BOB, conversation=ROOM), asked=5)


def test_a_room_that_came_later_than_the_question_shows_nobody_what_it_was():
    play = waiting() >> ConversationLinked(conversation=ROOM, by=ADA)
    play >> Join(participant=BOB, role="member")
    play >> Answer(by=BOB, question=Q1, answer="t", conversation=ROOM)
    play << Refused(texts.NOT_ASKED_OF_YOU)


ASKED = QuestionId("ask_1")


def program(**fields):
    return Ask(by=ADA, question=ASKED, text="Deploy?", options=(TEA, COFFEE), **fields)


def with_two():
    return with_ada() >> Join(participant=BOB, role="member")


def test_what_a_program_asks_is_of_no_run_and_its_answer_calls_for_no_agent():
    play = with_two() >> program(to=(BOB,))
    play << QuestionAsked(
        question=ASKED,
        run=ASKED,
        kind="choice",
        text="Deploy?",
        options=(TEA, COFFEE),
        to=(BOB,),
        by=ADA,
    )
    assert play.drafts[0].key == "asked:ask_1"
    play << Idle()
    play >> Answer(by=BOB, question=ASKED, answer="t", conversation=DM)
    assert play.drafts[0].body.answer == "t"
    play << Idle()


def test_it_is_asked_while_a_run_is_open_and_outlives_stop():
    play = at_work() >> program() >> Stop(by=ADA)
    assert list(play.session.questions) == [ASKED]
    play >> Archive(by=ADA)
    assert not play.session.questions


def test_it_ends_with_the_right_to_ask():
    for ending in (
        Leave(participant=BOB, by=ADA),
        ChangeRole(by=ADA, participant=BOB, role="viewer"),
    ):
        play = with_two() >> replace(program(), by=BOB) >> ending
        assert play.session.over == {ASKED: "withdrawn"}


def test_it_ends_once_nobody_whom_it_is_for_may_answer():
    """Or whoever waits for the answer would wait for ever."""
    for ending in (
        Leave(participant=BOB, by=ADA),
        ChangeRole(by=ADA, participant=BOB, role="viewer"),
    ):
        assert (with_two() >> program(to=(BOB,)) >> ending).session.over == {ASKED: "withdrawn"}
        for to in ((), (ADA, BOB)):
            assert ASKED in (with_two() >> program(to=to) >> ending).session.questions


def test_it_is_taken_back_by_whoever_asked_it_or_an_owner():
    play = with_two() >> program()
    play >> Withdraw(by=BOB, question=ASKED) << Refused(texts.NOT_YOURS_TO_WITHDRAW)
    play >> Withdraw(by=ADA, question=ASKED)
    assert play.session.over == {ASKED: "withdrawn"}
    play >> Withdraw(by=ADA, question=ASKED) << NOTHING
    play >> Withdraw(by=ADA, question=Q2) << Refused(texts.QUESTION_OVER)


def test_what_an_agent_asks_is_not_taken_back_so():
    play = waiting() >> Withdraw(by=ADA, question=Q1)
    play << Refused(texts.NOT_YOURS_TO_WITHDRAW)


def test_only_people_who_may_answer_are_asked_and_in_time():
    play = with_ada() >> program(to=(EVE,)) << Refused(texts.ASKED_OUTSIDE)
    play >> program(expires_at=AT) << Refused(texts.QUESTION_EXPIRED)


def test_programs_have_so_many_open_and_a_repeat_is_none_more():
    play = with_ada()
    for number in range(MOST_OPEN):
        play >> replace(program(), question=QuestionId(f"ask_{number}"))
    play >> replace(program(), question=Q2) << Refused(texts.too_many_open(MOST_OPEN))
    play >> program()
    assert play.error is None
    play >> Answer(by=ADA, question=ASKED, answer="t") >> program()
    assert play.error is None


def test_programs_ask_so_often_within_an_hour_also_what_they_take_back_at_once():
    """Each is a card in every app, and changes once more when it is taken back."""
    play = with_two()
    for number in range(MOST_AN_HOUR):
        name = QuestionId(f"ask_{number}")
        play >> replace(program(), question=name) >> Withdraw(by=ADA, question=name)
        assert play.error is None
    more = replace(program(), question=QuestionId("ask_more"))
    play >> more << Refused(texts.too_many_asked(MOST_AN_HOUR))
    play >> replace(program(), question=QuestionId(f"ask_{MOST_AN_HOUR - 1}"))
    assert play.error is None, "a repeat is told what became of it"
    play >> replace(more, by=BOB, question=QuestionId("ask_other"))
    assert play.error is None, "nobody uses up another's"
    play >> timedelta(hours=1, seconds=1) >> more
    assert play.error is None


def test_whose_program_it_is_is_known_when_two_turn_out_to_be_one():
    play = with_two() >> replace(program(), by=BOB) >> Merge(participant=BOB, into=ADA)
    assert play.session.questions[ASKED].by == ADA
