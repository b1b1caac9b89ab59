"""What looks the same is taken for the same."""

import pytest

from bridge.look_alikes import CLOSING, DOTS, OPENING, has_dot, latin, seen, skeleton


@pytest.mark.parametrize("other", ["Аlice", "AIice", "A1ice", "Ａlice"])  # noqa: RUF001
def test_names_that_look_the_same_have_one_skeleton(other):
    assert skeleton(other) == skeleton("Alice")


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
    assert [latin(each) for each in "АＢ\u3164ж"] == ["a", "b", " ", "ж"]  # noqa: RUF001


def test_brackets_have_their_kinds():
    assert set("[［【〔⟦⟬﹝") <= OPENING  # noqa: RUF001
    assert set("]］】〕⟧⟭﹞") <= CLOSING  # noqa: RUF001
    assert not (OPENING | CLOSING) & (DOTS | set("(){}「」"))
