"""How a reply reaches the one who asked, and nobody else where Discord can do that.

The rules:

- An interaction is answered after the inbox returned, if that is soon; else Discord, which gives up
  after three seconds, is told in time that an answer will come.
- A press without a reply changes nothing; a command without a reply leaves nothing behind.
- To a message the reply is a message: nobody can whisper to someone who typed.
- A reply that cannot be shown is let go: what was asked is kept all the same.
"""

import asyncio
from typing import Any

import structlog
from discord.http import Route

from bridge.errors import ChannelError
from bridge.parts import Reply
from bridge.ports import Clock
from bridge.splitting import split
from channels.discord.config import Pace
from channels.discord.errors import translated
from channels.discord.limits import MAX_CHARS
from channels.discord.render import EPHEMERAL, nonce, plain, whisper
from channels.discord.wire import Wire
from channels.markdown.discord import render, size

log = structlog.get_logger()

SAY, SAY_LATER, CHANGE_LATER = 4, 5, 6
"""Types of answers: a message; a message that will come; nothing, or a change that will come."""


class Interaction:
    """One slash command or press that wants an answer."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        pace: Pace,
        *,
        number: str,
        token: str,
        app: str,
        press: bool,
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._pace = pace
        self._number = number
        self._token = token
        self._app = app
        self._press = press
        self._turn = asyncio.Lock()
        self._deferred = False
        self._answered = False

    async def in_time(self) -> None:
        """Tell Discord that an answer will come, once that is due and none was given."""
        await self._clock.sleep(self._pace.answer)
        async with self._turn:
            if not self._answered:
                await self._defer()

    async def answer(self, reply: Reply | None) -> None:
        pieces = texts(reply)
        async with self._turn:
            self._answered = True
            if pieces and not self._deferred:
                await self._respond({"type": SAY, "data": whisper(pieces.pop(0))})
            elif not self._deferred:
                await self._defer()
            if self._deferred and not self._press:
                await self._complete(pieces.pop(0) if pieces else None)
            for piece in pieces:
                await self._call("POST", "", whisper(piece))

    async def _defer(self) -> None:
        self._deferred = True
        if self._press:
            await self._respond({"type": CHANGE_LATER})
        else:
            await self._respond({"type": SAY_LATER, "data": {"flags": EPHEMERAL}})

    async def _complete(self, text: str | None) -> None:
        """Put the text where "thinking …" stands, or take that away."""
        if text is None:
            await self._call("DELETE", "/messages/@original", None)
        else:
            await self._call("PATCH", "/messages/@original", plain(text))

    async def _respond(self, answer: dict[str, Any]) -> None:
        route = Route(
            "POST",
            "/interactions/{interaction_id}/{webhook_token}/callback",
            interaction_id=self._number,
            webhook_token=self._token,
        )
        await call(self._wire, self._clock, route, answer)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> None:
        route = Route(
            method,
            "/webhooks/{webhook_id}/{webhook_token}" + path,
            webhook_id=self._app,
            webhook_token=self._token,
        )
        await call(self._wire, self._clock, route, body)


async def reply_to(
    wire: Wire, clock: Clock, *, place: str, message: str, reply: Reply | None
) -> None:
    """Reply to a message with messages."""
    for number, text in enumerate(texts(reply)):
        body = plain(text) | {
            "nonce": nonce("reply", message, str(number)),
            "enforce_nonce": True,
            "message_reference": {"message_id": message, "fail_if_not_exists": False},
        }
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=place)
        await call(wire, clock, route, body)


def texts(reply: Reply | None) -> list[str]:
    """Return a reply in as many messages as it takes."""
    if reply is None or not reply.text.strip():
        return []
    return [render(piece.text) for piece in split(reply.text, MAX_CHARS, size=size)]


async def call(wire: Wire, clock: Clock, route: Route, body: dict[str, Any] | None) -> None:
    try:
        with translated(clock.now()):
            await wire.request(route, json=body)
    except ChannelError as error:
        log.warning("reply not shown", error=type(error).__name__, code=error.code)
