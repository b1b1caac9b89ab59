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
import re
import ssl
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from math import ceil
from socket import SOCK_STREAM, getaddrinfo
from typing import Annotated, Any
from urllib.parse import urljoin, urlsplit

import httpcore
from pydantic import Field

from agents.tools import page
from bridge.public_addresses import Ip, is_public
from agents.tools.functions import tool_of
from agents.tools.page import MOST_BYTES
from agents.tools.schema import read_only
from agents.tools.tool import Tool, ToolError

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

LONGEST_URL, LONGEST_AUTHORITY = 8_000, 500
"""Characters; few servers take more, and a name has 253 at most."""

_DROPPED = re.compile(r"[\t\r\n]")
_AUTHORITY = re.compile(r"//([^/?#]*)")

READ_AT_ONCE = 4_096
"""Bytes that are taken apart before anything else may go on: at its worst that takes 20 ms."""

MOST_PIECES = 20_000
"""Of a body."""

MOST_RECEIVED = 2 * MOST_BYTES
"""Bytes over one connection, with all that is around the bodies."""

LONGEST_TRY = 4.0
"""Seconds to connect to an address while there is another one to try: some are dead."""

Resolve = Callable[[str, int], "asyncio.Future[Sequence[str]] | Any"]

_LOOKING_UP = ThreadPoolExecutor(4, thread_name_prefix="fetch-names")


async def resolve(host: str, port: int) -> Sequence[str]:
    work = partial(getaddrinfo, host, port, type=SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKING_UP, work)
    return [str(each[4][0]) for each in found]


class _Sipping(httpcore.AsyncNetworkStream):
    """Reads a little at a time, lets others go on in between, and stops at `MOST_RECEIVED`."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream, self._received = stream, 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        await asyncio.sleep(0)
        if self._received > MOST_RECEIVED:
            raise httpcore.ReadError("it sends too much around what it says")
        read = await self._stream.read(min(max_bytes, READ_AT_ONCE), timeout)
        self._received += len(read)
        return read

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        return _Sipping(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses only."""

    def __init__(self, permitted: Callable[[Ip], bool], resolve: Resolve) -> None:
        self._permitted, self._resolve = permitted, resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        ips = [ip_address(each.partition("%")[0]) for each in await self._addresses(host, port)]
        if not ips or not all(self._permitted(ip) for ip in ips):
            raise ToolError(f"{host} is not a public address; only public pages can be read")
        *others, last = ips
        for ip in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                limit = LONGEST_TRY if timeout is None else min(timeout, LONGEST_TRY)
                return await self._connected(ip, port, limit, local_address, socket_options)
        return await self._connected(last, port, timeout, local_address, socket_options)

    async def _connected(self, ip: Ip, port: int, *how: Any) -> httpcore.AsyncNetworkStream:
        return _Sipping(await self._network.connect_tcp(str(ip), port, *how))

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return [str(ip_address(host.strip("[]")))]
        except ValueError:
            pass
        try:
            found: Sequence[str] = await self._resolve(host, port)
        except OSError as error:
            raise ToolError(f"{host} cannot be found: {error}") from error
        return found

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise ToolError("only http and https pages can be read")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


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
                return await _fetch(url, GuardedNetwork(permitted, resolve), by)
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
    async with pool.stream("GET", _checked(url), headers=list(_encoded(headers))) as response:
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


def _checked(url: str) -> httpcore.URL:
    if len(url) > LONGEST_URL:
        raise ToolError(f"an address of more than {LONGEST_URL} characters cannot be read")
    named = _AUTHORITY.search(_DROPPED.sub("", url))
    if named and len(named[1]) > LONGEST_AUTHORITY:
        raise ToolError("no host has a name as long as that")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
    except (ValueError, UnicodeError) as error:
        raise ToolError(f"{url} is not an address that can be read: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise ToolError("only http:// and https:// addresses can be read")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=ascii_host, port=port, target=_quoted(target))


def _quoted(target: str) -> str:
    """Escape what an address may not hold as it is; what is escaped already stays."""
    return "".join(
        char if "!" <= char <= "~" else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in target
    )


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
