"""The socket that Slack delivers through, and Bolt in front of it.

The rules:

- A delivery is acknowledged when `door` returned, with what it returned. If it raises, or is
  cancelled, it is not, and Slack delivers again.
- Bolt does not see it earlier: its own dispatch acknowledges before anything was kept, and drops
  what comes while `auth.test` fails. `before_authorize` stands in front of all that, and answers.
- The tasks that Slack's client starts for each delivery are known here, so that closing ends them.
- A refused app token ends it; everything else that goes wrong with the connection, the client
  mends. A connection that stays lost is given up by `broken`, and a new socket is made.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bridge.domain.errors import RateLimited, Unauthorized
from bridge.ports.clock import Clock
from channels.slack.client import SDK_LOG, Web
from channels.slack.limits import STUCK_SECONDS
from channels.slack.parse import Json

Door = Callable[[Json], Awaitable[Json | None]]
"""Takes a payload in; what it returns is sent along with the acknowledgement."""

LEAST_PAUSE_SECONDS = 0.5
PAUSE_SECONDS = {"too_many_websockets": 10.0}
"""Before a new connection is made, by the reason Slack gave for ending the one before."""

CLOSE_SECONDS = 2.0
"""Slack does not always answer a closing socket."""


class Socket(SocketModeClient):
    """`greeted` is called whenever a connection begins."""

    def __init__(
        self,
        app_token: str,
        web: Web,
        clock: Clock,
        *,
        door: Door,
        greeted: Callable[[], None],
        ping_seconds: float,
    ) -> None:
        super().__init__(app_token, SDK_LOG, web.client, ping_interval=ping_seconds)
        self._web = web
        self._clock = clock
        self._door = door
        self._greeted = greeted
        self._tasks: set[asyncio.Task[Any]] = set()
        self._refusal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._app = AsyncApp(
            client=web.client,
            name="bridgehead",
            logger=SDK_LOG,
            before_authorize=self._before_authorize,
            request_verification_enabled=False,
            ssl_check_enabled=False,
        )
        self.socket_mode_request_listeners.append(self._deliver)

    # -- deliveries

    async def _deliver(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        answer = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, answer, 0.0)

    async def _before_authorize(self, body: Json) -> BoltResponse:
        said = await self._door(body)
        return BoltResponse(status=200, body=said or "")

    async def run_message_listeners(self, message: Json, raw_message: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._listeners(message, raw_message)
        finally:
            self._tasks.discard(task)

    async def _listeners(self, message: Json, raw_message: str) -> None:
        match message.get("type"):
            case "hello":
                self._web.log.info("connected")
                self._greeted()
            case "disconnect":
                reason = str(message.get("reason"))
                self._web.log.info("slack renews the connection", reason=reason)
                if reason == "link_disabled":
                    self._refuse(Unauthorized(SOCKET_MODE_OFF, code=reason))
                    return
                await self._clock.sleep(PAUSE_SECONDS.get(reason, LEAST_PAUSE_SECONDS))
            case _:
                pass
        await super().run_message_listeners(message, raw_message)

    # -- the connection

    async def connect(self) -> None:
        """Connect, however often it takes."""
        connect: Callable[[], Awaitable[None]] = super().connect
        await connect()

    async def issue_new_wss_url(self) -> str:
        """Ask for an address. Raises a `ChannelError`, and the client asks again later."""
        try:
            opened = self.web_client.apps_connections_open(app_token=self.app_token)
            return str((await self._web.ask(opened))["url"])
        except Unauthorized as error:
            self._refuse(error)
            raise
        except RateLimited as error:
            await self._clock.sleep((error.until - self._clock.now()).total_seconds())
            raise

    def _refuse(self, error: Unauthorized) -> None:
        if not self._refusal.done():
            self._refusal.set_exception(error)

    async def broken(self) -> None:
        """Return when the connection has been lost for too long. Raises `Unauthorized`."""
        lost = 0.0
        while lost < STUCK_SECONDS:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.ping_interval):
                    await asyncio.shield(self._refusal)
            if await self.is_connected():
                lost = 0.0
            else:
                lost += self.ping_interval
                self.wss_uri = None  # an address is good for one try; the client would keep it
        self._web.log.warning("connection given up")

    async def close(self) -> None:
        """Close it, and leave no task behind."""
        close: Callable[[], Awaitable[None]] = super().close
        own = {self.message_processor, self.current_session_monitor, self.message_receiver}
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await close()
        await self.aiohttp_client_session.close()
        await asyncio.sleep(0)  # a delivery that was begun just now gets to be known
        tasks = {each for each in {*own, *self._tasks} if each is not None}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._refusal.cancel()


SOCKET_MODE_OFF = "Socket Mode is switched off: Settings → Socket Mode → Enable Socket Mode"
