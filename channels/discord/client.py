"""Discord's HTTP and websocket, of one account: the library's calls, one request for each.

The rules:

- A call is one request. The library's own client sleeps before a request that its bucket has no
  room for, sleeps and repeats on a 429, and repeats on a 5xx; when to try again is decided
  elsewhere, so this one raises instead, at once.
- A route whose bucket is empty is not called: that would be counted as an invalid request.
- Nothing is shared by the process: the addresses are the account's own, so that two accounts with
  different ones do not mix.
- While somebody listens there is one pool of connections; else a call brings and closes its own.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from discord import File, HTTPException, LoginFailure, NotFound, RateLimited
from discord.errors import DiscordServerError, Forbidden
from discord.gateway import DiscordClientWebSocketResponse, DiscordWebSocket
from discord.http import HTTPClient, Route, json_or_text
from discord.utils import MISSING
from yarl import URL

from bridge.domain.waits import is_over
from bridge.ports.clock import Clock
from channels.discord.limits import CALL_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS
from channels.discord.schema import User

MOST_ROUTES = 1000
"""Empty buckets kept in mind; then those that are full again are forgotten."""

CLOSE_SECONDS = 1.0
"""How long to wait for the other side's goodbye."""

CHUNK = 256 * 1024


class Wire(HTTPClient):
    """The library's HTTP client with its waiting and repeating taken out."""

    def __init__(self, api_url: str, token: str, clock: Clock) -> None:
        super().__init__(MISSING)
        self.token = token
        self._api_url = api_url.rstrip("/")
        self._clock = clock
        self._pool: aiohttp.ClientSession | None = None
        self._free_at: dict[str, tuple[datetime, datetime]] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep one pool of connections for as long as the context is open."""
        async with self._session() as session:
            self._pool = session
            try:
                yield
            finally:
                self._pool = None

    async def request(
        self,
        route: Route,
        *,
        files: Sequence[File] | None = None,  # noqa: ARG002 - they are in the form
        form: Iterable[dict[str, Any]] | None = None,
        **options: Any,
    ) -> Any:
        """Make one request and return its JSON. Raises the library's errors and aiohttp's."""
        self._check(route)
        options.pop("reason", None)
        headers = {"User-Agent": self.user_agent, "Authorization": f"Bot {self.token}"}
        if form is not None:
            options["data"] = _form(form)
        async with (
            self._connection() as session,
            session.request(route.method, self._url(route), headers=headers, **options) as response,
        ):
            said = await json_or_text(response)
        self._note(route, response)
        if response.ok:
            return said
        raise _refusal(response, said)

    async def download(self, url: str) -> AsyncIterator[bytes]:
        """Yield a file that Discord's file server holds; the token stays here."""
        patient = aiohttp.ClientTimeout(
            sock_connect=CONNECT_TIMEOUT_SECONDS, sock_read=CALL_TIMEOUT_SECONDS
        )
        async with self._connection() as session, session.get(url, timeout=patient) as response:
            if not response.ok:
                raise _refusal(response, "")
            async for chunk in response.content.iter_chunked(CHUNK):
                yield chunk

    async def commands(self, application: int) -> Any:
        """Return the commands that are registered, with their descriptions in all languages."""
        route = Route("GET", "/applications/{app}/commands", app=application)
        return await self.request(route, params={"with_localizations": "true"})

    # -- what the library calls when it connects

    async def static_login(self, token: str) -> User:
        self.token = token
        try:
            found: User = await self.request(Route("GET", "/users/@me"))
        except HTTPException as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise LoginFailure("the token is refused") from error
            raise
        return found

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Connect to the gateway that this API names; the library knows but the public one."""
        if self._pool is None:
            raise RuntimeError("nobody listens")
        asked = URL(url)
        if asked.host == DiscordWebSocket.DEFAULT_GATEWAY.host:
            _, gateway, _ = await self.get_bot_gateway()
            asked = URL(gateway).with_query(asked.query)
        return await self._pool.ws_connect(
            asked,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            autoclose=False,
            max_msg_size=0,
            compress=compress,
            headers={"User-Agent": self.user_agent},
        )

    async def close(self) -> None:
        """Do nothing: whoever opened the pool closes it."""

    # -- connections and buckets

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiohttp.ClientSession]:
        if self._pool is not None:
            yield self._pool
            return
        async with self._session() as session:
            yield session

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=CALL_TIMEOUT_SECONDS, sock_connect=CONNECT_TIMEOUT_SECONDS
            ),
            ws_response_class=DiscordClientWebSocketResponse,
        )

    def _url(self, route: Route) -> str:
        return self._api_url + route.url.removeprefix(Route.BASE)

    def _check(self, route: Route) -> None:
        now = self._clock.now()
        since, free_at = self._free_at.get(_bucket(route), (now, now))
        if not is_over(free_at, now=now, since=since):
            raise RateLimited((free_at - now).total_seconds())

    def _note(self, route: Route, response: aiohttp.ClientResponse) -> None:
        """Keep in mind when the route may be called again, if this was its last call for now."""
        self._free_at.pop(_bucket(route), None)
        if response.headers.get("X-RateLimit-Remaining") != "0":
            return
        now = self._clock.now()
        if len(self._free_at) >= MOST_ROUTES:
            self._free_at = {
                key: (since, at) for key, (since, at) in self._free_at.items() if at > now
            }
        wait = timedelta(seconds=float(response.headers.get("X-RateLimit-Reset-After", "0")))
        self._free_at[_bucket(route)] = (now, now + wait)


def _bucket(route: Route) -> str:
    return f"{route.key}:{route.major_parameters}"


def _form(fields: Iterable[dict[str, Any]]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # Discord does not take "files%5B0%5D"
    for each in fields:
        form.add_field(**each)
    return form


def _refusal(response: aiohttp.ClientResponse, said: Any) -> HTTPException:
    match response.status:
        case HTTPStatus.FORBIDDEN:
            return Forbidden(response, said)
        case HTTPStatus.NOT_FOUND:
            return NotFound(response, said)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return DiscordServerError(response, said)
        case _:
            return HTTPException(response, said)
