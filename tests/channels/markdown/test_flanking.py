"""Where a script writes no spaces, emphasis works beside its punctuation all the same."""

# ruff: noqa: RUF001 - letters of other scripts are the point

import pytest

from channels.markdown.parse import parse
from channels.markdown.whatsapp import render as whatsapp
from tests.channels.markdown.test_whatsapp import is_styled


@pytest.mark.parametrize(
    "text",
    [
        "**结论：**建议",
        "他说**「你好」**。",
        "これは**「重要」**です",
        "~~（旧）~~新",
        "한국어**(강조)**입니다",
        "*强调，*后面",
    ],
)
def test_it_is_emphasis(text):
    assert is_styled(parse(text)[0].inline)


@pytest.mark.parametrize("text", ["2**(3)**4", "a*(b)*c", "snake_（x）_case"])
def test_elsewhere_commonmark_decides(text):
    assert not is_styled(parse(text)[0].inline)


def test_no_mark_is_left_to_be_read():
    assert "*" not in whatsapp("**结论：**建议")
