"""A page that is made to be slow to read holds up nobody, and ends within its time."""

import asyncio
import gzip
import os
import zlib
from pathlib import Path
from time import thread_time

import psutil
import pytest

from agents.tools import page as page_module
from agents.tools import reader
from agents.tools.page import MOST_BYTES, readable, text_of
from agents.tools.reader import read
from agents.tools.tool import ToolError

WORST = {
    "tags that never end": "<a ",
    "tags without a name": "<",
    "nested": "<div>",
    "nested and closed": "<b></b>",
    "comments that never end": "<!--",
    "comments": "<!---->",
    "declarations": "<!",
    "instructions": "<?",
    "closing tags": "</",
    "closing tags with names": "</a",
    "scripts": "<script>",
    "script ends": "<script></scrip",
    "titles": "<title>",
    "text areas": "<textarea></textare",
    "frames": "<iframe>",
    "svg": "<svg>",
    "entities": "&amp;",
    "half entities": "&amp",
    "ampersands": "&",
    "entities without end": "&CounterClockwiseContourIntegra",
    "numbers": "&#9999999999",
    "one long number": ("&#", "9"),
    "attributes": ("<a ", "b "),
    "attributes of one letter": ("<a ", "b=c "),
    "attributes with blanks": ("<a ", "b  \n  "),
    "quotes": ("<a ", 'b="'),
    "other quotes": ("<a ", "b='\" "),
    "equals": ("<a ", "="),
    "slashes": ("<a ", "/"),
    "links": '<a href="http://x">y',
    "link ends": "<a href=http://x></a>",
    "cells": "<td>x",
    "blanks": " ",
    "breaks": "<br>",
    "words": "x <i>y</i>",
    "nulls": "\0",
    "cdata": "<![CDATA[",
    "marked": "<![",
    "doctypes": "<!doctype html",
}  # fmt: skip


def worst(kind: str) -> bytes:
    first, again = WORST[kind] if isinstance(WORST[kind], tuple) else ("", WORST[kind])
    return (first + again * (MOST_BYTES // len(again) + 1)).encode()[:MOST_BYTES]


class Watch:
    """Sees for how long the loop worked on at most without a pause, whatever else runs here."""

    async def __aenter__(self):
        self.longest = 0.0
        self._task = asyncio.create_task(self._look())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        self._task.cancel()

    async def _look(self):
        while True:
            before = thread_time()
            await asyncio.sleep(0.002)
            self.longest = max(self.longest, thread_time() - before)


@pytest.mark.parametrize("kind", WORST)
def test_whatever_a_page_is_made_of_it_is_read_in_linear_time(kind):
    """Eight times as much takes no more than some twenty times as long."""

    def taken(size):
        begun = thread_time()
        text_of(page[:size])
        return thread_time() - begun

    page = worst(kind).decode()
    small = max(min(taken(30_000) for _ in range(3)), 0.002)
    assert min(taken(240_000) for _ in range(2)) < 25 * small


async def test_nothing_of_a_page_is_looked_into_on_the_loop():
    for kind in ("tags that never end", "tags without a name", "entities"):
        async with Watch() as watch:
            await read(worst(kind), mime="text/html", seconds=20)
        assert watch.longest < 0.05, kind


async def test_what_takes_too_long_is_ended_with_its_process(monkeypatch, tmp_path):
    stuck = tmp_path / "stuck.py"
    stuck.write_text("while True: pass\n")
    monkeypatch.setattr(reader, "PROGRAM", (*reader.PROGRAM[:-1], str(stuck)))
    with pytest.raises(ToolError, match=r"within 0.3 s"):
        await read(b"x", mime="text/html", seconds=0.3)
    assert _children(stuck) == []


async def test_whoever_stops_waiting_stops_the_process(monkeypatch, tmp_path):
    stuck = tmp_path / "stuck.py"
    stuck.write_text("while True: pass\n")
    monkeypatch.setattr(reader, "PROGRAM", (*reader.PROGRAM[:-1], str(stuck)))
    reading = asyncio.create_task(read(b"x", mime="text/html", seconds=60))
    while not _children(stuck):
        await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.wait({reading})
    assert _children(stuck) == []


def _children(script):
    return [
        each for each in psutil.Process(os.getpid()).children() if str(script) in each.cmdline()
    ]


async def test_what_takes_too_much_memory_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MOST_MEMORY", 40 * 1024 * 1024)
    with pytest.raises(ToolError, match="something wrong"):
        await read(b"x" * MOST_BYTES * 8, mime="text/html", seconds=20)


async def test_the_process_sees_nothing_of_the_bridge(monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", "hush")
    spy = tmp_path / "spy.py"
    spy.write_text("import os, sys; sys.stdout.write(repr(dict(os.environ)) + os.getcwd())")
    monkeypatch.setattr(reader, "PROGRAM", (*reader.PROGRAM[:-1], str(spy)))
    seen = await read(b"x", mime="text/html", seconds=20)
    assert "hush" not in seen
    assert "PATH" not in seen


# -- what pages are really like -------------------------------------------------------------------

GROESSE = "<html><head><meta charset=CHARSET><p>Größe — weiß</p>"


@pytest.mark.parametrize(
    ("body", "mime", "charset"),
    [
        (GROESSE.replace("CHARSET", "windows-1252").encode("cp1252"), "text/html", ""),
        (GROESSE.replace("CHARSET", '"ISO-8859-1"').encode("cp1252"), "text/html", ""),
        (GROESSE.encode("cp1252"), "text/html", "latin1"),
        (GROESSE.encode("cp1252"), "text/html", ""),
        (GROESSE.encode(), "text/html", ""),
        (GROESSE.encode("utf-16"), "text/html", ""),
        (GROESSE.encode("utf-16-be"), "text/html", "UTF-16BE"),
        (b"\xef\xbb\xbf" + GROESSE.encode(), "text/html", "latin1"),
        (GROESSE.replace("CHARSET", "utf-16").encode(), "text/html", ""),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'
            + "<p>Größe — weiß".encode("cp1252"), "text/html", "cp1252",
        ),
    ],
)  # fmt: skip
def test_a_page_is_read_in_the_character_set_that_it_is_in(body, mime, charset):
    assert readable(body, mime, charset) == "Größe — weiß"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_what_is_packed_unasked_is_unpacked(pack):
    packing = "gzip" if pack is gzip.compress else "deflate"
    assert readable(pack(b"<p>Hi"), "text/html", packing=packing) == "Hi"
    raw = zlib.compressobj(wbits=-15)
    assert readable(raw.compress(b"Hi") + raw.flush(), "text/plain", packing="deflate") == "Hi"


def test_what_is_packed_does_not_burst():
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(readable(bomb, "text/plain", packing="gzip")) <= MOST_BYTES
    assert "cannot be read" in readable(b"x", "text/html", packing="br")


def test_a_head_without_an_end_hides_nothing():
    assert text_of("<head><title>T</title><style>x{}</style><p>Hello") == "# T\n\nHello"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&#" + "9" * 5000 + ";x", "\ufffdx"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<a href=http://x.org/a?b=1&amp;c=2>y</a>", "y (http://x.org/a?b=1&c=2)"),
        ("<a title='a>b' href='http://x.org'>y</a>", "y (http://x.org)"),
        ("<SCRIPT>a</ScRiPt >b", "b"),
        ("<!-- <p>a --> b", "b"),
        ("<!-->b", "b"),
        ("<textarea><b>a</textarea>", "<b>a"),
        ("<noscript>on</noscript>b", "b"),
        ("one<br/>two", "one\ntwo"),
    ],
)
def test_pages_are_read_as_browsers_read_them(page, text):
    assert text_of(page) == text


def test_the_program_needs_nothing_but_the_standard_library():
    program = Path(page_module.__file__).read_text()
    assert "from bridge" not in program
    assert "from agents" not in program
