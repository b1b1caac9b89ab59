"""How Twilio's library makes its calls here.

Its own asynchronous client ignores its timeout, sends JSON bodies as forms and loses `Retry-After`;
so this one is given to it in that place.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from twilio.http.response import Response

from bridge.domain.numerals import number_of
from bridge.ports.clock import Clock

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
"""Seconds."""


class Throttled(Exception):
    """Twilio answered 429. `after` is how long it asks to wait, if it says so."""

    def __init__(self, after: timedelta | None) -> None:
        super().__init__()
        self.after = after


class _Pool:
    """Connections that are closed once nobody keeps or uses them any more."""

    def __init__(self) -> None:
        self.http = httpx.AsyncClient(timeout=TIMEOUT)
        self._users = 0

    @asynccontextmanager
    async def used(self) -> AsyncIterator[httpx.AsyncClient]:
        self._users += 1
        try:
            yield self.http
        finally:
            self._users -= 1
            if not self._users:
                await self.http.aclose()


class Transport:
    """Keeps connections while it is open, and opens one for a single call otherwise.

    `skew` is how far Twilio's clock was ahead of ours in its last answer.
    """

    is_async = True  # what the library asks before it awaits `request`

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pool: _Pool | None = None
        self.skew = timedelta(0)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep connections for as long as the context is open; calls under way finish after it."""
        pool = self._pool = _Pool()
        try:
            async with pool.used():
                yield
        finally:
            if self._pool is pool:
                self._pool = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client for one call."""
        async with (self._pool or _Pool()).used() as client:
            yield client

    async def request(  # noqa: PLR0917 - the library's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the library's signature; ours holds
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002 - the library's signature
    ) -> Response:
        """Make a call. Raises `Throttled` and `httpx.HTTPError`."""
        is_json = (headers or {}).get("Content-Type") == "application/json"
        body: Mapping[str, Any] = {"json": data} if is_json else {"data": data}
        async with self.client() as client:
            answer = await client.request(
                method, url, params=params, headers=headers, auth=auth, **body
            )
        self._notice(answer.headers)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Throttled(_wait(answer.headers))
        return Response(answer.status_code, answer.text, answer.headers)

    def _notice(self, headers: httpx.Headers) -> None:
        told = _time(headers.get("Date", ""))
        if told is not None:
            self.skew = told - self._clock.now()


def _time(date: str) -> datetime | None:
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told if told.tzinfo is not None else None


def _wait(headers: httpx.Headers) -> timedelta | None:
    seconds = number_of(headers.get("Retry-After", ""))
    return timedelta(seconds=seconds) if seconds is not None else None
