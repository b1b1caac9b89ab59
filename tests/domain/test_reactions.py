"""An emoji is kept as one of Unicode, or it is none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.domain.reactions import EMOJI_OF, MARKS, MOST_EMOJI, emoji


@pytest.mark.parametrize(
    "text", ["👍", "👀", "⏳", "✅", "❌", "✍", "1\ufe0f\u20e3", "🇩🇪", "👨\u200d💻", "☃"]
)
def test_an_emoji_is_one(text):
    assert emoji(text) == text


def test_its_tone_of_skin_and_its_variant_are_left_out():
    assert emoji("👍🏽") == "👍"
    assert emoji("❤\ufe0f") == "❤"
    assert emoji("✍🏿\ufe0f") == "✍"


@pytest.mark.parametrize("text", ["", "a", "👍a", ":+1:", "5", "**", "<@U1>", "\u200d", "👍" * 17])
def test_anything_else_is_none(text):
    assert emoji(text) == ""


@given(st.text(max_size=40))
@example("\u2102\u2115")
@example("々〆")
@example("\u2139\ufe0f")
def test_whatever_is_told_it_is_short_and_no_words(text):
    kept = emoji(text)
    assert len(kept) <= MOST_EMOJI
    assert not any(each.isalpha() for each in kept.replace("\u2139", ""))
    assert emoji(kept) == kept


def test_every_mark_but_that_of_nothing_is_an_emoji():
    assert all(emoji(each) == each for each in MARKS)
    assert set(EMOJI_OF.values()) - set(MARKS) == {""}
