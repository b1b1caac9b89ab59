"""Where what is heard goes, and what a button or a few words mean."""

import re
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import texts
from bridge.catalogs import others
from bridge.domain.commands import Answer, Say
from bridge.domain.content import Attachment, Content, Option
from bridge.domain.events import PlannedCall, Pushed, QuestionAsked, Source
from bridge.domain.ids import (
    CallId,
    ChannelName,
    MediaId,
    ParticipantId,
    QuestionId,
    RunId,
    Seq,
    SessionId,
)
from bridge.domain.look_alikes import capital
from bridge.domain.parts import Address
from bridge.session.fold import OpenQuestion, Session
from bridge.session.permission_table import ROLES
from bridge.session.routing import (
    MAX_VALUE,
    MOST_CHOICES,
    SHARED,
    AnswerPress,
    Press,
    PushPress,
    SayingPress,
    TypedCode,
    UnboundPress,
    UndoPress,
    answer_button,
    bare_code,
    codes_within,
    command_buttons,
    is_of_question,
    new_session,
    pressed,
    push_button,
    pushed_words,
    saying_button,
    session_for,
    typed_answer,
    typed_code,
    typed_role,
)
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


CALL = PlannedCall(call=CallId("k_1"), name="shell", arguments='{"command": "ls"}')
ASKED = QuestionAsked(
    question=Q1, run=R1, kind="approval", text="May I?", options=(TEA, COFFEE), call=CALL
)


@given(st.text(), st.integers(1, 10**12), st.lists(st.text(), min_size=1, max_size=30))
def test_the_button_of_a_card_names_its_question_and_which_option(ident, seq, names):
    options = tuple(Option(id=each, label=each) for each in names)
    question = replace(ASKED, question=QuestionId(ident), options=options)
    for number in range(len(options)):
        value = answer_button(HERE, Seq(seq), question, number)
        assert len(value.encode()) <= MAX_VALUE
        press = pressed(value)
        assert isinstance(press, AnswerPress)
        assert (press.asked, press.option) == (seq, number)
        assert is_of_question(press, HERE, question)


OTHERS = [
    replace(ASKED, question=Q2),
    replace(ASKED, run=RunId("r_other")),
    replace(ASKED, call=None),
    replace(ASKED, call=replace(CALL, name="python")),
    replace(ASKED, call=replace(CALL, arguments='{"command": "rm -rf /"}')),
    replace(ASKED, options=(COFFEE, TEA)),
    replace(ASKED, options=()),
]


@pytest.mark.parametrize("other", OTHERS, ids=range(len(OTHERS)))
def test_the_button_of_a_card_is_no_button_of_any_other_question(other):
    """In another session or number, from another run, or about another call."""
    press = pressed(answer_button(HERE, Seq(7), ASKED, 0))
    assert not is_of_question(press, HERE, other)
    assert not is_of_question(press, SessionId("s_other"), ASKED)
    for forged in (
        replace(press, asked=Seq(8)),
        replace(press, option=1),
        replace(press, option=999_999),
        replace(press, check="0" * 16),
    ):
        assert not is_of_question(forged, HERE, ASKED)


@pytest.mark.parametrize(
    ("ident", "minted"),
    [("q_" + "0a" * 8, True), ("q_deploy", False), ("q_" + "A" * 16, False), ("7:0", False)],
)
def test_a_card_of_before_cards_had_checks_names_its_question_alone(ident, minted):
    press = pressed(f"a:{ident}:3")
    assert press == UnboundPress(question=QuestionId(ident), option=3)
    assert press.is_minted == minted


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_saying_button_says_all_of_its_words_or_is_none(label):
    """Cut, it would say something else, and two that differ would say the same."""
    value = saying_button(label)
    assert (value is None) == (len(label.encode()) > MAX_VALUE - 2)
    assert value is None or pressed(value) == SayingPress(words=label)


@given(st.text(), st.integers(1, 10**12), st.integers(0, 99), st.text())
def test_the_button_of_a_push_says_the_label_that_it_was_shown_with(label, seq, number, other):
    option = Option(id="u:ABCDEF", label=label)
    pushed = Pushed(
        source=Source(kind="api"), content=Content(text="news"), buttons=(option,) * (number + 1)
    )
    value = push_button(HERE, Seq(seq), pushed, number)
    assert len(value.encode()) <= MAX_VALUE
    press = pressed(value)
    assert isinstance(press, PushPress)
    assert pushed_words(press, HERE, pushed) == label
    assert pushed_words(press, HERE, replace(pushed, buttons=(option,) * number)) is None
    relabelled = replace(pushed, buttons=(replace(option, label=other),) * (number + 1))
    assert pushed_words(press, HERE, relabelled) in {None, label}
    assert pushed_words(press, SessionId("s_other"), pushed) is None
    assert pushed_words(press, HERE, replace(pushed, content=Content(text="other"))) is None


@given(st.text(), st.text())
def test_nothing_that_an_agent_offers_reads_as_a_button_of_the_bridges_own(ident, label):
    option = Option(id=ident, label=label)
    pushed = Pushed(source=Source(kind="api"), content=Content(), buttons=(option,))
    assert isinstance(pressed(push_button(HERE, Seq(1), pushed, 0)), PushPress)
    asked = replace(ASKED, question=QuestionId(ident), options=(option,))
    assert isinstance(pressed(answer_button(HERE, Seq(1), asked, 0)), AnswerPress)


@pytest.mark.parametrize(
    "value", ["", "a", "a:", "a:q_1", "a:q_1:", "a:q_1:x", "a::1", "s:", "x:1:2", "a:q:-1", "🙂"]
)
def test_a_value_of_no_button_of_ours_means_nothing(value):
    assert pressed(value) is None


@given(st.text())
def test_whatever_a_platform_hands_us_is_no_surprise(value):
    assert pressed(value) is None or isinstance(pressed(value), Press)


def test_a_number_too_long_to_be_one_means_nothing():
    assert pressed("a:q_1:" + "9" * 5000) is None


# -- typed answers --------------------------------------------------------------------------------


def question(*options, to=(), asked=1, by=None):
    return OpenQuestion(
        asked=asked, run=R1, kind="choice", options=options, to=to, expires_at=None, by=by
    )


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


def test_an_answer_that_the_bridge_offers_is_typed_in_any_language_in_which_its_card_may_be():
    yes, no = Option(id="approve", label="Approve"), Option(id="deny", label="Deny")
    asked, known = waiting(q_1=question(yes, no)), tuple(others())
    for text in ("Genehmigen", "genehmigen", "批准", "Approve", "1"):
        assert typed_answer(asked, said(text), known) == chosen("approve")
    assert typed_answer(asked, said("Genehmigen")) is None
    assert typed_answer(asked, said("Immer"), known) is None


def test_no_two_answers_that_the_bridge_offers_are_called_alike_in_any_languages():
    offered = [Option(id=each, label=label) for each, label in texts.ANSWERS.items()]
    asked = waiting(q_1=question(*offered))
    for option in offered:
        for tongue in others():
            typed = said(tongue.says(texts.answer_label(option)))
            assert typed_answer(asked, typed, tuple(others())) == chosen(option.id)


def test_words_answer_no_question_that_was_asked_before_their_speaker_came():
    """They are something said, like any other words."""
    came_later = replace(CHOICE, hidden={ADA: 3})
    assert typed_answer(came_later, said("2")) is None


def test_letters_may_be_typed_in_parts():
    yes = Option(id="o", label="Caf\u00e9")
    assert typed_answer(waiting(q_1=question(yes, TEA)), said("Cafe\u0301")) == chosen("o")


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


@pytest.mark.parametrize(
    "text",
    [
        texts.unreadable("a gift"),
        f"{texts.unreadable('a gift')}\n\n{texts.unreadable('a poll')}",
        f"*Forwarded from Bob:*\n\n{texts.unreadable('a gift')}",
        f"> **Bob:**\n> {texts.unreadable('a message')}",
        texts.unreadable("something that Slack calls 'a\\_b'"),
    ],
)
def test_a_line_that_the_bridge_made_is_no_answer(text):
    """Somebody sent what has no words: they have not answered yet."""
    open_one = waiting(q_1=question())
    assert typed_answer(open_one, said(text)) is None
    assert typed_answer(open_one, said(f"noon\n{text}")) is not None


def test_a_sticker_beside_a_word_lets_no_call_run():
    """What a message says is all that it says; on Discord a sticker comes in its words."""
    yes = Option(id="approve", label="Approve")
    asked = waiting(q_1=question(yes, Option(id="deny", label="Deny")))
    assert typed_answer(asked, said("Approve")) is not None
    assert typed_answer(asked, said("Approve\n[sticker: Wave]")) is None


def test_of_two_without_options_neither_is_answered_by_words_alone():
    both = waiting(q_1=question(asked=1), q_2=question(asked=2))
    assert typed_answer(both, said("at noon")) is None


def test_a_number_that_is_the_label_of_another_option_chooses_neither():
    one, two = Option(id="a", label="2"), Option(id="b", label="1")
    assert typed_answer(waiting(q_1=question(one, two)), said("2")) is None
    same = Option(id="a", label="1"), Option(id="b", label="2")
    assert typed_answer(waiting(q_1=question(*same)), said("2")) == chosen("b")
    counted_from_zero = Option(id="0", label="Tea"), Option(id="1", label="Milk")
    assert typed_answer(waiting(q_1=question(*counted_from_zero)), said("1")) == chosen("0")


def test_a_reply_to_a_question_is_about_that_question():
    both = waiting(q_1=question(asked=1), q_2=question(asked=2))
    answer = typed_answer(both, said("at noon", reply_to=2))
    assert answer == chosen("at noon", Q2, ADA)


def test_words_in_reply_to_something_else_are_something_said():
    assert typed_answer(waiting(q_1=question(asked=1)), said("at noon", reply_to=7)) is None
    for words in ("1", "tea"):
        asking = waiting(q_1=question(TEA, COFFEE, asked=1))
        assert typed_answer(asking, said(words, reply_to=7)) is None


def test_a_number_that_two_questions_offer_answers_neither_without_a_reply():
    both = waiting(q_1=question(TEA, COFFEE, asked=1), q_2=question(COFFEE, TEA, asked=2))
    assert typed_answer(both, said("1")) is None
    assert typed_answer(both, said("1", reply_to=2)) == chosen("c", Q2, ADA)


def test_a_choice_that_could_be_two_is_no_answer_to_a_third_either():
    session = waiting(q_1=question(TEA, asked=1), q_2=question(TEA, asked=2), q_3=question(asked=3))
    assert typed_answer(session, said("1")) is None
    assert typed_answer(session, said("at noon")) == chosen("at noon", Q3, ADA)


YES, NO = Option(id="option-1", label="yes"), Option(id="option-2", label="no")


@pytest.mark.parametrize("text", ["yes", "YES", "no", "option-1"])
def test_a_word_said_to_the_agent_answers_no_program(text):
    """Somebody who tells the agent "yes" has not told a program to deploy."""
    asked = waiting(q_1=question(YES, NO, by=BOB))
    assert typed_answer(asked, said(text)) is None
    assert typed_answer(asked, said(text, reply_to=1)) is not None


def test_a_number_answers_a_program_where_nothing_else_is_asked():
    """Where an app shows no buttons, the card asks for a number."""
    alone = waiting(q_1=question(YES, NO, by=BOB))
    assert typed_answer(alone, said("2")) == chosen("option-2")
    for other in (question(asked=2), question(TEA, asked=2), question(asked=2, by=BOB)):
        both = waiting(q_1=question(YES, NO, by=BOB), q_2=other)
        assert typed_answer(both, said("2")) != chosen("option-2")
    of_bobs = waiting(q_1=question(YES, NO, by=BOB), q_2=question(TEA, to=(BOB,), asked=2))
    assert typed_answer(of_bobs, said("2")) == chosen("option-2"), "which Ada is not asked"


def test_what_may_be_meant_for_a_program_lets_no_call_run():
    approve, deny = Option(id="approve", label="Yes"), Option(id="deny", label="No")
    both = waiting(q_1=question(YES, NO, by=BOB), q_2=question(approve, deny, asked=2))
    for text in ("yes", "1"):
        assert typed_answer(both, said(text)) is None
        assert typed_answer(both, said(text, reply_to=2)) == chosen("approve", Q2)
    assert typed_answer(both, said("approve")) == chosen("approve", Q2)


def test_an_agents_open_question_takes_no_word_that_a_program_offers():
    both = waiting(q_1=question(YES, NO, by=BOB), q_2=question(asked=2))
    assert typed_answer(both, said("yes")) is None
    assert typed_answer(both, said("at noon")) == chosen("at noon", Q2)


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


def test_words_of_others_choose_nothing_and_are_marked_as_theirs():
    """An inline bot, or whoever is forwarded, would else approve a call in somebody's name."""
    passed_on = Content(text="1", outside=True)
    spoken = Say(by=ADA, conversation=DM, content=passed_on)
    assert typed_answer(CHOICE, spoken) is None
    free = typed_answer(waiting(q_3=question()), spoken)
    assert free is not None
    assert free.outside


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
        ("ABCDE-FGHJK", ("ABCDEFGHJK",)),
        ("it is abcdefghjk.", ("ABCDEFGHJK",)),
        ("@bridge /link ABCDE-FGHJK, quick", ("ABCDEFGHJK",)),
        ("ABCDE-FGHJK and ABCDE-FGHJK", ("ABCDEFGHJK",)),
        ("ABCDE FGHJK", ("ABCDEFGHJK",)),
        ("**ABCDE**-`FGHJK`", ("ABCDEFGHJK",)),
        ("AB\u200dCDE\u200b-\u2060FGHJK", ("ABCDEFGHJK",)),
        ("ＡＢＣＤＥ\n𝐅𝐆𝐇𝐉𝐊", ("ABCDEFGHJK",)),  # noqa: RUF001
        ("A B C D E - F G H J K", ("ABCDEFGHJK",)),
        ("XABCDE-FGHJK", ()),
        ("ABCDE-FGHJKX", ()),
        ("nothing here", ()),
    ],
)
def test_codes_are_found_anywhere_in_a_text(text, codes):
    assert codes_within(text) == codes


WAYS = [
    str,
    str.lower,
    lambda each: each + "\u200d",
    lambda each: each + "\u0316",
    lambda each: each + "\u0301",
    lambda each: chr(0xFF21 + ord(each) - ord("A")),  # wide
    lambda each: chr(0x1D400 + ord(each) - ord("A")),  # bold
    lambda each: chr(0x1F1E6 + ord(each) - ord("A")),  # as on flags
    lambda each: chr(0x1F170 + ord(each) - ord("A")),  # in squares
]
"""How the letters of a code are dressed up, and still read."""

LOOKING_LIKE_IT = [
    "АВСDЕ-FGНJК",  # noqa: RUF001 - Cyrillic
    "ΑΒCDΕ-FGΗJΚ",  # noqa: RUF001 - Greek
    "".join(chr(0x1F1E6 + ord(each) - ord("A")) for each in "ABCDEFGHJK"),  # as on flags
    "".join(chr(0x1F170 + ord(each) - ord("A")) for each in "ABCDEFGHJK"),  # in squares
    "\u1d00\u0299\u1d04\u1d05\u1d07 \ua730\u0262\u029c\u1d0a\u1d0b",  # small capitals
    "\u13aa\u13f4\u13df\u13a0\u13ac-F\u13c0\u13bb\u13ab\u13e6",  # Cherokee
    "\ua4ee\ua4d0\ua4da\ua4d3\ua4f0-\ua4dd\ua4d6\ua4e7\ua4d9\ua4d7",  # Lisu
    "ÀBÇDÉ-FĞHJK",
    "код АВСDЕFGНJК, лови",  # noqa: RUF001
]


@pytest.mark.parametrize("text", LOOKING_LIKE_IT, ids=ascii)
def test_a_code_in_letters_that_only_look_like_its_own_is_found(text):
    """Whoever reads it types the ones that they know."""
    assert "ABCDEFGHJK" in codes_within(text)


def test_a_code_beside_words_of_another_alphabet_is_found():
    assert codes_within("вABCDE-FGHJKа") == ("ABCDEFGHJK",)  # noqa: RUF001


def test_digits_of_other_scripts_are_digits_of_a_code():
    assert "23456ABCDE" in codes_within("\u0662\u0663\u0664\u0665\u0666 ABCDE")


@given(st.text())
def test_whatever_is_read_as_a_letter_is_one_of_ascii(text):
    assert all(capital(char) == "" or re.fullmatch("[A-Z0-9]", capital(char)) for char in text)


def test_no_character_makes_a_text_long_that_is_looked_through_for_codes():
    """U+FDFA is a sentence in eighteen letters: forty thousand of them would hold whoever reads."""
    assert max(len(bare_code(chr(code), keep=" ")) for code in range(sys.maxunicode + 1)) <= 6
    assert codes_within("\ufdfa" * 40_000) == ()
    assert len(bare_code("\ufdfa" * 40_000, keep=" ")) == 40_000


def test_a_code_beside_a_sentence_of_one_character_is_found():
    assert codes_within("\ufdfaABCDE\ufdfaFGHJK\ufdfa") == ("ABCDEFGHJK",)


@given(
    st.lists(st.sampled_from(WAYS), min_size=10, max_size=10), st.text("\ufdfa \u3300", max_size=9)
)
def test_a_code_is_found_however_each_of_its_letters_is_dressed(ways, around):
    code = "ABCDEFGHJK"
    dressed = "".join(way(letter) for way, letter in zip(ways, code, strict=True))
    assert code in codes_within(f"{around} {dressed} {around}")


@pytest.mark.parametrize("decoy", ["ABCDE-FGHJK", "A B C D E", "ABCDE ", "\u0410\u0412CDE-FGHJK "])
def test_a_code_is_found_behind_however_many_others(decoy):
    decoys = "".join(f"{decoy[:-1]}{'ABCDEFGHJK'[at % 10]} " for at in range(5_000))
    assert "23456QRSTV" in codes_within(f"{decoys} ! 23456-QRSTV")


@pytest.mark.parametrize(
    "text",
    [
        "ABC DE7 FG HJ",
        "AB-CD-E7-FG-HJ",
        "ABCDE" + " " * 40 + "7FGHJ",
        "first ABCDE and then 7FGHJ",
        "ABCDE comes first, and maybe after that 7FGHJ",
        "A\nB\nC\nD\nE\n7\nF\nG\nH\nJ",
        "ABCDE7F | GHJ".replace(" ", "   .   "),
    ],
)
def test_a_code_is_found_in_whatever_groups_it_is_written(text):
    assert "ABCDE7FGHJ" in codes_within(text)


def test_plain_words_are_mostly_no_codes():
    """Each that may be one costs a look into the store."""
    assert codes_within("the seven seas were far away, and 2 ships went past 15 of them") == ()


def test_a_button_for_each_choice_says_its_command() -> None:
    """What is pressed is what could have been typed; whoever presses it says it."""
    buttons = command_buttons("model", ["fast", "acme/large 2"])
    assert [each.label for each in buttons] == ["fast", "acme/large 2"]
    assert [pressed(each.value) for each in buttons] == [
        SayingPress(words="/model fast"),
        SayingPress(words="/model acme/large 2"),
    ]


def test_a_choice_too_long_for_a_button_has_none() -> None:
    """Cut, it would choose something else."""
    fits, long = "x" * (MAX_VALUE - len("s:/model ")), "ü" * MAX_VALUE
    assert [each.label for each in command_buttons("model", [fits, fits + "x", long])] == [fits]
    assert len(command_buttons("model", map(str, range(100)))) == MOST_CHOICES


@given(st.text(st.characters(max_codepoint=127)), st.sampled_from(["", " "]))
def test_a_code_is_found_the_same_in_a_text_of_ascii_and_in_any_other(text: str, keep: str) -> None:
    """The shorter way for plain texts gives what the longer one does."""
    assert bare_code(text, keep=keep) + keep == bare_code(f"{text}é", keep=keep)


@pytest.mark.parametrize(
    ("argument", "asked"),
    [
        ("Bob viewer", ("Bob", "viewer")),
        ("  Bob   the  Great   OWNER ", ("Bob the Great", "owner")),
        ("owner member", ("owner", "member")),
        ("", None),
        ("viewer", None),
        ("Bob", None),
        ("Bob admin", None),
        ("viewer Bob", None),
    ],
)
def test_a_role_is_the_last_word_after_whom_it_is_for(argument, asked):
    assert typed_role(argument) == asked


@given(st.text())
def test_whatever_is_typed_names_someone_and_a_role_or_nothing(argument):
    asked = typed_role(argument)
    assert asked is None or (asked[0].strip() and asked[1] in ROLES)


CODE = "ABCDE-FGHJK"


@pytest.mark.parametrize(
    ("typed", "code", "asked"),
    [
        (CODE, CODE, False),
        (f" {CODE.lower()} ", CODE.lower(), False),
        (f"/link {CODE}", CODE, True),
        ("/link whatever this is", "whatever this is", True),
    ],
)
def test_a_code_is_known_by_its_form_or_by_being_asked_for(typed, code, asked):
    """Whether it is any good is found out later."""
    assert typed_code(typed) == TypedCode(code=code, asked=asked)


@pytest.mark.parametrize("text", ["hello", f"what about {CODE}", f"{CODE} please", ""])
def test_words_around_a_code_are_words(text):
    assert typed_code(text) is None


def test_a_session_that_a_message_asked_for_is_the_same_however_often_it_is_delivered():
    assert new_session("chat", "1") == new_session("chat", "1")
    assert len({new_session("chat", "1"), new_session("chat", "2"), new_session("mail", "1")}) == 3
