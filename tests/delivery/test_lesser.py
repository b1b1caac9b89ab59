"""What a platform refuses is shown in less: without its form, without its files, in neither."""

from dataclasses import replace

import pytest

from bridge import texts
from bridge.delivery.lesser import lesser
from bridge.domain.content import Attachment
from bridge.domain.ids import ConversationId, MediaId, MessageId, PartId, SessionId
from bridge.domain.parts import Button, Capabilities, Part, Span
from bridge.session.routing import saying_button

LIMITS = Capabilities(max_chars=400)
FILE = Attachment(kind="file", name="a.pdf", mime="application/pdf", size=9, media=MediaId("m"))
ASKED = tuple(
    Button(value=f"a:3:{number}:{'0' * 16}", label=label)
    for number, label in enumerate(("Approve", "Always", "Deny"))
)
PART = Part(
    id=PartId("3:0"),
    session=SessionId("s"),
    conversation=ConversationId("c"),
    source=3,
    upto=3,
    span=Span(start=0, end=5),
    text="hello",
    attachments=(FILE,),
    buttons=ASKED,
    reply_to=MessageId("7"),
)


def test_a_part_that_was_never_refused_stays_as_it_is() -> None:
    for why in ("", "muted", "origin", "unchanged"):
        assert lesser(PART, why, LIMITS) is PART


def test_plain_is_without_buttons_and_reply_and_lists_what_could_be_pressed() -> None:
    plain = lesser(PART, "plain", LIMITS)
    assert (plain.buttons, plain.reply_to, plain.attachments) == ((), None, (FILE,))
    assert plain.text.startswith("hello\n\n1. Approve\n2. Always\n3. Deny\n")
    assert plain.is_plain


def test_an_option_keeps_its_number_where_not_all_are_offered() -> None:
    """Else "1" would approve what only could be denied."""
    plain = lesser(replace(PART, buttons=ASKED[2:]), "plain", LIMITS)
    assert "3. Deny" in plain.text
    assert "1." not in plain.text


def test_buttons_that_say_something_are_listed_as_words() -> None:
    told = Button(value=saying_button("Tell me more"), label="Tell me more")
    plain = lesser(replace(PART, buttons=(told,)), "plain", LIMITS)
    assert plain.text == f"hello\n\n{texts.sayings(['Tell me more'])}"


def test_a_question_is_never_cut_for_the_sake_of_its_options() -> None:
    long = replace(PART, text="x" * 390)
    assert lesser(long, "plain", LIMITS).text == long.text


def test_without_its_files_they_are_named_and_the_form_stays() -> None:
    without = lesser(PART, "without_file", LIMITS)
    assert without.text == f"hello\n\n{texts.file_refused('a.pdf', 9)}"
    assert (without.attachments, without.buttons, without.is_plain) == ((), ASKED, False)


def test_files_alone_become_their_names() -> None:
    alone = replace(PART, text="", attachments=(FILE, FILE), buttons=())
    named = texts.file_refused("a.pdf", 9)
    assert lesser(alone, "without_file", LIMITS).text == f"{named}\n{named}"


def test_no_word_is_lost_to_the_names_of_files() -> None:
    full = replace(PART, text="x" * 360, buttons=())
    without = lesser(full, "without_file", LIMITS)
    assert without.text == f"{full.text}\n\n{texts.FILES_REFUSED}"
    assert len(without.text) <= LIMITS.max_chars


@pytest.mark.parametrize("text", ["hello", ""])
def test_bare_is_without_both(text: str) -> None:
    bare = lesser(replace(PART, text=text), "bare", LIMITS)
    assert (bare.attachments, bare.buttons, bare.is_plain) == ((), (), True)
    assert "a.pdf" in bare.text
    assert "1. Approve" in bare.text


def test_what_is_lessened_twice_is_lessened_once() -> None:
    once = lesser(PART, "bare", LIMITS)
    assert lesser(once, "bare", LIMITS) == once
