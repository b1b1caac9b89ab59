"""A network for HTTP that connects to permitted addresses only, whatever names and pages say.

The rules:

- A name is resolved here, every address it has must be permitted, and the connection goes to one of
  those very addresses: a name cannot mean another one later.
- What is received is read a little at a time, so that a peer that sends letter by letter holds up
  nobody, and no more of it than is asked for.
- Names are looked up in threads of their own: names that nobody answers for hold up no other work.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo
from typing import Any
from urllib.parse import urlsplit

import httpcore

from bridge.addresses import Ip

READ_AT_ONCE = 4_096
"""Bytes that are taken apart before anything else may go on: at its worst that takes 20 ms."""

LONGEST_TRY = 4.0
"""Seconds to connect to an address while there is another one to try: some are dead."""

LONGEST_URL, LONGEST_AUTHORITY = 8_000, 500
"""Characters; few servers take more, and a name has 253 at most."""

_DROPPED = re.compile(r"[\t\r\n]")
_AUTHORITY = re.compile(r"//([^/?#]*)")

Resolve = Callable[[str, int], "asyncio.Future[Sequence[str]] | Any"]

_LOOKING_UP = ThreadPoolExecutor(4, thread_name_prefix="guarded-names")


class NotPermittedError(Exception):
    """Nothing may be asked there, or there is no such host; the text says which."""


class NotFoundError(NotPermittedError):
    """There is no such host, or nobody says just now where it is."""


async def resolve(host: str, port: int) -> Sequence[str]:
    work = partial(getaddrinfo, host, port, type=SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKING_UP, work)
    return [str(each[4][0]) for each in found]


class _Sipping(httpcore.AsyncNetworkStream):
    """Reads a little at a time, lets others go on in between, and stops at `most` bytes."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, most: int) -> None:
        self._stream, self._received, self._most = stream, 0, most

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        await asyncio.sleep(0)
        if self._received > self._most:
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
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        return _Sipping(
            await self._stream.start_tls(ssl_context, server_hostname, timeout), self._most
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses only; of each connection at most `most` bytes are read.

    Whoever asks for another one gets `NotPermittedError`.
    """

    def __init__(
        self, permitted: Callable[[Ip], bool], resolve: Resolve = resolve, *, most: int
    ) -> None:
        self._permitted, self._resolve, self._most = permitted, resolve, most
        self._network = httpcore.AnyIOBackend()

    async def permitted_addresses(self, host: str, port: int) -> Sequence[Ip]:
        """Return the addresses of a host. Raises `NotPermittedError`, if one is not permitted."""
        ips = [ip_address(each.partition("%")[0]) for each in await self._addresses(host, port)]
        if not ips or not all(self._permitted(ip) for ip in ips):
            raise NotPermittedError(f"{host} is not a public address")
        return ips

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self.permitted_addresses(host, port)
        for ip in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                limit = LONGEST_TRY if timeout is None else min(timeout, LONGEST_TRY)
                return await self._connected(ip, port, limit, local_address, socket_options)
        return await self._connected(last, port, timeout, local_address, socket_options)

    async def _connected(self, ip: Ip, port: int, *how: Any) -> httpcore.AsyncNetworkStream:
        return _Sipping(await self._network.connect_tcp(str(ip), port, *how), self._most)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return [str(ip_address(host.strip("[]")))]
        except ValueError:
            pass
        try:
            found: Sequence[str] = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NotFoundError(f"{host} cannot be found: {error}") from error
        return found

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise NotPermittedError("only http and https addresses can be reached")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def checked_url(url: str) -> httpcore.URL:
    """Return an address of http or https as it is asked for. Raises `NotPermittedError`."""
    if len(url) > LONGEST_URL:
        raise NotPermittedError(f"an address of more than {LONGEST_URL} characters cannot be read")
    named = _AUTHORITY.search(_DROPPED.sub("", url))
    if named and len(named[1]) > LONGEST_AUTHORITY:
        raise NotPermittedError("no host has a name as long as that")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
    except (ValueError, UnicodeError) as error:
        why = f"{url} is not an address that can be read: {error}"
        raise NotPermittedError(why) from error
    if parts.scheme not in {"http", "https"} or not host:
        raise NotPermittedError("only http:// and https:// addresses can be read")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=ascii_host, port=port, target=_quoted(target))


def _quoted(target: str) -> str:
    """Escape what an address may not hold as it is; what is escaped already stays."""
    return "".join(
        char if "!" <= char <= "~" else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in target
    )
