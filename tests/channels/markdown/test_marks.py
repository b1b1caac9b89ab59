"""Marks of neighbours are never read as one, and code may hold backticks."""

import pytest

from channels.markdown.document import Styled, Text, Verbatim
from channels.markdown.marks import Marks, marked, ticked

MARKS = Marks(escaped=str, link=lambda link, inside: f"[{inside}]({link.url})", code=ticked)


def styled(style, text):
    return Styled(style=style, inside=(Text(text=text),))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((styled("italic", "a"), styled("bold", "b")), "_a_**b**"),
        ((Text(text="x"), styled("italic", "a"), styled("bold", "b")), "x*a*b"),
        ((Verbatim(text="a"), Verbatim(text="b")), "`ab`"),
        ((styled("strikethrough", "a"), Text(text="b")), "~~a~~b"),
        ((styled("italic", "a"), Text(text="b")), "*a*b"),
    ],
)
def test_neighbours(nodes, expected):
    assert marked(nodes, MARKS) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a", "`a`"),
        ("`", "`` ` ``"),
        ("a``b", "`a``b`"),
        ("`a``b", "``` `a``b ```"),
        (" a ", "`  a  `"),
        ("  ", "`    `"),
    ],
)
def test_code(code, expected):
    assert ticked(code) == expected
