"""WhatsApp shows the styles it has, and nothing else turns into one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.markdown.document import Paragraph, Styled, Verbatim
from channels.markdown.parse import parse
from channels.whatsapp.from_markdown import render, size
from tests.channels.markdown.samples import ANYTHING, PHRASE

FORMATTED = re.compile(r"(?:(?<=\s)|^)([*_~])(?=[^\s*_~`])[^\n`]*?[^\s]\1(?![^\W_])", re.MULTILINE)
"""What WhatsApp formats: a mark where a word begins, and its like where one ends, in one line."""


@given(source=PHRASE | ANYTHING)
def test_text_without_styles_is_shown_without_styles(source):
    blocks = parse(source)
    if all(isinstance(block, Paragraph) and not is_styled(block.inline) for block in blocks):
        assert not FORMATTED.search(re.sub(r"https://\S+", "", render(source)))


def is_styled(nodes):
    return any(
        isinstance(node, Styled | Verbatim) or is_styled(getattr(node, "inside", ()))
        for node in nodes
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("\\*a\\* b", "`*a*` b"),
        ("say \\_a\\_ b", "say `_a_` b"),
        ("say \\*a b\\* c", "say `*a` b* c"),
        ("takes ~5 minutes, *.py", "takes ~5 minutes, *.py"),
        (
            "run git add \\*.py \\*.md and \\_\\_init\\_\\_.py",
            "run git add *.py *.md and `__init__.py`",
        ),
        ("2 * 3 * 4, snake_case_name", "2 * 3 * 4, snake_case_name"),
        ("\\`a\\`", "``` `a` ```"),
        ("\\`a b\\` c", "``` `a``` b` c"),
    ],
)
def test_marks_of_the_text_are_kept_from_formatting(source, expected):
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**b** *i* ~~s~~ `c`", "*b* _i_ ~s~ `c`"),
        ("`cat ~/.ssh/config`", "`cat ~/.ssh/config`"),
        ("`git add *.py` or `__init__.py`", "`git add *.py` or `__init__.py`"),
        ("in**wor**d", "inword"),
        ("**a *b* `c` d**", "*a b* `c` *d*"),
        ("**a\nb**", "*a*\n*b*"),
        ("(**a**)", "(*a*)"),
        ("**[a](https://b.c) d**", "*a* (https://b.c) *d*"),
        ("https://a.b/_c_/*d*/", "https://a.b/_c_/*d*/"),
        ("# a `b`", "*a* `b`"),
        ("***a b***", "_a b_"),
        ("*a **b** c*", "_a b c_"),
        ("code 62070503***63047BB3", "code 62070503***63047BB3"),
    ],
)
def test_styles_are_written_where_they_can_be_seen(source, expected):
    assert render(source) == expected


def test_a_table_too_wide_for_a_phone_is_told():
    source = "| name | what |\n|-|-|\n| a | " + "long " * 9 + "|"
    assert render(source) == "*name*: a\n*what*: " + ("long " * 9).strip()


def test_size_counts_utf_16():
    assert size("**😀**") == 4


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**https://example.com**", "https://example.com"),
        ("see *https://example.com/a_b_c*", "see https://example.com/a_b_c"),
        ("**Docs: https://example.com/x**", "*Docs:* https://example.com/x"),
    ],
)
def test_no_mark_touches_an_address(source, expected):
    """It would be part of what one taps on."""
    assert render(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "a`*x* _y_`b",
        "a`x` `*y*`",
        "say `` ```py `` and ``` ` ``` and ```` x = '```' + '```' ````",
        "````py\nx = '```'\ny = '```' + '```'\n````",
        "**a`__init__ *b*`**c",
    ],
)
def test_no_code_has_an_invisible_character_in_it(source):
    assert not {"\u200a", "\u200b"} & set(render(source))


def test_code_that_touches_a_word_is_parted_from_it_where_it_would_be_formatted():
    assert render("a`x`b") == "axb"
    assert render("a`*x* _y_`b") == "a `*x* _y_` b"


@given(
    st.lists(
        st.sampled_from(
            ["a", "b ", "\\*", "\\_", "\\`", "\\`\\`\\`", "`c`", "**b**", "_i_", "(", ")", "\n"]
        ),
        min_size=2,
        max_size=9,
    ).map("".join)
)
def test_no_space_that_nobody_sees_is_put_anywhere(source):
    assert not {"\u200a", "\u200b"} & set(render(source))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("say `` ``` `` here", "say ``` here"),
        ("a\\`\\`\\`b\\`\\`\\` c", "a```b``` c"),
        ("(\\`\\`\\`x\\`\\`\\`)", "(```x```)"),
        ("`c`\\*a\\* d", "`c*a*` d"),
        ("_i_**a\\*", "`i**a*`"),
    ],
)
def test_three_ticks_and_marks_that_touch_a_style_are_copied_as_they_were_written(source, shown):
    assert render(source) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("a = 1\nb = '```'\nc = 2", "```\na = 1\nb = '```'\nc = 2"),
        ("x ``` y\nlong enough", "x ``` y\nlong enough\n```"),
        ("first ``` b ``` last", "```\nfirst ``` b ``` last\n```"),
        ("a ``` most of it ``` b", "a ``` most of it ``` b"),
        ("echo\n```", "```\necho\n```"),
    ],
)
def test_three_ticks_in_a_block_are_copied_as_they_are_and_leave_no_block_open(code, shown):
    """They end the block whatever is done: what lies between them and our marks stays code."""
    assert render(f"````\n{code}\n````") == shown
    assert shown.count("```") % 2 == 0


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("x```y\n\n```\ncode\n```\n\nend", "x` ` `y\n\n```\ncode\n```\n\nend"),
        ("see ```` x\n\n```\ny\n```", "see ` ` ` ` x\n\n```\ny\n```"),
        ("Use ``` to begin, *then* go", "Use ``` to begin, _then_ go"),
    ],
)
def test_ticks_among_words_leave_a_block_of_code_what_it_is(written, shown):
    """WhatsApp would take them for the beginning of code that ends where the block begins."""
    assert render(written) == shown
