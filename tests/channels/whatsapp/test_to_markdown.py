"""WhatsApp's formatting; what has none is literal (`test_parse` has the samples)."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.content import Content
from channels.whatsapp import from_markdown as whatsapp
from channels.whatsapp.to_markdown import content


def test_words_without_formatting_are_literal():
    assert content("2*3*4") == Content(text="2*3*4", literal=True)
    assert content("") == Content()


@given(st.text(alphabet="ab1_.\\-#[](){}!|>< ", max_size=30))
def test_among_formatting_every_other_word_stays(words):
    shown = whatsapp.render(content(f"*so* x{words}x").text)
    bare = (re.sub("[`_]", "", each) for each in (shown, f"*so* x{words}x"))
    assert len({" ".join(each.split()) for each in bare}) == 1


def test_an_address_among_formatting_stays_to_the_letter():
    url = "https://en.wikipedia.org/wiki/Sarah_Jessica_Parker"
    heard = content(f"*see* {url} and https://a.b/doc/bla_bla_bla")
    assert heard.text == f"**see** {url} and https://a.b/doc/bla_bla_bla"


def test_what_begins_a_line_and_empty_lines_are_kept_among_formatting():
    assert whatsapp.render(content("*def*\n    x\n\n\n\t`y`  z").text) == (
        "*def*\n    x\n\n\n    `y`  z"
    )
