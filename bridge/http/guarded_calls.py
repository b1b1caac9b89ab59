"""Calls to addresses that somebody else named: receivers of events, push services of browsers.

The rules:

- An address is called only where anyone on the internet can be, and by https; or in the networks
  that whoever runs the bridge named. That is looked at when the address is given, and once more for
  each connection, by the very address that is connected to (`bridge.guarded_network`).
- No redirect is followed, no proxy asked, and nothing of an answer is read but its head.
- A call takes `SECONDS` at most, all of it: looking up the name, connecting, and each letter.
- How long somebody asks to wait is believed for `LONGEST_WAIT`, whatever they write.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from bridge import texts
from bridge.addresses import Ip, is_public
from bridge.delivery.retry import LONGEST_WAIT
from bridge.domain.errors import Refused, Unreachable
from bridge.ports.clock import Clock

if TYPE_CHECKING:
    import httpcore

    from bridge.guarded_network import GuardedNetwork, Resolve

Networks = Sequence[IPv4Network | IPv6Network]

SECONDS = 15.0
"""How long whoever is called has to answer."""

MOST_RECEIVED = 65_536
"""Bytes of an answer."""

MOST_DIGITS = 9
"""Of a number of seconds; what is longer is longer than any wait."""


class NotPublic(Unreachable):
    """Nothing may be called there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`wait`: when it wants to be called again, if it says so, from now to `LONGEST_WAIT` on."""

    status: int
    wait: datetime | None


class GuardedCalls:
    """In `networks` it may be called without TLS, and what is not public."""

    def __init__(
        self,
        clock: Clock,
        networks: Networks = (),
        *,
        resolve: "Resolve | None" = None,
        seconds: float = SECONDS,
    ) -> None:
        self._clock, self.networks = clock, networks
        self._resolve, self._seconds = resolve, seconds

    async def check(self, url: str) -> None:
        """Raise `Refused` where nothing may be sent to."""
        from bridge.guarded_network import NotPermittedError, checked_url  # noqa: PLC0415 - httpcore

        try:
            target, parts = checked_url(url), urlsplit(url)
            _check_bare(parts)
            host, port = target.host.decode(), target.port or 443
            async with asyncio.timeout(self._seconds):
                await self._network(url).permitted_addresses(host, port)
        except TimeoutError:
            raise Refused(f"{texts.NOT_CALLED}: its host cannot be looked up") from None
        except NotPermittedError as error:
            raise Refused(f"{texts.NOT_CALLED}: {error}") from None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send it, and return what was answered. Raises `Unreachable`, and `NotPublic`."""
        import httpcore  # noqa: PLC0415 - only whoever calls out needs it

        from bridge.guarded_network import (  # noqa: PLC0415
            NotFoundError,
            NotPermittedError,
            checked_url,
        )

        failed = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
        pool = httpcore.AsyncConnectionPool(
            network_backend=self._network(url), ssl_context=await self._context()
        )
        try:
            async with asyncio.timeout(self._seconds), pool:
                request = pool.stream(
                    "POST", checked_url(url), headers=_encoded(headers), content=body
                )
                async with request as response:
                    wait = wait_of(_header(response, b"retry-after"), self._clock.now())
                    return Answered(status=response.status, wait=wait)
        except TimeoutError:
            raise Unreachable(f"no answer within {self._seconds:g} s") from None
        except NotFoundError as error:
            raise Unreachable(str(error)) from None
        except NotPermittedError as error:
            raise NotPublic(str(error)) from None
        except (*failed, ValueError) as error:  # TLS has names that it takes for none
            raise Unreachable(f"cannot be reached: {type(error).__name__}") from None

    def _network(self, url: str) -> "GuardedNetwork":
        from bridge.guarded_network import GuardedNetwork, resolve  # noqa: PLC0415 - httpcore

        permitted = self._is_permitted if url.lower().startswith("https:") else self._is_named
        return GuardedNetwork(permitted, self._resolve or resolve, most=MOST_RECEIVED)

    def _is_permitted(self, ip: Ip) -> bool:
        return is_public(ip) or self._is_named(ip)

    def _is_named(self, ip: Ip) -> bool:
        mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
        return any((mapped or ip) in network for network in self.networks)

    async def _context(self) -> Any:
        return await asyncio.to_thread(lambda: self._tls)

    @cached_property
    def _tls(self) -> Any:
        import ssl  # noqa: PLC0415 - 20 ms of certificates

        return ssl.create_default_context()


def _check_bare(parts: SplitResult) -> None:
    """Raise `Refused` for an address that holds more than where to call."""
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Refused(f"{texts.NOT_CALLED}: it has a name, a password or a fragment")


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    sent = {"user-agent": "Bridgehead", **headers}
    return [(name.encode(), value.encode()) for name, value in sent.items()]


def _header(response: "httpcore.Response", name: bytes) -> str:
    given = next((value for each, value in response.headers if each.lower() == name), b"")
    return given.decode("latin-1").strip()


def wait_of(given: str, now: datetime) -> datetime | None:
    """Return when a `Retry-After` says to call again, an hour from now at most; None: it does not.

    It is a number of seconds, or a date.
    """
    if given.isascii() and given.isdecimal():
        seconds = int(given) if len(given) <= MOST_DIGITS else LONGEST_WAIT.total_seconds()
        return now + min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(given)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return min(max(at, now), now + LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):  # of years, and of zones, that there are not
        return None
