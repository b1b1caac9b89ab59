"""A fetched file is read however it is written, and whatever says how."""

import gzip

import pytest

from agents.tools.charset import decoded, said, unpacked
from agents.tools.page import readable

TEXT = "Grüße, мир"


@pytest.mark.parametrize("spelled", ["charset=utf-8", 'Charset="utf-8"', " CHARSET = 'utf-8'; x=1"])
def test_the_charset_of_a_server_is_read_however_it_is_spelled(spelled):
    assert said(spelled) == "utf-8"
    assert said("boundary=x") == ""


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_known_by_itself(name):
    assert decoded(f"{TEXT}, and more of it".encode(name)) == f"{TEXT}, and more of it"


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="windows-1251">',
        "<META CHARSET=windows-1251>",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        '<?xml version="1.0" encoding="windows-1251"?>',
    ],
)
def test_a_page_says_itself_how_it_is_written(meta):
    page = f"<html><head>{meta}</head><body>мир</body></html>".encode("windows-1251")
    assert "мир" in readable(page, "text/html")


def test_what_the_server_says_comes_first_unless_nobody_knows_it():
    assert decoded("мир".encode("koi8-r"), "koi8-r") == "мир"
    assert decoded("мир".encode(), "x-nothing") == "мир"
    assert decoded(b"\xe9t\xe9 \x93x\x94", "iso-8859-1") == "été “x”"
    assert decoded("€ été".encode("windows-1252")) == "€ été"


def test_what_was_packed_unasked_is_unpacked_within_bounds():
    assert unpacked(gzip.compress(b"hello"), 100) == b"hello"
    assert len(unpacked(gzip.compress(b"x" * 10_000_000), 1000)) == 1000
    assert unpacked(b"plain", 100) == b"plain"
    assert unpacked(b"\x1f\x8b\x08 broken", 100) == b"\x1f\x8b\x08 broken"


def test_a_head_that_is_never_closed_hides_nothing():
    page = b"<html><head><title>News</title><p>First.</p><p>Second.</p>"
    assert readable(page, "text/html") == "# News\n\nFirst.\nSecond."
