"""Slack's Web API with one account's bot token: every failure leaves as a `ChannelError`.

The rules:

- Nothing is tried again in here, but what must be read for the account to hear anything
  (`patiently`); the client's own retries are off, all of them.
- While the account listens, calls share one session and its connections. Before and after, each
  call has a session of its own, so that nothing is left open.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bridge.domain.errors import ChannelError, OutcomeUnknown, RateLimited, Unreachable
from bridge.ports.clock import Clock
from channels.slack.errors import translated
from channels.slack.limits import PAUSES

TIMEOUT_SECONDS = 25
"""Less than the courier gives a call, so that the channel says what happened."""

SDK_LOG = logging.getLogger("slack_sdk.bridgehead")
"""What Slack's libraries log with. A level of its own: without one they would format what people
said for a debug line that nobody reads. Lost connections are logged by us, without addresses."""
SDK_LOG.setLevel(logging.CRITICAL)

Answer = dict[str, Any]
"""What Slack answered; taken apart by whoever asked, in this folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotUser:
    """Who the bot token says we are. `scopes` is None where Slack does not say.

    `enterprise`: the organisation that the workspace is part of, or "".
    """

    team: str
    team_name: str
    user: str
    bot: str
    name: str
    url: str
    scopes: frozenset[str] | None
    enterprise: str = ""


class Web:
    """The Web API. `client` makes a call, `ask` waits for it. `log` says whose it is."""

    def __init__(self, name: str, token: str, api_url: str, clock: Clock) -> None:
        self.name = name
        self.log = structlog.get_logger().bind(channel=name)
        self._clock = clock
        self.api_url = api_url
        self.client = AsyncWebClient(
            token, base_url=api_url, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=SDK_LOG
        )

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Share one session between all calls, for as long as this lasts."""
        async with self.session() as session:
            self.client.session = session
            try:
                yield
            finally:
                self.client.session = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Lend the shared session, or one of its own."""
        shared = self.client.session
        if shared is not None and not shared.closed:
            yield shared
            return
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield session

    async def ask(self, call: Awaitable[AsyncSlackResponse]) -> Answer:
        """Return what Slack answers. Raises a `ChannelError`."""
        return _body(await self.response(call))

    async def response(self, call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
        try:
            return await call
        except Exception as error:
            raise translated(error, now=self._clock.now()) from error

    async def patiently(self, call: Callable[[], Awaitable[AsyncSlackResponse]]) -> Answer:
        """Return what Slack answers, however often it cannot be reached or asks to wait.

        Only for what changes nothing. Raises every other `ChannelError`.
        """
        return _body(await self._patiently(call))

    async def _patiently(
        self, call: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> AsyncSlackResponse:
        tries = 0
        while True:
            try:
                return await self.response(call())
            except (RateLimited, Unreachable, OutcomeUnknown) as error:
                self.log.info("slack not available", code=error.code)
                await self._clock.sleep(self._pause(error, tries))
                tries += 1

    def _pause(self, error: ChannelError, tries: int) -> float:
        if isinstance(error, RateLimited):
            return max(PAUSES[0], (error.until - self._clock.now()).total_seconds())
        return PAUSES[min(tries, len(PAUSES) - 1)]

    async def account(self, *, patiently: bool = False) -> BotUser:
        """Return whose token it is. Raises a `ChannelError`."""
        ask = self.client.auth_test
        response = await (self._patiently(ask) if patiently else self.response(ask()))
        said = _body(response)
        scopes = response.headers.get("x-oauth-scopes")
        return BotUser(
            team=str(said.get("team_id", "")),
            team_name=str(said.get("team", "")),
            user=str(said.get("user_id", "")),
            bot=str(said.get("bot_id", "")),
            name=str(said.get("user", "")),
            url=str(said.get("url", "")),
            scopes=None if scopes is None else scopes_in(scopes),
            enterprise=str(said.get("enterprise_id") or ""),
        )


def scopes_in(header: str) -> frozenset[str]:
    return frozenset(scope.strip() for scope in header.split(",") if scope.strip())


def _body(response: AsyncSlackResponse) -> Answer:
    if not isinstance(response.data, dict):
        raise OutcomeUnknown("Slack answered without JSON", code="not_json")
    return response.data
