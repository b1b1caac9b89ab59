"""The connection on which Discord tells what happens: the library's, with our ears on it.

The rules:

- Events are handed on as they came, synchronously and in their order. (The library would start a
  task for each.)
- An event that the library cannot read is left out; it does not end the connection.
- A cut connection is resumed, and Discord tells what was missed; where it does not want to, a new
  session is begun. The first attempt comes at once, the next after pauses that grow.
- Credentials or intents that are refused end it, with `Unauthorized`.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.state import ConnectionState
from yarl import URL

from bridge.domain.errors import Unauthorized
from bridge.ports.clock import Clock
from bridge.unseen import note
from channels.discord.client import CLOSE_SECONDS, Wire
from channels.discord.config import Pace
from channels.discord.schema import (
    Guild,
    Interaction,
    ManyDeleted,
    Message,
    OneDeleted,
    Ready,
    Resumed,
)

log = structlog.get_logger()

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody talks here

INTENTS = discord.Intents(
    guilds=True,
    guild_messages=True,
    dm_messages=True,
    message_content=True,
    guild_reactions=True,
    dm_reactions=True,
)
DIAL_SECONDS = 60.0
UNFINISHED = 4000
"""Closing with this code leaves the session to be resumed."""

REFUSED_TOKEN = 4004
REFUSED_INTENTS = frozenset({4013, 4014})

INTENTS_MISSING = (
    "Discord refuses to show this bot what people write: switch on Message Content Intent on the"
    " bot's page of the developer portal"
)
CUT = (
    OSError,
    aiohttp.ClientError,
    TimeoutError,
    discord.HTTPException,
    discord.RateLimited,
    discord.GatewayNotFound,
)


class Events(Protocol):
    """Who is told what happens."""

    def dialled(self) -> None:
        """Hear that the connection is being made, anew perhaps."""

    def ready(self) -> None:
        """Hear that a new session is begun: what happened before it is not told here."""

    def resumed(self) -> None:
        """Hear that what was missed since the last cut has been told."""

    def guild(self, guild: Guild) -> None: ...

    def titled(self, room: Any) -> None:
        """Hear of a room or thread that is new, or is changed."""

    def created(self, message: Message) -> None: ...

    def updated(self, message: Message) -> None: ...

    def deleted(self, channel: str, messages: list[str]) -> None: ...

    def reacted(self, given: Any, *, gone: bool) -> None: ...

    def interacted(self, interaction: Interaction) -> None: ...


class Gateway(discord.Client):
    """One account's connection. It keeps rooms and roles in mind, no people and no messages."""

    def __init__(self, wire: Wire, events: Events, clock: Clock, pace: Pace) -> None:
        self._wire = wire
        self._events = events
        self._clock = clock
        self._pace = pace
        self._failures = 0
        self._dialled: DiscordWebSocket | None = None
        super().__init__(
            intents=INTENTS,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0,
        )

    def _get_state(self, **options: Any) -> "Connection":
        self.http = self._wire
        return Connection(
            self._events,
            self,
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self._wire,
            **options,
        )

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Do nothing: `Connection` has told whoever listens, without a task for each event."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002
        if not initial:
            await self._clock.sleep(self._pace.identify)

    async def connect(self, *, reconnect: bool = True) -> None:  # noqa: ARG002
        """Stay connected until cancelled. Raises `Unauthorized`."""
        resume = False
        while True:
            try:
                if self.user is None:
                    await self.login(self._wire.token or "")
                self.ws = await self._dial(resume=resume)
                while True:
                    await self.ws.poll_event()
            except ReconnectWebSocket as cut:
                resume = cut.resume
            except discord.LoginFailure as error:
                raise Unauthorized("Discord refuses the bot's token", code="401") from error
            except discord.ConnectionClosed as closed:
                raise _fatal(closed) from closed
            except CUT as error:
                log.info("discord is away", error=type(error).__name__)
                resume = True
            await self._pause()

    async def leave(self) -> None:
        """Say goodbye; leaves no task behind, the library's own wait for the servers neither."""
        waiting = self._connection._ready_task  # noqa: SLF001 - nothing else ends it
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait({waiting})
        await self._hang_up(code=1000)

    def connected(self) -> None:
        """Hear that a session is begun or resumed."""
        self._failures = 0

    def dialling(self, ws: DiscordWebSocket) -> None:
        """Hear of a socket as soon as it is there, before it is `self.ws`."""
        self._dialled = ws

    async def _hang_up(self, *, code: int) -> None:
        """Close the socket, whatever became of it, and end its heartbeat."""
        if self._dialled is None:
            return
        try:
            async with asyncio.timeout(2 * CLOSE_SECONDS):
                await self._dialled.close(code=code)
        except (TimeoutError, aiohttp.ClientError, OSError):
            log.debug("discord said no goodbye")

    async def _dial(self, *, resume: bool) -> DiscordWebSocket:
        await self._hang_up(code=UNFINISHED)
        before = self.ws
        resume = resume and before is not None and before.session_id is not None
        gateway: URL | None = before.gateway if resume else None
        self._events.dialled()
        async with asyncio.timeout(DIAL_SECONDS):  # wait_for can lose a cancellation
            return await DiscordWebSocket.from_client(
                self,
                initial=before is None,
                gateway=gateway,
                session=before.session_id if resume else None,
                sequence=before.sequence if resume else None,
                resume=resume,
            )

    async def _pause(self) -> None:
        pauses = self._pace.reconnect
        seconds = pauses[min(self._failures, len(pauses) - 1)]
        self._failures += 1
        await self._clock.sleep(seconds)


class Connection(ConnectionState[Gateway]):
    """What the library keeps in mind of an account, telling `events` what it hears."""

    def __init__(self, events: Events, owner: Gateway, **options: Any) -> None:
        self._events = events
        self._owner = owner
        super().__init__(**options)
        self.parsers = {name: _tolerant(name, parse) for name, parse in self.parsers.items()}

    def _update_references(self, ws: DiscordWebSocket) -> None:
        super()._update_references(ws)
        self._owner.dialling(ws)

    def parse_ready(self, data: Ready) -> None:
        super().parse_ready(data)
        self._owner.connected()
        self._events.ready()

    def parse_resumed(self, data: Resumed) -> None:
        super().parse_resumed(data)
        self._owner.connected()
        self._events.resumed()

    def parse_guild_create(self, data: Guild) -> None:
        super().parse_guild_create(data)
        if not data.get("unavailable"):
            self._events.guild(data)

    def parse_channel_create(self, data: Any) -> None:
        super().parse_channel_create(data)
        self._events.titled(data)

    def parse_channel_update(self, data: Any) -> None:
        super().parse_channel_update(data)
        self._events.titled(data)

    def parse_thread_create(self, data: Any) -> None:
        super().parse_thread_create(data)
        self._events.titled(data)

    def parse_thread_update(self, data: Any) -> None:
        super().parse_thread_update(data)
        self._events.titled(data)

    def parse_message_create(self, data: Message) -> None:
        self._events.created(data)

    def parse_message_update(self, data: Message) -> None:
        self._events.updated(data)

    def parse_message_delete(self, data: OneDeleted) -> None:
        self._events.deleted(str(data["channel_id"]), [str(data["id"])])

    def parse_message_delete_bulk(self, data: ManyDeleted) -> None:
        self._events.deleted(str(data["channel_id"]), [str(each) for each in data["ids"]])

    def parse_message_reaction_add(self, data: Any) -> None:
        self._events.reacted(data, gone=False)

    def parse_message_reaction_remove(self, data: Any) -> None:
        self._events.reacted(data, gone=True)

    def parse_interaction_create(self, data: Interaction) -> None:
        self._events.interacted(data)


def _tolerant(name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    def parsed(data: Any) -> None:
        try:
            parse(data)
        except Exception as error:  # noqa: BLE001 - the next event must be heard whatever this is
            note("unreadable", what=name, error=type(error).__name__)

    return parsed


def _fatal(closed: discord.ConnectionClosed) -> Exception:
    code = str(closed.code)
    if closed.code == REFUSED_TOKEN:
        return Unauthorized("Discord refuses the bot's token", code=code)
    if closed.code in REFUSED_INTENTS:
        return Unauthorized(INTENTS_MISSING, code=code)
    return ConnectionError(f"Discord ended the connection for good: {code}")
