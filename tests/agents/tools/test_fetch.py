"""A page is fetched from the outside world, and from nowhere else."""

import gzip
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest
from aiohttp import web

from agents.tools import fetch as module
from agents.tools.fetch import fetch_tool, is_public
from agents.tools.tool import Call, ToolError
from bridge.ids import CallId

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
    call = Call(call=CallId("k"), name="fetch_url", arguments={"url": url})
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
