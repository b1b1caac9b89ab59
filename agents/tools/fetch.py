"""`fetch_url`: reads a public web page, and never anything inside the network the bridge is in.

The rules:

- Only http and https. A name is resolved here, every address it has must be public, and the
  connection goes to one of those very addresses: a name cannot mean another one later.
- A redirect is a new request under the same rules; five at most.
- At most `MOST_BYTES` are read, within `seconds` in all. No proxy, no cookies, no credentials.
- What was read is turned into text in a process of its own, within the same time, so that nothing
  in it can hold up the bridge. The process gets the file on its standard input and nothing else: no
  variable of the bridge's, no open file, as much time and memory as it is given here. When whoever
  waits for it is cancelled, it is killed. Nothing of the file is looked into here.
- What frames it (chunks, headers) is read here, so it is read a little at a time, and no more than
  `MOST_PIECES` of it: a page that comes letter by letter holds up nobody.
- Names are looked up in threads of their own: names that nobody answers for hold up no other work.
"""

import asyncio
import json
import ssl
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Annotated
from urllib.parse import urljoin

import httpcore
from pydantic import Field

from agents.tools import page
from agents.tools.functions import tool_of
from agents.tools.page import MOST_BYTES
from agents.tools.schema import read_only
from agents.tools.tool import Tool, ToolError
from bridge.addresses import Ip, is_public
from bridge.guarded_network import GuardedNetwork, NotPermittedError, Resolve, checked_url, resolve

MOST_MEMORY = 512 * 1024 * 1024
"""Bytes; a page of `page.MOST_BYTES` takes some fifty times as much at its worst."""

PROGRAM = (sys.executable, "-I", "-S", "-X", "utf8", page.__file__)


async def read(
    body: bytes, *, mime: str, charset: str = "", packing: str = "", seconds: float
) -> str:
    """Return what a file says. Raises `ToolError` where it cannot be read within its limits."""
    known = {"mime": mime, "charset": charset, "packing": packing}
    limits = {"seconds": max(1, ceil(seconds)), "memory": MOST_MEMORY}
    reader = await asyncio.create_subprocess_exec(
        *PROGRAM, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/"
    )
    try:
        async with asyncio.timeout(seconds):
            given = json.dumps({**known, **limits}).encode() + b"\n" + body
            text, _ = await reader.communicate(given)
    except TimeoutError as error:
        raise ToolError(f"it could not be read as text within {seconds:g} s") from error
    finally:
        await _end(reader)
    if reader.returncode:
        raise ToolError("it could not be read as text: there is something wrong with it")
    return text.decode(errors="replace")


async def _end(reader: Process) -> None:
    with suppress(ProcessLookupError):
        if reader.returncode is None:
            reader.kill()
    await asyncio.shield(reader.wait())


MOST_REDIRECTS = 5
SECONDS = 20.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})

MOST_PIECES = 20_000
"""Of a body."""

MOST_RECEIVED = 2 * MOST_BYTES
"""Bytes over one connection, with all that is around the bodies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    mime: str
    charset: str
    packing: str
    location: str
    body: bytes
    cut: bool


def fetch_tool(
    *,
    permitted: Callable[[Ip], bool] = is_public,
    resolve: Resolve = resolve,
    seconds: float = SECONDS,
) -> Tool:
    """Return the tool. `permitted` says which addresses it may connect to."""

    @read_only
    async def fetch_url(
        url: Annotated[str, Field(description="A full address, http:// or https://")],
    ) -> str:
        """Read a public web page or text file, and return what it says as text."""
        try:
            async with asyncio.timeout(seconds):
                by = asyncio.get_running_loop().time() + seconds
                network = GuardedNetwork(permitted, resolve, most=MOST_RECEIVED)
                return await _fetch(url, network, by)
        except NotPermittedError as error:
            raise ToolError(str(error)) from error
        except TimeoutError as error:
            raise ToolError(f"{url} did not answer in full within {seconds:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise ToolError(f"{url} cannot be reached: {error}") from error

    return tool_of(fetch_url)


async def _fetch(url: str, network: GuardedNetwork, by: float) -> str:
    context = await asyncio.to_thread(ssl.create_default_context)  # 20 ms of certificates
    async with httpcore.AsyncConnectionPool(network_backend=network, ssl_context=context) as pool:
        for _ in range(MOST_REDIRECTS + 1):
            response = await _get(pool, url)
            if response.status not in REDIRECTS or not response.location:
                return await _told(url, response, by)
            url = urljoin(url, response.location)
    raise ToolError(f"more than {MOST_REDIRECTS} redirects; the last one led to {url}")


async def _get(pool: httpcore.AsyncConnectionPool, url: str) -> Response:
    headers = {
        "User-Agent": "Bridgehead",
        "Accept": "text/html, text/*, application/json, */*;q=0.1",
        "Accept-Encoding": "identity",  # what is not packed cannot burst
    }
    async with pool.stream("GET", checked_url(url), headers=list(_encoded(headers))) as response:
        sent = {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}
        body, cut = await _taken(response)
    mime, charset = _type_of(sent.get("content-type", ""))
    return Response(
        status=response.status,
        mime=mime,
        charset=charset,
        packing=sent.get("content-encoding", "").strip().lower(),
        location=sent.get("location", ""),
        body=body,
        cut=cut,
    )


def _type_of(header: str) -> tuple[str, str]:
    """Return the type and the character set that a header names, both may be empty."""
    mime, _, parameters = header.partition(";")
    for each in parameters.split(";"):
        name, _, value = each.partition("=")
        if name.strip().lower() == "charset":
            return mime.strip().lower(), value.strip(" \t\"'")
    return mime.strip().lower(), ""


def _encoded(headers: dict[str, str]) -> Iterable[tuple[bytes, bytes]]:
    return ((name.encode(), value.encode()) for name, value in headers.items())


async def _taken(response: httpcore.Response) -> tuple[bytes, bool]:
    body, pieces = bytearray(), 0
    async for chunk in response.aiter_stream():
        body += chunk
        pieces += 1
        if len(body) > MOST_BYTES or pieces > MOST_PIECES:
            return bytes(body[:MOST_BYTES]), True
    return bytes(body), False


async def _told(url: str, response: Response, by: float) -> str:
    text = await read(
        response.body,
        mime=response.mime,
        charset=response.charset,
        packing=response.packing,
        seconds=max(0.1, by - asyncio.get_running_loop().time()),
    )
    note = f"\n\n[Only the first {len(response.body)} bytes were read.]" if response.cut else ""
    status = f" · status {response.status}" if response.status != 200 else ""  # noqa: PLR2004
    return f"[{url}{status}]\n\n{text}{note}"
