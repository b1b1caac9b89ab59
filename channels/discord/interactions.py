"""How a reply reaches the one who asked, and nobody else where Discord can do that.

The rules:

- An interaction is answered after the inbox returned, if that is soon; else Discord, which gives up
  after three seconds, is told in time that an answer will come.
- A press without a reply changes nothing; a command without a reply leaves nothing behind.
- To a message the reply is a message: nobody can whisper to someone who typed.
- A call that stumbles is made again while the asker waits (`channels.telling`), and a reply that is
  refused is told in a line. One that cannot be shown even so is let go: what was asked is kept all
  the same.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from discord.http import Route

from bridge.delivery.splitting import split
from bridge.domain.errors import ChannelError
from bridge.domain.parts import Reply
from bridge.ports.clock import Clock
from bridge.unseen import note
from channels.discord.client import Wire
from channels.discord.config import Pace
from channels.discord.errors import TOO_LATE, translated
from channels.discord.from_markdown import render, size
from channels.discord.limits import MAX_CHARS
from channels.discord.render import EPHEMERAL, nonce, plain, whisper
from channels.telling import told

log = structlog.get_logger()

MARK = 40
"""What is kept free in a message for the mark of a repeat."""

LATE = frozenset(map(str, TOO_LATE))

Body = Callable[[Reply], dict[str, Any] | None]
"""A message as Discord takes it, of what is to be said."""

NOTHING = Reply(text="")

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
        pieces = messages(reply)
        async with self._turn:
            self._answered = True
            if pieces and not self._deferred:
                await self._respond(
                    lambda said: {"type": SAY, "data": _whisper(said)}, pieces.pop(0)
                )
            elif not self._deferred:
                await self._defer()
            if self._deferred and not self._press:
                await self._complete(pieces.pop(0) if pieces else None)
            for piece in pieces:
                await self._call("POST", "", _whisper, piece, marks=True)

    async def _defer(self) -> None:
        self._deferred = True
        if self._press:
            await self._respond(lambda _: {"type": CHANGE_LATER})
        else:
            await self._respond(lambda _: {"type": SAY_LATER, "data": {"flags": EPHEMERAL}})

    async def _complete(self, piece: Reply | None) -> None:
        """Put the text where "thinking …" stands, or take that away."""
        if piece is None:
            await self._call("DELETE", "/messages/@original", lambda _: None)
        else:
            await self._call("PATCH", "/messages/@original", _message, piece)

    async def _respond(self, answer: Body, said: Reply = NOTHING) -> None:
        route = Route(
            "POST",
            "/interactions/{interaction_id}/{webhook_token}/callback",
            interaction_id=self._number,
            webhook_token=self._token,
        )
        await call(self._wire, self._clock, route, answer, said)

    async def _call(
        self, method: str, path: str, body: Body, said: Reply = NOTHING, *, marks: bool = False
    ) -> None:
        route = Route(
            method,
            "/webhooks/{webhook_id}/{webhook_token}" + path,
            webhook_id=self._app,
            webhook_token=self._token,
        )
        await call(self._wire, self._clock, route, body, said, marks=marks)


async def opened(wire: Wire, clock: Clock, asked: Any, form: dict[str, Any]) -> None:
    """Open a window for whoever asked. It can be done at once alone: later they ask again."""
    route = Route(
        "POST",
        "/interactions/{interaction_id}/{webhook_token}/callback",
        interaction_id=str(asked["id"]),
        webhook_token=asked["token"],
    )
    await call(wire, clock, route, lambda _: form, NOTHING)


async def reply_to(
    wire: Wire, clock: Clock, *, place: str, message: str, reply: Reply | None
) -> None:
    """Reply to a message with messages. A repeat has the nonce of the first, and shows nothing."""
    reference = {"message_reference": {"message_id": message, "fail_if_not_exists": False}}
    for number, piece in enumerate(messages(reply)):
        named = {"nonce": nonce("reply", message, str(number)), "enforce_nonce": True}
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=place)
        await call(wire, clock, route, partial(_referring, named, reference), piece)


def _referring(named: dict[str, Any], reference: dict[str, Any], said: Reply) -> dict[str, Any]:
    return _message(said) | named | ({} if said.plain else reference)


def messages(reply: Reply | None) -> list[Reply]:
    """Return a reply in as many messages as it takes; its buttons stand below the last one."""
    if reply is None or not reply.text.strip():
        return []
    *before, last = (render(each.text) for each in split(reply.text, MAX_CHARS - MARK, size=size))
    return [*(Reply(text=each) for each in before), Reply(text=last, buttons=reply.buttons)]


def _message(said: Reply) -> dict[str, Any]:
    return plain(said.text, () if said.plain else said.buttons)


def _whisper(said: Reply) -> dict[str, Any]:
    return whisper(_message(said))


async def call(
    wire: Wire, clock: Clock, route: Route, body: Body, reply: Reply, *, marks: bool = False
) -> None:
    """Make a call, with as much of the text as Discord takes. What it had already is a success."""

    async def tell(said: Reply) -> None:
        try:
            with translated(clock.now()):
                await wire.request(route, json=body(said))
        except ChannelError as error:
            if error.code not in LATE:
                raise
            log.info("reply not awaited", code=error.code)

    try:
        await told(tell, reply, clock, marks=marks)
    except ChannelError as error:
        note("reply_not_shown", error=type(error).__name__, code=error.code)
