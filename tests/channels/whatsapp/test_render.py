"""A part as WhatsApp shows it: within its limits, with something to type for every button."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import Rejected
from bridge.domain.parts import Button
from channels.markdown.units import utf16
from channels.whatsapp import limits, render
from channels.whatsapp.client import Outgoing
from channels.whatsapp.config import Templates
from tests.channels.whatsapp.parts import PDF, PNG, YES_NO, part

NONE = Templates()
TWO = Templates(buttons_2="HX" + "2" * 32)


def link(attachment, lifetime):
    return f"https://bridge.example/files/{attachment.media}"


def nowhere(attachment, lifetime):
    return None


def shown(given, templates=NONE, where=link) -> Outgoing:
    return render.message(given, templates, where)


# -- words ----------------------------------------------------------------------------------------


def test_markdown_is_whatsapps_own_formatting():
    assert shown(part("**bold** and [this](https://x.example)")).body == (
        "*bold* and this (https://x.example)"
    )


def test_words_from_elsewhere_are_labelled():
    assert shown(part("hi", speaker="Ada · Telegram")).body == "*Ada · Telegram*\nhi"


def test_a_name_cannot_format_or_break_the_line():
    assert shown(part("hi", speaker="A*d_a\n~x`")).body.splitlines() == ["*A d a x*", "hi"]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_is_not_sent(text):
    with pytest.raises(Rejected) as raised:
        shown(part(text))
    assert raised.value.code == "empty"


def test_what_is_too_long_for_one_message_is_rejected():
    assert utf16(shown(part("x" * 1600)).body) == 1600
    with pytest.raises(Rejected) as raised:
        shown(part("x" * 1601))
    assert raised.value.code == "21617"


# -- buttons --------------------------------------------------------------------------------------


def test_without_a_template_choices_are_numbered():
    sent = shown(part("Go?", buttons=YES_NO))
    assert not sent.template
    assert sent.body.startswith("Go?\n\n")
    assert "1. Yes\n2. No" in sent.body
    assert "1 to 2" in sent.body


def test_with_a_fitting_template_they_are_buttons_and_can_still_be_typed():
    sent = shown(part("Go?", buttons=YES_NO), TWO)
    assert sent.template == TWO.buttons_2
    body, *pairs = sent.variables
    assert pairs == ["Yes", "a:q_1:0", "No", "a:q_1:1"]
    assert "1. Yes\n2. No" in body
    assert not sent.body


def test_a_title_is_cut_where_whatsapp_would_refuse_it_and_stands_whole_in_the_text():
    buttons = (YES_NO[0], Button(value="v", label="No, not before next week"))
    body, *pairs = shown(part("Go?", buttons=buttons), TWO).variables
    assert pairs[2] == "No, not before next…"
    assert len(pairs[2]) == limits.BUTTON_TITLE
    assert "2. No, not before next week" in body


def test_more_choices_than_any_template_are_numbered():
    buttons = tuple(Button(value=f"v{number}", label=f"Choice {number}") for number in range(5))
    sent = shown(part("Go?", buttons=buttons), TWO)
    assert not sent.template
    assert "5. Choice 4" in sent.body


def test_a_text_too_long_for_a_template_is_a_plain_message():
    sent = shown(part("x" * 1100, buttons=YES_NO), TWO)
    assert not sent.template
    assert "1. Yes" in sent.body


@given(st.integers(0, 900), st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=20))
def test_choices_always_fit_and_each_has_its_number(length, labels):
    buttons = tuple(Button(value=f"v{n}", label=label) for n, label in enumerate(labels))
    sent = shown(part("x" * (length + 1), buttons=buttons))
    assert utf16(sent.body) <= limits.BODY
    assert str(len(labels)) in sent.body


# -- files ----------------------------------------------------------------------------------------


def test_a_file_goes_by_its_public_address():
    sent = shown(part("", attachments=(PDF,)))
    assert sent == Outgoing(media="https://bridge.example/files/m_plan")


def test_an_image_has_its_words_and_speaker_below_it():
    sent = shown(part("Look", attachments=(PNG,), speaker="Ada · Slack"))
    assert sent == Outgoing(media="https://bridge.example/files/m_cat", body="*Ada · Slack*\nLook")


@pytest.mark.parametrize(
    "given",
    [
        part("", attachments=(replace(PNG, size=limits.IMAGE_BYTES + 1),)),
        part("", attachments=(replace(PDF, size=limits.FILE_BYTES + 1),)),
        part("", attachments=(replace(PDF, mime="application/zip"),)),
        part("words", attachments=(PDF,)),
        part("", attachments=(PNG, PDF)),
    ],
)
def test_what_whatsapp_does_not_take_as_a_file_is_told_of(given):
    sent = shown(given)
    assert not sent.media
    for file in given.attachments:
        assert file.name in sent.body
    assert given.text in sent.body


def test_without_a_public_address_a_file_is_told_of():
    sent = shown(part("", attachments=(PNG,)), where=nowhere)
    assert not sent.media
    assert "cat.png" in sent.body
    assert "browser" in sent.body
