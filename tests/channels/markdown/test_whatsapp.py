"""WhatsApp shows the styles it has, and nothing else turns into one."""

import re

import pytest
from hypothesis import given

from channels.markdown.document import Paragraph, Styled, Verbatim
from channels.markdown.parse import parse
from channels.markdown.whatsapp import render, size
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
        ("\\`a\\`", "`\u200aa`"),
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
    ],
)
def test_styles_are_written_where_they_can_be_seen(source, expected):
    assert render(source) == expected


def test_a_table_too_wide_for_a_phone_is_told():
    source = "| name | what |\n|-|-|\n| a | " + "long " * 9 + "|"
    assert render(source) == "*name*: a\n*what*: " + ("long " * 9).strip()


def test_size_counts_utf_16():
    assert size("**😀**") == 4
