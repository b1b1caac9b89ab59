"""A page is fetched from the outside world and nowhere else; a slow one holds up nobody."""

import asyncio
import gzip
import os
import zlib
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from time import process_time, thread_time

import psutil
import pytest
from aiohttp import web

from agents.tools import fetch as module
from agents.tools import page as page_module
from agents.tools.fetch import fetch_tool, is_public, read
from agents.tools.page import MOST_BYTES, readable, text_of
from agents.tools.tool import ToolCall, ToolError
from bridge import guarded_network
from bridge.domain.ids import CallId
from tests.waiting import PATIENCE

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
            await read(worst(kind), mime="text/html", seconds=PATIENCE)
        assert watch.longest < 0.05, kind


async def test_what_takes_too_long_is_ended_with_its_process(monkeypatch, tmp_path):
    stuck = tmp_path / "stuck.py"
    stuck.write_text("while True: pass\n")
    monkeypatch.setattr(module, "PROGRAM", (*module.PROGRAM[:-1], str(stuck)))
    with pytest.raises(ToolError, match=r"within 0.3 s"):
        await read(b"x", mime="text/html", seconds=0.3)
    assert _children(stuck) == []


async def test_whoever_stops_waiting_stops_the_process(monkeypatch, tmp_path):
    stuck = tmp_path / "stuck.py"
    stuck.write_text("while True: pass\n")
    monkeypatch.setattr(module, "PROGRAM", (*module.PROGRAM[:-1], str(stuck)))
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
    monkeypatch.setattr(module, "MOST_MEMORY", 40 * 1024 * 1024)
    with pytest.raises(ToolError, match="something wrong"):
        await read(b"x" * MOST_BYTES * 8, mime="text/html", seconds=20)


async def test_the_process_sees_nothing_of_the_bridge(monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY", "hush")
    spy = tmp_path / "spy.py"
    spy.write_text("import os, sys; sys.stdout.write(repr(dict(os.environ)) + os.getcwd())")
    monkeypatch.setattr(module, "PROGRAM", (*module.PROGRAM[:-1], str(spy)))
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


INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::",
    "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    "2002:a00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::127.0.0.1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_outside_are(address):
    assert is_public(ip_address(address))


@asynccontextmanager
async def site(**routes):
    """A site on this machine, for which this machine is outside."""
    app = web.Application()
    for name, respond in routes.items():
        app.router.add_get(f"/{name}", respond)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def page(text, **how):
    async def respond(_):
        return web.Response(text=text, **how)

    return respond


def redirect(to):
    async def respond(_):
        return web.Response(status=302, headers={"location": to})

    return respond


async def fetch(url, *, permitted=lambda ip: ip.is_loopback, **how):
    tool = fetch_tool(permitted=permitted, **how)
    call = ToolCall(call=CallId("k"), name="fetch_url", arguments={"url": url})
    return (await tool.run(call)).text


async def test_a_page_is_read_as_text():
    async with site(a=page("<p>Hello</p>", content_type="text/html")) as base:
        assert await fetch(f"{base}/a") == f"[{base}/a]\n\nHello"


async def test_an_error_says_its_status():
    async with site() as base:
        assert "status 404" in await fetch(f"{base}/nowhere")


async def test_a_redirect_is_followed():
    async with site(a=redirect("/b"), b=page("there")) as base:
        assert await fetch(f"{base}/a") == f"[{base}/b]\n\nthere"


async def test_too_many_redirects_are_not():
    async with site(a=redirect("/a")) as base:
        with pytest.raises(ToolError, match="redirects"):
            await fetch(f"{base}/a")


async def test_a_redirect_to_the_inside_is_not_followed():
    """The very same rule holds for each hop: the second one is to this machine."""
    asked = []

    def once(ip):
        asked.append(ip)
        return len(asked) == 1

    async with site(a=redirect("http://localhost:1/secret")) as base:
        with pytest.raises(ToolError, match="localhost is not a public address"):
            await fetch(f"{base}/a", permitted=once)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/", "http://2130706433:1/"]
)
async def test_nothing_inside_is_fetched(url):
    with pytest.raises(ToolError, match=r"is not a public address|cannot be found"):
        await fetch(url, permitted=is_public)


async def test_a_name_that_leads_inside_is_refused_even_when_it_also_leads_outside():
    async def both(_host, _port):
        return ["93.184.215.14", "127.0.0.1"]

    with pytest.raises(ToolError, match="is not a public address"):
        await fetch("http://example.org/", permitted=is_public, resolve=both)


async def test_a_name_is_looked_up_once_and_the_answer_is_what_is_connected_to():
    """A name that means something else the second time gets no second time."""
    answers = ["127.0.0.1", "10.0.0.1"]

    async def turncoat(_host, _port):
        return [answers.pop(0)]

    async with site(a=page("here")) as base:
        port = base.rpartition(":")[2]
        assert "here" in await fetch(f"http://example.org:{port}/a", resolve=turncoat)
    assert answers == ["10.0.0.1"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/", "http://", "x", "//a"])
async def test_only_the_web_is_read(url):
    with pytest.raises(ToolError, match="http"):
        await fetch(url)


async def test_a_large_page_is_read_in_part(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    async with site(a=page("x" * 5000)) as base:
        text = await fetch(f"{base}/a")
    assert "Only the first 1000 bytes" in text
    assert len(text) < 1200


async def test_a_page_that_takes_too_long_is_given_up():
    async def slow(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await __import__("asyncio").sleep(30)
        return response

    async with site(a=slow) as base:
        with pytest.raises(ToolError, match=r"within 0.1 s"):
            await fetch(f"{base}/a", seconds=0.1)


async def test_a_page_made_to_be_slow_holds_up_nobody():
    """It stood still for 27 seconds over 36 kB of this."""
    async with site(a=page("<a " * 12_000, content_type="text/html")) as base:
        await fetch(f"{base}/a", seconds=5)


async def test_of_several_addresses_a_dead_one_is_passed_over(monkeypatch):
    """Many machines are given an IPv6 address first that leads nowhere."""

    async def both(_host, _port):
        return ["::1", "127.0.0.1"]

    async with site(a=page("here")) as base:
        port = base.rpartition(":")[2]
        assert "here" in await fetch(f"http://example.org:{port}/a", resolve=both)


@pytest.mark.parametrize("header", ["text/html; Charset=latin1", 'TEXT/HTML;a=b;CHARSET="latin1"'])
async def test_the_character_set_is_found_however_it_is_spelt(header):
    async def respond(_):
        return web.Response(body="<p>größe".encode("latin-1"), headers={"Content-Type": header})

    async with site(a=respond) as base:
        assert (await fetch(f"{base}/a")).endswith("größe")


async def test_what_is_packed_unasked_is_read():
    async def respond(_):
        headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
        return web.Response(body=gzip.compress(b"<p>Hello"), headers=headers)

    async with site(a=respond) as base:
        assert (await fetch(f"{base}/a")).endswith("Hello")


async def test_nobody_there_is_told():
    with pytest.raises(ToolError, match="cannot be reached"):
        await fetch("http://127.0.0.1:1/")


async def test_an_address_in_any_script_can_be_asked_for():
    async with site(a=page("here")) as base:
        assert "here" in await fetch(f"{base}/a?q=größe und mehr")


async def test_an_address_of_a_name_that_is_dead_does_not_hide_the_others():
    """As where a name has an address of IPv6 first, and this machine has no way there."""

    async def both(host, port):
        return ["::1", "127.0.0.1"]

    async with site(a=page("here")) as url:
        port = url.rpartition(":")[2]
        assert "here" in await fetch(f"http://example.org:{port}/a", resolve=both)


async def test_a_page_that_is_packed_unasked_and_says_itself_how_it_is_written_is_read():
    body = gzip.compress('<meta charset="windows-1251"><p>мир</p>'.encode("windows-1251"))

    async def respond(_):
        return web.Response(body=body, headers={"content-type": "text/html"})

    async with site(a=respond) as url:
        assert "мир" in await fetch(f"{url}/a")


async def test_a_page_that_comes_letter_by_letter_is_read_in_part():
    """Each chunk is taken apart in Python: two million would take a minute of everybody's time."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")
        writer.write(b"Content-Type: text/plain\r\n\r\n" + b"1\r\nA\r\n" * 300_000)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        begun = process_time()
        text = await fetch(f"http://127.0.0.1:{port}/")
        assert process_time() - begun < 3
    assert f"Only the first {module.MOST_PIECES + 1} bytes were read" in text


async def test_what_says_nothing_for_ever_is_given_up():
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n" * 1_000)
                await writer.drain()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(ToolError, match=r"sends too much|in full"):
            await fetch(f"http://127.0.0.1:{port}/", seconds=15)


@pytest.mark.parametrize(
    "url",
    [
        "http://a/" + "\u00e9" * 1_000_000,
        "http://" + "\u00e9." * 3_000 + "/",
        "http:/\n/" + "a" + "\u0300" * 2_000 + "\u0316" * 2_000 + "/",
    ],
    ids=["path", "host", "marks"],
)
async def test_an_address_without_measure_is_refused_at_once(url):
    begun = process_time()
    with pytest.raises(ToolError) as refused:
        await fetch(url)
    assert process_time() - begun < 0.1
    assert len(str(refused.value)) < 200


async def test_names_that_nobody_answers_for_hold_up_no_other_work(monkeypatch):
    """All that is done beside the loop shares a few threads; a look-up may take each for half a
    minute, and outlives the call that wanted it."""
    stuck = Event()

    def silent(*_, **__):
        stuck.wait(20)
        raise OSError("timed out")

    monkeypatch.setattr(guarded_network, "getaddrinfo", silent)
    reads = [asyncio.create_task(fetch(f"http://n{n}.example/")) for n in range(40)]
    try:
        await asyncio.sleep(0.1)
        async with asyncio.timeout(10):
            assert await asyncio.to_thread(lambda: "done") == "done"
    finally:
        stuck.set()
        await asyncio.gather(*reads, return_exceptions=True)
