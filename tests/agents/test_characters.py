"""Half a character never gets further than the next piece of a text."""

from hypothesis import given
from hypothesis import strategies as st

from agents.characters import but_half, joined, whole

ANY = st.text(st.characters())
"""With halves of characters too."""


def test_two_halves_that_meet_are_one():
    assert joined("a\ud83d", "\ude00b") == "a\U0001f600b"
    assert joined("a\ud83d", "b") == "a\ud83db"
    assert joined("", "\ude00") == "\ude00"


def test_a_half_that_is_left_over_is_replaced():
    assert whole("a\ud83db\ude00") == "a\ufffdb\ufffd"
    assert but_half("a\ud83d") == "a"
    assert but_half("a\U0001f600") == "a\U0001f600"


@given(ANY)
def test_what_is_whole_can_be_written_down(text):
    whole(text).encode()


@given(st.text())
def test_what_was_whole_stays_as_it_was(text):
    assert whole(text) == text


@given(st.text(), st.integers(0, 50))
def test_a_text_that_was_cut_anywhere_comes_together_again(text, at):
    units = text.encode("utf-16-le")
    at = min(at * 2, len(units))
    halves = [half.decode("utf-16-le", "surrogatepass") for half in (units[:at], units[at:])]
    assert joined(*halves) == text
