"""Telegram gets a text and entities that it takes as they are, and no more than it shows."""

import pytest
from hypothesis import example, given

from channels.markdown.parse import parse
from channels.markdown.units import utf16
from channels.telegram.from_markdown import lines, render, size
from tests.channels.markdown.oracle import execute_or_skip, parsed
from tests.channels.markdown.samples import ANYTHING, DOCUMENT


def told(source, **limits):
    """Each line as its runs, each with the first letters of the marks on it."""
    return [
        "|".join(f"{''.join(mark.kind[0] for mark in run.marks)}:{run.text}" for run in line)
        for line in lines(parse(source), **limits)
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a **b *c* `d`**", [":a |b:b |bi:c|b: |c:d"]),
        ("# a *b*", ["b:a |bi:b"]),
        ("- a\n  ```\n  x\n  ```\n- b", [":• |:a", "p:x", ":• |:b"]),
        ("- ```\n  x\n  ```", [":• ", "p:x"]),
        ("1. a\n   > b", [":1. |:a", ":   |:> |:b"]),
        ("> a\n> - `b`", ["b:a", "", "b:• |bc:b"]),
        ("a\nb", [":a", ":b"]),
    ],
)
def test_lines(source, expected):
    assert told(source) == expected


def test_links_after_the_last_that_may_be_one_have_their_address():
    source = "[a](https://b.org) [d](https://e.org)"
    assert told(source, most_links=1) == ["t:a|: |:d|: (https://e.org)"]


def test_marks_are_told_apart_though_equal():
    (line,) = lines(parse("**a** **b**"))
    first, _, last = (run.marks for run in line)
    assert first != last


LINK = "https://example.org/"


def marked(source):
    """What is formatted: the kind, the words, and where it leads."""
    formatted = render(source)
    units = formatted.text.encode("utf-16-le")
    return [
        (each.kind, units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le"))
        for each in formatted.entities
    ]


def check(source):
    """Every promise that holds for any text whatsoever."""
    formatted = render(source)
    text, entities = formatted.text, formatted.entities
    units = text.encode("utf-16-le")
    begins_with_code = entities[:1] and (entities[0].offset, entities[0].kind) == (0, "pre")
    assert text == (text.rstrip() if begins_with_code else text.strip())
    assert len(entities) <= 100
    keys = [(each.offset, -each.length) for each in entities]
    assert keys == sorted(keys)
    open_ends = []
    for each in entities:
        end = each.offset + each.length
        words = units[2 * each.offset : 2 * end].decode("utf-16-le")
        assert words.strip()
        assert words == (words.rstrip() if each.kind == "pre" else words.strip())
        while open_ends and open_ends[-1][0] <= each.offset:
            open_ends.pop()
        assert all(end <= outer for outer, _ in open_ends)
        kinds = [kind for _, kind in open_ends]
        assert each.kind not in kinds
        assert not {"pre", "code"} & set(kinds)
        if each.kind in {"pre", "code"}:
            assert set(kinds) <= {"blockquote"}
        open_ends.append((end, each.kind))
    return formatted


@given(source=DOCUMENT | ANYTHING)
@example(source="    indented code first")
@example(source="\t deeper code first")
def test_entities_are_sorted_nested_and_trimmed(source):
    check(source)


@given(source=DOCUMENT | ANYTHING)
@example(source="> ```py\n> x\n> ```\n> **b *i* [`l`](https://x.yz)**")
@example(source="**a `b` c** [d `e`](https://x.yz/ü?a=b&c=d#e) [f](https://x.yz)")
@example(source="\t code that begins with a blank, which TDLib leaves there")
@example(
    source="[a](https://x_y.org) [b](https://x.y) [c](https://1.2.3.4) [d](https://x.yz:99999)"
)
def test_tdlib_takes_them_unchanged(source):
    execute_or_skip()
    formatted = render(source)
    text, entities = parsed(formatted)
    assert text == formatted.text
    expected = [(each.kind, each.offset, each.length, each.language) for each in formatted.entities]
    assert sorted((kind, at, length, lang) for kind, at, length, _, lang in entities) == sorted(
        expected
    )
    theirs = [url for kind, *_, url, _ in entities if kind == "text_link"]
    ours = [each.url for each in formatted.entities if each.kind == "text_link"]
    assert len(theirs) == len(ours)


def test_code_in_bold_parts_the_bold():
    assert marked("**a `b` c**") == [("bold", "a"), ("code", "b"), ("bold", "c")]


def test_code_in_a_link_is_a_link():
    assert marked(f"[see `f`]({LINK})") == [("text_link", "see f")]


@pytest.mark.parametrize("url", ["mailto:a@b.c", "http://localhost/x", "tg://resolve?domain=x"])
def test_what_telegram_would_drop_is_shown(url):
    formatted = render(f"[text]({url})")
    assert url in formatted.text
    assert [each.kind for each in formatted.entities] == (["code"] if url[:2] == "tg" else [])


def test_a_quote_in_a_quote_has_its_sign():
    assert render("> a\n> > b").text == "a\n\n> b"
    assert marked("> a\n> > b") == [("blockquote", "a\n\n> b")]


def test_code_keeps_its_indentation_and_language():
    formatted = render("- see\n  ```py\n    x\n  y\n  ```")
    assert formatted.text == "• see\n  x\ny"
    (entity,) = formatted.entities
    assert (entity.kind, entity.offset, entity.length, entity.language) == ("pre", 6, 5, "py")


def test_offsets_count_utf_16():
    (entity,) = render("😀 **b**").entities
    assert (entity.offset, entity.length) == (3, 1)


# -- more than a hundred --------------------------------------------------------------------------


def test_the_least_valuable_formatting_is_left_out_first():
    source = " ".join(f"*i{n}* **b{n}** `c{n}`" for n in range(60))
    kinds = [each.kind for each in check(source).entities]
    assert (kinds.count("italic"), kinds.count("bold"), kinds.count("code")) == (0, 40, 60)


def test_a_link_left_out_leaves_its_address():
    source = " ".join(f"[t{n}](https://x.yz/{n})" for n in range(120))
    formatted = check(source)
    assert len(formatted.entities) == 100
    assert "t99 t100 (https://x.yz/100)" in formatted.text


def test_size_is_the_length_or_the_share_of_the_entities():
    assert size("abc 😀") == 6
    assert size("*abc* 😀") == 41
    assert size(" ".join(f"*{n}*" for n in range(50))) == 2048
    assert size("*a* " * 101) > 4096


@given(source=DOCUMENT | ANYTHING)
def test_what_fits_by_its_size_fits_and_loses_no_formatting(source):
    formatted = render(source)
    assert utf16(formatted.text) <= size(source)
    assert len(formatted.entities) * 4096 <= size(source) * 100
