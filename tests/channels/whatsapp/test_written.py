"""WhatsApp's formatting; what has none is literal (`test_parse` has the samples)."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bridge.content import Content
from channels.markdown import whatsapp
from channels.markdown.safe import BREAKER
from channels.whatsapp.written import content


def test_words_without_formatting_are_literal():
    assert content("2*3*4") == Content(text="2*3*4", literal=True)
    assert content("") == Content()


@given(st.text(alphabet="ab1_.\\-#[](){}!|>< ", max_size=30))
def test_among_formatting_every_other_word_stays(words):
    shown = whatsapp.render(content(f"*so* x{words}x").text)
    bare = (re.sub(f"[`_{BREAKER}]", "", each) for each in (shown, f"*so* x{words}x"))
    assert len({" ".join(each.split()) for each in bare}) == 1
