"""What looks the same is taken for the same."""

# ruff: noqa: RUF001 - letters that look like others are the point

import pytest

from bridge.domain.look_alikes import (
    CLOSING,
    DOTS,
    OPENING,
    capital,
    capitals,
    has_dot,
    latin,
    latin_base,
    seen,
    skeleton,
    twins,
)


@pytest.mark.parametrize("other", ["Аlice", "AIice", "A1ice", "Ａlice"])
def test_names_that_look_the_same_have_one_skeleton(other):
    assert skeleton(other) == skeleton("Alice")


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("Ada", "Ꭺda ꓮda Adɑ ᴀda AԀa ᎪᎠᎪ ᗅda"),
        ("Bob", "Bօb Ᏼob ʙob BоЬ"),
        ("Zoë", "Zоё Ꮓoë"),  # with marks on them
        ("O'Brien", "O’Brien OʼBrien Oꞌbrien"),
        ("A-B", "A‐B A–B A−B"),
    ],
)
def test_names_in_any_alphabet_have_the_skeleton_of_what_they_look_like(name, others):
    for other in others.split():
        assert skeleton(other) == skeleton(name), other


@pytest.mark.parametrize("other", ["Alicia", "Bob", "Álice"])
def test_other_names_have_another(other):
    assert skeleton(other) != skeleton("Alice")


def test_what_is_seen_says_where_it_comes_from():
    text = "a\u200b&middot;[ж](https://example.org)"
    assert list(seen(text)) == [(0, "a"), (2, "·"), (10, "["), (11, "ж")]


@pytest.mark.parametrize("text", ["a·b", "a &#183; b", "&bull;"])
def test_a_dot_may_be_written_by_its_name(text):
    assert has_dot(text)


def test_a_text_without_one_has_none():
    assert not has_dot("a.b & c; &amp;")


def test_a_letter_is_read_as_the_latin_one_it_looks_like():
    assert [latin(each) for each in "АＢ\u3164ж"] == ["a", "b", " ", "ж"]


def test_brackets_have_their_kinds():
    assert set("[［【〔⟦⟬﹝") <= OPENING
    assert set("]］】〕⟧⟭﹞") <= CLOSING
    assert not (OPENING | CLOSING) & (DOTS | set("(){}「」"))


def test_a_long_text_is_compared_by_its_two_ends():
    alike = skeleton("a" * 5000 + "b" + "c" * 5000)
    assert alike == skeleton("а" * 5000 + "x" + "с" * 5000)
    assert alike != skeleton("b" * 10_001)


@pytest.mark.parametrize(
    ("char", "plain"), [("é", "e"), ("а", "a"), ("Ａ", "A"), ("ж", ""), ("語", "")]
)
def test_a_character_has_the_letter_of_ascii_that_it_looks_like(char, plain):
    assert latin_base(char) == plain


@pytest.mark.parametrize(
    ("char", "read"),
    [("Ａ", "A"), ("\U0001f170", "A"), ("٣", "3"), ("ᴀ", "A"), ("語", ""), ("…", "")],
)
def test_a_code_may_be_written_in_other_capitals_and_digits(char, read):
    assert capital(char) == read


def test_capitals_are_read_through_a_text():
    assert capitals("ᴀB٣") in {"AB3", "AB٣"}
    assert capitals("plain") == "plain"


def test_twins_look_like_what_they_stand_for():
    assert twins()["а"] == "a"
    assert all(plain.isascii() for plain in twins().values())
