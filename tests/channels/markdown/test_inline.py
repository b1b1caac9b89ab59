"""Links are live and honest or shown, styles keep to what is visible, images are links."""

import pytest

from channels.markdown.document import Break, Link, Styled, Text, Verbatim
from channels.markdown.parse import parse


def told(source):
    """The first paragraph: {b …} are styles, `…` code, [text](url) links, <url> bare ones."""
    return "".join(map(_told, parse(source)[0].inline))


def _told(node):
    match node:
        case Text():
            return node.text
        case Break():
            return "/"
        case Verbatim():
            return f"`{node.text}`"
        case Styled():
            return f"{{{node.style[0]} {''.join(map(_told, node.inside))}}}"
        case Link(bare=True):
            return f"<{node.url}>"
        case Link():
            return f"[{''.join(map(_told, node.inside))}]({node.url})"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*a* **b** ~~c~~ `d`", "{i a} {b b} {s c} `d`"),
        ("**a *b **c** d* e**", "{b a {i b c d} e}"),
        ("*a*_b_", "{i ab}"),
        ("snake_case 2 * 3 **", "snake_case 2 * 3 **"),
        ("`` a`b ``", "`a`b`"),
        ("*a&nbsp;*", "{i a}\xa0"),
        ("a\\\nb  \nc\nd", "a/b/c/d"),
        ("\\*a\\* &amp;amp;", "*a* &amp;"),
        ("a&#x202e;b&#8203;c", "abc"),
        ("[a](https://b.c/d_(e) 'title')", "[a](https://b.c/d_(e))"),
        ("[`a` **b**](https://b.c)", "[`a` {b b}](https://b.c)"),
        ("<https://b.c/x> https://b.c/y_z.", "<https://b.c/x> <https://b.c/y_z>."),
        ("**https://b.c/***", "{b <https://b.c/>}*"),
        ("[](https://b.c)", "<https://b.c>"),
        ("[https://b.c](https://b.c)", "<https://b.c>"),
        ("![a](https://b.c) ![](https://b.d)", "[a](https://b.c) <https://b.d>"),
        ("[![a](https://i.j)](https://b.c)", "[a](https://b.c) (<https://i.j>)"),
        ("**![__a__](https://b.c)**", "{b [a](https://b.c)}"),
        ("[a](javascript:b) ![c](data:d)", "a (javascript:b) c (data:d)"),
        ("[b.com](https://evil.net)", "b.com (<https://evil.net>)"),
        ("[*b.com*](https://evil.net)", "{i b.com} (<https://evil.net>)"),
        ("[see https://b.com](https://evil.net)", "see <https://b.com> (<https://evil.net>)"),
        ("[a](/relative)", "a (/relative)"),
        ("<a@b.cd> [mail](mailto:a@b.cd)", "a@b.cd [mail](mailto:a@b.cd)"),
        ("<xsl:template> <T> <a href='x'>", "<xsl:template> <T> <a href='x'>"),
    ],
)
def test_a_line(source, expected):
    assert told(source) == expected
