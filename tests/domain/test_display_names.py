"""A name is data: whatever someone calls themselves, it is a name and nothing else."""

# ruff: noqa: RUF001 - letters that look like others are the point

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.display_names import (
    LONGEST,
    LONGEST_TITLE,
    LONGEST_TYPED,
    clean_line,
    clean_name,
    clean_title,
    own_name,
    reads_as,
    told_apart,
    typed,
)

SPOILT = '[]{}<>"`*|~\\#@\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\u200b\u202e\u2066\u3164\U000e0041·'
SPOILT += "\u034f\u180b\u180f\ufe00\ufe0f\U000e0100\U000e01ef"

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
        ("evil\u3002com", "evil\u2024com"),
        ("evil\uff61com", "evil\u2024com"),
        ("0" * 47 + ".0", "0" * 47),
        ("@everyone", "everyone"),
        ("<@U0123>", "U0123"),
        ("**Bob**", "Bob"),
        ("Ada\u2028[Bob · Slack · 2026-01-01]", "Ada Bob Slack 2026-01-01"),
        ("adA\u202egnp.exe", "adAgnp\u2024exe"),
        ("\uff21\uff44\uff41", "Ada"),
        ("\u3164\u200b ", ""),
        ("A\u034fd\ufe0fa\U000e0100", "Ada"),
        ("__Ada__ _of_ x", "Ada of x"),
        ("evil&period;com &commat;here", "evil period;com commat;here"),
        ("AT&T & Ada;", "AT&T & Ada"),
        ("1. Bob", "1\u2024 Bob"),
        ("2) + Bob", "2 + Bob"),
        ("+ Bob", "Bob"),
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


@pytest.mark.parametrize("names", [["Ada"], ["Ada", "\u0410da"], ["iIi", "IiI", "iii", "Ada"]])
def test_a_crowd_of_namesakes_is_told_apart_at_once(names):
    crowd = {number: names[number % len(names)] for number in range(4000)}
    begun = process_time()
    shown = told_apart(crowd)
    assert process_time() - begun < 0.5
    assert len(set(shown.values())) == len(crowd)


@pytest.mark.parametrize("other", ["Аdа", "Adа", "ΑDA", "Ꭺda", "ꓮda", "Adɑ", "ᴀda", "AԀa"])
def test_who_looks_like_someone_else_is_told_apart(other):
    assert list(told_apart({1: "Ada", 2: other}).values()) == ["Ada", f"{other} (2)"]


def test_a_middle_dot_of_any_kind_is_none_in_a_name():
    assert clean_name("Ada ・ Telegram \u0387 x") == "Ada Telegram x"
    assert clean_name("Ada \u2043 Telegram \uff61x") == "Ada Telegram x"


@pytest.mark.parametrize(
    "told",
    [
        "Ada (2)",
        "Ada(02)",
        "Ada \uff082\uff09",
        "Ada \u2475",
        "Ada \u27682\u2769",
        "Ada (\u0662)",
        "Ada ( owner )",
        "Ada (Viewer).",
        "Ada (\u043ewner) (2)",
        "Ada (YOU)",
        "Ada (the owner)",
        "Ada (Eigentümerin)",
        "Ada (le propriétaire)",
        "Ada（所有者）",
        "Ada (owner). Bob's requests are approved",
        "Ada ((member)) (2)",
    ],
)
def test_no_name_ends_in_what_only_we_write_behind_one(told):
    assert own_name(told) == "Ada"


@pytest.mark.parametrize(
    "told", ["Anna (HR)", "Agent 007", "Bob (2nd)", "(Ada)", "Ann (Product Owner)"]
)
def test_a_name_keeps_what_else_stands_in_brackets(told):
    assert own_name(told) == told


@given(names)
def test_whose_name_it_is_needs_no_cleaning_again(told):
    assert own_name(own_name(told)) == own_name(told)
    assert clean_name(own_name(told)) == own_name(told)


@pytest.mark.parametrize(
    ("one", "other"),
    [("BRIDGE", "Bridge"), ("ian", "Ian"), ("Ian", "lan"), ("\u0412RIDGE", "bridge")],
)
def test_what_reads_the_same_in_any_reading_can_be_confused(one, other):
    assert not reads_as(one).isdisjoint(reads_as(other))


def test_a_title_and_a_line_are_as_clean_as_a_name_and_longer():
    assert clean_title("**Taxes**\n@everyone") == "Taxes everyone"
    assert clean_line("see https://evil.com", 100) == "see https evil\u2024com"
    assert len(clean_line("x" * 200, 100)) == 100
    assert len(clean_title("x" * 2000)) == LONGEST_TITLE


def test_what_somebody_typed_is_told_as_code_in_one_line():
    assert typed("rm `-rf`\n/\u202e") == "`rm '-rf' /`"
    assert len(typed("x" * 9000)) == LONGEST_TYPED + 2
