"""The fake's gateway: sessions that survive their sockets, and what is told in them."""

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bridge.demo.discord.fields import (
    CHANNEL,
    DELETED,
    GUILD,
    INTERACTION,
    MESSAGE,
    REACTION,
    READY,
    Checker,
)
from bridge.demo.discord.world import Bot

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
CONTENT_INTENT = 1 << 15

TABLES = {
    "READY": READY, "GUILD_CREATE": GUILD, "MESSAGE_CREATE": MESSAGE, "MESSAGE_UPDATE": MESSAGE,
    "MESSAGE_DELETE": DELETED, "INTERACTION_CREATE": INTERACTION, "THREAD_CREATE": CHANNEL,
    "THREAD_UPDATE": CHANNEL, "CHANNEL_UPDATE": CHANNEL, "MESSAGE_REACTION_ADD": REACTION,
    "MESSAGE_REACTION_REMOVE": REACTION,
}  # fmt: skip


@dataclass(eq=False)
class Session:
    bot: Bot
    content: bool
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    told: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway:
    """All sessions of one fake.

    `refuse_resume`: every RESUME is answered with op 9. `closing`: the codes with which the next
    sockets are closed as soon as they are there.
    """

    def __init__(self, checker: Checker) -> None:
        self.checker = checker
        self.sessions: dict[str, Session] = {}
        self.url = ""
        self.heartbeat = 41_250
        self.heartbeats = 0
        self.identified = 0
        self.resumed = 0
        self.refuse_resume = False
        self.starts_left = 999
        self.closing: list[int] = []

    # -- in the fake's loop

    async def serve(self, request: web.Request, bots: dict[str, Bot]) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=True, timeout=0.2)
        await socket.prepare(request)
        await self._send(socket, HELLO, {"heartbeat_interval": self.heartbeat})
        if self.closing:
            await socket.close(code=self.closing.pop(0))
            return socket
        session: Session | None = None
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            said = json.loads(frame.data)
            match said["op"]:
                case 1:
                    self.heartbeats += 1
                    await self._send(socket, ACK, None)
                case 2:
                    session = await self._identify(socket, said["d"], bots)
                case 6:
                    session = await self._resume(socket, said["d"])
        if session is not None and session.socket is socket:
            session.socket = None
            if socket.close_code in {1000, 1001}:  # whoever leaves so does not come back
                self.sessions.pop(session.id, None)
        return socket

    async def _identify(
        self, socket: web.WebSocketResponse, said: dict[str, Any], bots: dict[str, Bot]
    ) -> Session | None:
        bot = bots.get(said["token"])
        if bot is None:
            await socket.close(code=4004, message=b"Authentication failed.")
            return None
        wants_content = bool(said["intents"] & CONTENT_INTENT)
        if wants_content and not bot.content:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
            return None
        session = Session(bot, wants_content)
        self.sessions[session.id] = session
        self.identified += 1
        await self._begin(session, socket)
        return session

    async def _begin(self, session: Session, socket: web.WebSocketResponse) -> None:
        bot = session.bot
        servers = self.servers_of(bot)
        ready = {
            "v": 10, "user": bot.as_user(), "session_id": session.id,
            "guilds": [{"id": str(each.id), "unavailable": True} for each in servers],
            "resume_gateway_url": self.url,
            "application": {"id": str(bot.app), "flags": bot.flags()},
        }  # fmt: skip
        session.socket = socket
        self._dispatch(session, "READY", ready)
        for server in servers:
            self._dispatch(session, "GUILD_CREATE", server.as_created(bot))

    async def _resume(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> Session | None:
        session = self.sessions.get(said["session_id"])
        if session is None or self.refuse_resume:
            await self._send(socket, INVALID, data=False)
            return None
        self.resumed += 1
        session.socket = socket
        for frame in session.told[said["seq"] or 0 :]:
            await socket.send_json(frame)
        self._dispatch(session, "RESUMED", {})
        return session

    def servers_of(self, bot: Bot) -> list[Any]:
        """Return the servers a bot is on; set by the fake."""
        raise NotImplementedError

    async def _send(self, socket: web.WebSocketResponse, op: int, data: Any) -> None:
        await socket.send_json({"op": op, "d": data, "s": None, "t": None})

    def _dispatch(self, session: Session, event: str, data: dict[str, Any]) -> None:
        if event in TABLES and not data.get("_poison"):
            self.checker.check(event, TABLES[event], data)
        frame = {"op": DISPATCH, "d": data, "s": len(session.told) + 1, "t": event}
        session.told.append(frame)
        if session.socket is not None and not session.socket.closed:
            asyncio.ensure_future(_quietly(session.socket.send_json(frame)))  # noqa: RUF006

    def tell(self, bot: Bot, event: str, data: dict[str, Any]) -> None:
        """Tell a bot's sessions what happened. In the fake's loop."""
        for session in self.sessions.values():
            if session.bot is bot:
                self._dispatch(session, event, data)

    def sockets(self) -> list[web.WebSocketResponse]:
        return [each.socket for each in self.sessions.values() if each.socket is not None]

    async def close(self, code: int) -> None:
        for session in self.sessions.values():
            socket, session.socket = session.socket, None
            if socket is not None:
                await socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        for socket in self.sockets():
            await self._send(socket, RECONNECT, None)

    async def invalidate(self, *, resumable: bool) -> None:
        for session in list(self.sessions.values()):
            socket = session.socket
            if not resumable:
                self.sessions.pop(session.id, None)
            if socket is not None:
                await self._send(socket, INVALID, data=resumable)


async def _quietly(sending: Any) -> None:
    try:
        await sending
    except (ConnectionError, RuntimeError):
        return  # the socket went away; a RESUME will ask for it again
