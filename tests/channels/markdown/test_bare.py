"""Addresses in the text are read whole, and no further than they go."""

import pytest

from channels.markdown.document import Link
from channels.markdown.parse import parse


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://a.b/c_d_e, then", "https://a.b/c_d_e"),
        ("(https://a.b/c_(d))", "https://a.b/c_(d)"),
        ("*https://a.b/c*d*", "https://a.b/c*d"),
        ("https://a.b/?x=1&y=2&amp;z=3", "https://a.b/?x=1&y=2&z=3"),
        ("https://a.b/c&lt; d", "https://a.b/c"),
        ('"https://a.b/c"', "https://a.b/c"),
        ("HTTPS://a.b", "HTTPS://a.b"),
        ("x:https://a.b", "https://a.b"),
        ("http://例え.jp/é", "http://xn--r8jz45g.jp/%C3%A9"),
        ("https://a.b/K\u00e4se", "https://a.b/K\u00e4se"),
        ("<https://a.b/K\u00e4se>", "https://a.b/K\u00e4se"),
    ],
)
def test_an_address_in_a_sentence(text, url):
    (link,) = [node for node in _all(parse(text)[0].inline) if isinstance(node, Link)]
    assert (link.url, link.bare) == (url, True)


@pytest.mark.parametrize(
    "text", ["https://", "xhttps://a.b", "https:/a.b", "\\https", "`https://a.b`", "https://."]
)
def test_what_is_no_address(text):
    assert not [node for node in _all(parse(text)[0].inline) if isinstance(node, Link)]


def _all(nodes):
    for node in nodes:
        yield node
        yield from _all(getattr(node, "inside", ()))
