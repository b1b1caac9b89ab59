"""Where what is heard goes, and what a button or a few words mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands import Answer, Say
from bridge.content import Attachment, Content, Option
from bridge.ids import ChannelName, MediaId, ParticipantId, QuestionId, SessionId, mint
from bridge.parts import Address
from bridge.routing import (
    MAX_VALUE,
    MOST_CODES,
    SHARED,
    AnswerPress,
    SayingPress,
    UndoPress,
    answer_button,
    codes_within,
    pressed,
    saying_button,
    session_for,
    typed_answer,
)
from bridge.session import OpenQuestion, Session
from tests.playbook import ADA, BOB, DM, HERE, Q1, Q2, R1

TEA, COFFEE = Option(id="t", label="Tea"), Option(id="c", label="Black Coffee")
Q3 = QuestionId("q_3")


def address(place="1", channel="chat"):
    return Address(channel=ChannelName(channel), place=place)


# -- which session --------------------------------------------------------------------------------


def test_a_shared_account_has_one_session():
    assert session_for("shared", address("1"), ADA, room=False) == SHARED
    assert session_for("shared", address("2"), BOB, room=False) == SHARED


def test_a_person_has_one_session_wherever_they_write_from():
    assert session_for("per_person", address("1"), ADA, room=False) == session_for(
        "per_person", address("2", "other"), ADA, room=False
    )
    assert session_for("per_person", address(), ADA, room=False) != session_for(
        "per_person", address(), BOB, room=False
    )


def test_a_place_has_one_session_whoever_writes_there():
    there = session_for("per_place", address("1"), ADA, room=False)
    assert there == session_for("per_place", address("1"), BOB, room=False)
    assert there != session_for("per_place", address("2"), ADA, room=False)
    assert there != session_for("per_place", address("1", "other"), ADA, room=False)


def test_names_that_run_together_do_not_make_one_place():
    one = session_for("per_place", address("bc", "a"), ADA, room=False)
    assert one != session_for("per_place", address("c", "ab"), ADA, room=False)


@given(st.text(), st.sampled_from(["per_person", "per_place"]))
def test_the_first_message_heard_twice_makes_one_session(place, policy):
    """After a crash the same id is derived again; it fits wherever ids go."""
    found = session_for(policy, address(place), ADA, room=False)
    assert found == session_for(policy, address(place), ADA, room=False)
    assert len(found) <= 20


# -- buttons --------------------------------------------------------------------------------------


@given(st.integers(0, 999))
def test_an_answer_button_names_the_question_and_which_option(option):
    question = QuestionId(mint("q"))
    value = answer_button(question, option)
    assert pressed(value) == AnswerPress(question=question, option=option)
    assert len(value.encode()) <= MAX_VALUE


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_saying_button_says_its_label_as_far_as_it_fits(label):
    value = saying_button(label)
    assert len(value.encode()) <= MAX_VALUE
    found = pressed(value)
    assert isinstance(found, SayingPress)
    assert label.startswith(found.words)
    assert found.words == label or len(label.encode()) > MAX_VALUE - 2


@pytest.mark.parametrize(
    "value", ["", "a", "a:", "a:q_1", "a:q_1:", "a:q_1:x", "a::1", "s:", "x:1:2", "a:q:-1", "🙂"]
)
def test_a_value_of_no_button_of_ours_means_nothing(value):
    assert pressed(value) is None


@given(st.text())
def test_whatever_a_platform_hands_us_is_no_surprise(value):
    assert pressed(value) is None or isinstance(pressed(value), AnswerPress | SayingPress)


def test_a_number_too_long_to_be_one_means_nothing():
    assert pressed("a:q_1:" + "9" * 5000) is None


# -- typed answers --------------------------------------------------------------------------------


def question(*options, to=(), asked=1):
    return OpenQuestion(asked=asked, run=R1, kind="choice", options=options, to=to, expires_at=None)


def waiting(**questions):
    return Session(id=HERE, questions={QuestionId(key): each for key, each in questions.items()})


def said(text, by=ADA, **fields):
    return Say(by=by, conversation=DM, content=Content(text=text), **fields)


def chosen(answer, question=Q1, by=ADA):
    return Answer(by=by, question=question, answer=answer, conversation=DM)


CHOICE = waiting(q_1=question(TEA, COFFEE))


@pytest.mark.parametrize("text", ["2", " 2 ", "black coffee", "Black Coffee", "BLACK COFFEE\n"])
def test_the_number_or_the_label_of_an_option_chooses_it(text):
    assert typed_answer(CHOICE, said(text)) == chosen("c", Q1, ADA)


def test_the_id_of_an_option_chooses_it_too():
    """Whatever an approval's buttons say, `approve` approves."""
    yes = Option(id="approve", label="Yes, do it")
    assert typed_answer(waiting(q_1=question(yes, TEA)), said("Approve")) == chosen("approve")


@pytest.mark.parametrize("text", ["0", "3", "coffee", "1.", "-1", "", "²", "1 2", "9" * 5000])
def test_anything_else_is_something_said(text):
    assert typed_answer(CHOICE, said(text)) is None


def test_any_words_answer_the_only_open_question_without_options():
    open_one = waiting(q_1=question())
    assert typed_answer(open_one, said(" at noon ")) == chosen("at noon", Q1, ADA)
    assert typed_answer(open_one, said("  ")) is None


def test_of_two_without_options_neither_is_answered_by_words_alone():
    both = waiting(q_1=question(asked=1), q_2=question(asked=2))
    assert typed_answer(both, said("at noon")) is None


def test_a_reply_to_a_question_is_about_that_question():
    both = waiting(q_1=question(asked=1), q_2=question(asked=2))
    answer = typed_answer(both, said("at noon", reply_to=2))
    assert answer == chosen("at noon", Q2, ADA)


def test_words_in_reply_to_something_else_are_something_said():
    assert typed_answer(waiting(q_1=question(asked=1)), said("at noon", reply_to=7)) is None


def test_a_number_that_two_questions_offer_answers_neither_without_a_reply():
    both = waiting(q_1=question(TEA, COFFEE, asked=1), q_2=question(COFFEE, TEA, asked=2))
    assert typed_answer(both, said("1")) is None
    assert typed_answer(both, said("1", reply_to=2)) == chosen("c", Q2, ADA)


def test_a_choice_that_could_be_two_is_no_answer_to_a_third_either():
    session = waiting(q_1=question(TEA, asked=1), q_2=question(TEA, asked=2), q_3=question(asked=3))
    assert typed_answer(session, said("1")) is None
    assert typed_answer(session, said("at noon")) == chosen("at noon", Q3, ADA)


def test_only_those_who_are_asked_answer():
    session = waiting(q_1=question(TEA, to=(BOB,)))
    assert typed_answer(session, said("1")) is None
    assert typed_answer(session, said("1", by=BOB)) == chosen("t", Q1, BOB)


def test_what_is_not_meant_for_the_agent_is_no_answer():
    assert typed_answer(CHOICE, said("1", addressed=False)) is None


def test_a_picture_is_no_answer():
    picture = Attachment(kind="image", name="a", mime="image/png", size=1, media=MediaId("m"))
    spoken = Say(by=ADA, conversation=DM, content=Content(text="1", attachments=(picture,)))
    assert typed_answer(CHOICE, spoken) is None


def test_where_nothing_is_asked_nothing_is_answered():
    assert typed_answer(waiting(), said("1")) is None


@given(st.text())
def test_whatever_people_type_is_no_surprise(text):
    answer = typed_answer(CHOICE, said(text))
    assert answer is None or answer.answer in {"t", "c"}


def test_ids_are_of_their_own_types():
    assert isinstance(session_for("shared", address(), ParticipantId("p"), room=False), str)
    assert SessionId("main") == SHARED


@pytest.mark.parametrize("policy", ["shared", "per_person", "per_place"])
def test_a_room_has_a_session_of_its_own_whatever_private_places_have(policy):
    own = session_for(policy, address("1"), ADA, room=True)
    assert own == session_for(policy, address("1"), BOB, room=True)
    assert own not in {SHARED, session_for(policy, address("2"), ADA, room=True)}


def test_a_button_that_undoes_names_the_grant():
    assert pressed("u:ABCDEF") == UndoPress(grant="ABCDEF")
    assert pressed("u:") is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("ABCDE-FGHJK", ("ABCDE-FGHJK",)),
        ("it is abcdefghjk.", ("abcdefghjk",)),
        ("@bridge /link ABCDE-FGHJK, quick", ("ABCDE-FGHJK",)),
        ("ABCDE-FGHJK and ABCDE-FGHJK", ("ABCDE-FGHJK",)),
        ("XABCDE-FGHJK", ()),
        ("ABCDE-FGHJKX", ()),
        ("nothing here", ()),
    ],
)
def test_codes_are_found_anywhere_in_a_text(text, codes):
    assert codes_within(text) == codes


def test_only_so_many_codes_are_looked_for_in_one_text():
    text = " ".join(f"ABCDE-FGH{a}{b}" for a in "ABCDE" for b in "ABCDE")
    assert len(codes_within(text)) == MOST_CODES
