"""A page is read as words."""

from agents.tools.page import is_text, readable, text_of

PAGE = """<!DOCTYPE html><html><head><title>The  Harbour</title><style>x{}</style>
<script>alert("no")</script></head><body><h1>Tides</h1><p>High at <b>nine</b>,
low at <a href="https://example.org/low">three</a>.</p><ul><li>One</li><li>Two</li></ul>
<table><tr><th>Day</th><th>High</th></tr><tr><td>Mon</td><td>9</td></tr></table>
<script>more()</script>&amp; so on</body></html>"""


def test_words_headings_lists_tables_and_links_are_kept():
    assert text_of(PAGE).splitlines() == [
        "# The Harbour",
        "",
        "# Tides",
        "High at nine, low at three (https://example.org/low).",
        "- One",
        "- Two",
        "Day | High",
        "Mon | 9",
        "& so on",
    ]


def test_scripts_are_not():
    assert "alert" not in text_of(PAGE)
    assert "more()" not in text_of(PAGE)


def test_text_is_text_in_its_own_character_set():
    assert readable("größe".encode("latin-1"), "text/plain", "latin-1") == "größe"
    assert readable("größe".encode(), "text/plain", "no-such-set") == "größe"
    assert readable(b'{"a": 1}', "application/json") == '{"a": 1}'
    assert is_text("application/ld+json")


def test_without_a_type_the_bytes_say():
    assert readable(b"<html><body><p>Hi", "") == "Hi"
    assert readable(b"plain", "") == "plain"
    assert "cannot be shown" in readable(b"\x00\x01", "")


def test_what_is_binary_is_named():
    assert readable(b"\x89PNG", "image/png") == (
        "[A file of type image/png, 4 bytes; it cannot be shown as text.]"
    )
