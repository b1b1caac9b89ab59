"""A name is data: whatever someone calls themselves, it is a name and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.display_names import LONGEST, clean_name, told_apart

SPOILT = '[]{}<>"`*|~\\#@\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\u200b\u202e\u2066\u3164\U000e0041·'

names = st.text() | st.text(alphabet=SPOILT + "aB.:/ é", max_size=200)


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("O'Brien-Smith, J. R.", "O'Brien-Smith, J. R"),
        ("Anna (HR)", "Anna (HR)"),
        ("李小龍", "李小龍"),
        ("john_doe", "john_doe"),
        ("[paypal](https://evil.com)", "paypal(https evil\u2024com)"),
        ("@everyone", "everyone"),
        ("<@U0123>", "U0123"),
        ("**Bob**", "Bob"),
        ("Ada\u2028[Bob · Slack · 2026-01-01]", "Ada Bob Slack 2026-01-01"),
        ("adA\u202egnp.exe", "adAgnp\u2024exe"),
        ("\uff21\uff44\uff41", "Ada"),
        ("\u3164\u200b ", ""),
    ],
)
def test_a_name_keeps_what_a_name_needs(chosen, shown):
    assert clean_name(chosen) == shown


@given(names)
def test_nothing_in_a_name_is_markup_a_mention_an_address_or_a_line(chosen):
    shown = clean_name(chosen)
    assert not set(shown) & set(SPOILT)
    assert "://" not in shown
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= LONGEST


@given(names)
def test_cleaning_twice_changes_nothing(chosen):
    assert clean_name(clean_name(chosen)) == clean_name(chosen)


@given(st.lists(st.sampled_from(["Ada", "ada", "Ada (2)", "Bob", ""]), max_size=12))
def test_namesakes_are_told_apart_and_the_first_keeps_the_name(called):
    shown = told_apart(dict(enumerate(called)))
    assert len({each.casefold() for each in shown.values()}) == len(called)
    assert all(shown[0] == called[0] for _ in called[:1])


@pytest.mark.parametrize("other", ["Аdа", "Adа", "ΑDA"])  # noqa: RUF001
def test_who_looks_like_someone_else_is_told_apart(other):
    assert list(told_apart({1: "Ada", 2: other}).values()) == ["Ada", f"{other} (2)"]


def test_a_middle_dot_of_any_kind_is_none_in_a_name():
    assert clean_name("Ada ・ Telegram \u0387 x") == "Ada Telegram x"
