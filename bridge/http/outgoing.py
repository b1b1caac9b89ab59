"""What is sent of events, and the calls that send it.

The rules:

- An address is called only where anyone on the internet can be, and by https; or in the networks
  that whoever runs the bridge named. That is looked at when the address is given, and once more for
  each connection, by the very address that is connected to (`bridge.guarded_network`).
- No redirect is followed, no proxy asked, and nothing of the answer is read but its head.
- What the answer means for what comes next says its `ChannelError`: `code` is the status, and empty
  where none came, or where it asks to wait, which holds for everything that goes there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from bridge import texts
from bridge.addresses import Ip, is_public
from bridge.delivery.retry import LONGEST_WAIT
from bridge.delivery.subscription import Subscription, envelope
from bridge.domain.codec import kind_of
from bridge.domain.errors import Gone, RateLimited, Refused, Rejected, Unreachable
from bridge.domain.events import Event, QuestionClosed
from bridge.domain.ids import ParticipantId, Seq
from bridge.http.dependencies import Readers, hidden_from
from bridge.http.pages import shown_beside
from bridge.http.questions import view
from bridge.ports.clock import Clock
from bridge.session.fold import Session

if TYPE_CHECKING:
    import httpcore

    from bridge.guarded_network import GuardedNetwork, Resolve

Networks = Sequence[IPv4Network | IPv6Network]

SECONDS = 15.0
"""How long a receiver has to answer."""

MOST_RECEIVED = 65_536
"""Bytes of an answer."""

BUSY = frozenset({429, 503})
GONE = 410
REFUSED = frozenset({400, 413, 415, 422})
"""What says that this event is not taken; whatever else is wrong may be of the receiver alone."""


class Outgoing:
    """Calls receivers. In `networks` it may be called without TLS, and what is not public."""

    def __init__(
        self,
        readers: Readers,
        clock: Clock,
        networks: Networks = (),
        *,
        resolve: "Resolve | None" = None,
        seconds: float = SECONDS,
    ) -> None:
        self._readers, self._clock, self._networks = readers, clock, networks
        self._resolve, self._seconds = resolve, seconds

    # -- what is sent, and to whom

    async def hidden(self, who: ParticipantId, session: Session) -> Seq | None:
        """Return the last event of a session that someone may not read; None: they read nothing."""
        return await hidden_from(self._readers, who, session)

    async def may_follow_all(self, who: ParticipantId) -> bool:
        """Say whether someone may take in every session that they are in."""
        return await self._readers.people.browser_guests.may_begin(who)

    async def body(self, subscription: Subscription, event: Event) -> bytes:
        """Return what is sent of an event: as it is in the stream; of a question, how it ended."""
        if subscription.question and isinstance(event.body, QuestionClosed):
            asked = Seq(event.body.asked - 1)
            (first,) = await self._readers.store.read(event.session, after=asked, limit=1)
            told = await view(self._readers, first)
            data: Mapping[str, Any] = told.model_dump(mode="json", exclude=NOT_TOLD)
        else:
            data = await shown_beside(event)
        return envelope(kind_of(event.body), event.session, event.at, data)

    # -- where

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

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send it. Raises `ChannelError`."""
        import httpcore  # noqa: PLC0415 - only whoever sends events needs it

        from bridge.guarded_network import NotPermittedError, checked_url  # noqa: PLC0415

        sent = {"content-type": "application/json", "user-agent": "Bridgehead", **headers}
        failed = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
        pool = httpcore.AsyncConnectionPool(
            network_backend=self._network(url), ssl_context=await self._context()
        )
        try:
            async with asyncio.timeout(self._seconds), pool:
                request = pool.stream(
                    "POST",
                    checked_url(url),
                    headers=[(name.encode(), value.encode()) for name, value in sent.items()],
                    content=body,
                )
                async with request as response:
                    status, wait = response.status, _retry_after(response, self._clock.now())
        except TimeoutError:
            raise Unreachable(f"no answer within {self._seconds:g} s") from None
        except NotPermittedError as error:
            raise Unreachable(str(error)) from None
        except failed as error:
            raise Unreachable(f"cannot be reached: {type(error).__name__}") from None
        self._judge(status, wait)

    def _judge(self, status: int, wait: datetime | None) -> None:
        code, said = str(status), f"it answered {status}"
        if 200 <= status < 300:  # noqa: PLR2004 - what HTTP says of success
            return
        if status == GONE:
            raise Gone(f"{said}: it wants nothing more", code=code)
        if status in BUSY and wait is not None:
            raise RateLimited(said, until=wait)
        if status in REFUSED:
            raise Rejected(said, code=code)
        raise Unreachable(said, code=code)

    def _network(self, url: str) -> "GuardedNetwork":
        from bridge.guarded_network import GuardedNetwork, resolve  # noqa: PLC0415 - httpcore

        permitted = self._is_permitted if url.lower().startswith("https:") else self._is_named
        return GuardedNetwork(permitted, self._resolve or resolve, most=MOST_RECEIVED)

    def _is_permitted(self, ip: Ip) -> bool:
        return is_public(ip) or self._is_named(ip)

    def _is_named(self, ip: Ip) -> bool:
        mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
        return any((mapped or ip) in network for network in self._networks)

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


NOT_TOLD = {"repeated", "callback_secret"}


def _retry_after(response: "httpcore.Response", now: datetime) -> datetime | None:
    """Return when a receiver wants to be called again, an hour from now at most."""
    given = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
    text = given.decode("latin-1").strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:  # noqa: PLR2004 - of seconds
        return now + min(timedelta(seconds=int(text)), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(at, now), now + LONGEST_WAIT)
