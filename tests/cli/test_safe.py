"""Untrusted text cannot do anything to a terminal."""

import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.cli.safe import json_text, one_line, plain


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07said", "said"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;cm0gLXJm\x07copied", "copied"),
        ("\x1bPq#0;2\x1b\\image", "image"),
        ("\x9b2Jcleared", "cleared"),
        ("over\rwritten", "over\nwritten"),
        ("back\x08\x08space\x7f", "backspace"),
        ("bell\x07", "bell"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("\u2066isolated\u2069", "isolated"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("half \x1b[", "half "),
        ("half \x1b", "half "),
        ("windows\r\nlines\n", "windows\nlines\n"),
        ("tab\there", "tab here"),
        ("👩\u200d🚀 é 中", "👩\u200d🚀 é 中"),
    ],
)
def test_escapes_and_controls_are_taken_out_and_words_stay(text, safe):
    assert plain(text) == safe


@given(st.text())
@example("\x1b]0;never closed")
def test_whatever_comes_in_nothing_that_controls_comes_out(text):
    out = plain(text)
    assert all(char == "\n" or unicodedata.category(char) != "Cc" for char in out)
    assert plain(out) == out


def test_one_line_is_one_line_of_a_limited_length():
    assert one_line("a\n\n b\tc") == "a b c"
    assert one_line("x" * 200, 10) == "x" * 9 + "…"


def test_what_nobody_can_see_is_left_out():
    """Fillers, soft hyphens and tags hide words; joiners of emoji and scripts stay."""
    assert plain("pay\u200bpal\u2060.c\u00adom\u3164\U000e0068\U000e0069") == "paypal.com"
    assert plain("\U0001f468\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"


@given(st.text())
@example('\x1b]0;x\x07 \x9b31m \u202e \U000e0041 ä 🙂 \n\t"\\')
def test_json_means_the_same_and_controls_nothing(text):
    """`--json` is read by people too, and U+009B begins a control sequence in many terminals."""
    shown = json_text({"a": [text]}, indent=2)
    assert json.loads(shown) == {"a": [text]}
    assert plain(shown) == shown


def test_json_is_readable():
    assert json_text({"name": "Zoë 🙂"}) == '{"name": "Zoë 🙂"}'
