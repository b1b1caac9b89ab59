"""An account on an IRC server: queries and rooms, in lines.

The rules:

- Who somebody is, the server says with `account-tag`, if it offers that. A nick is no proof:
  whoever has no account is told so and not heard, or with `nicks: true` heard as the nick, never
  as an owner (`Sender.proven`).
- A query's place is the account (or `nick:ada`). Before anything is shown there, the server is
  asked whether the nick that wrote last is still signed in to it: what is for Ada goes to nobody
  else.
- There are no ids: a live line comes once, so it is named by its connection and its number there.
  There is no history either: what is said while the bridge is away is lost to it.
- A message is at most `MOST_LINES` lines, at the pace at which no server takes it for a flood
  (`Pace`); the core waits and goes on.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import structlog
from pydantic import Field, SecretStr

from bridge.delivery.splitting import split
from bridge.domain.content import Content
from bridge.domain.errors import (
    ChannelError,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Inbox, Sender, Spoken
from bridge.domain.parts import Address, Capabilities, Part, Reply, Sent
from bridge.plugins import ChannelPlugin, Section
from bridge.ports.clock import Clock
from bridge.ports.feed import Item
from bridge.ports.surroundings import ChannelSurroundings
from bridge.session import slash
from bridge.unseen import note
from bridgehead_irc.connection import Connection, Login
from bridgehead_irc.lines import (
    MAX_BYTES,
    MOST_LINES,
    SPEECH_BYTES,
    Line,
    heard,
    size,
    speech,
    written,
)
from channels.markdown import plain
from channels.pieces import goes_on
from channels.telling import told

log = structlog.get_logger()

NICK = "nick:"
"""How the id of somebody without an account begins; no account has a colon."""

WRITES_AS = "writes as "
"""How the fact begins that says by which nick an account writes."""

ROOM = "#&+!"
ACTION = "\x01ACTION "
TELL_AGAIN = timedelta(minutes=1)
UNKNOWN = (
    "This server does not tell me who you are. Sign in to your account (with NickServ, where there "
    "is one), then write again."
)

_ACCOUNT = re.compile(r"[^\s:,*#&+!@\x00-\x1f]{1,64}")


class IrcConfig(Section):
    """`rooms`: what is joined. `nicks`: hear those without an account too, whoever they are.

    `account`: ours with services (SASL). `network` names the accounts' realm, the server if empty.
    `line_seconds`: between two lines, on average. `every`: seconds between tries to get back in.
    """

    server: str
    port: int = Field(default=6697, ge=1, le=65535)
    tls: bool = True
    network: str = ""
    nick: str = Field(default="bridge", pattern=r"^[A-Za-z\[\]\\`_^{|}][\w\[\]\\`^{|}-]{0,28}$")
    password: SecretStr = SecretStr("")
    account: str = ""
    account_password: SecretStr = SecretStr("")
    rooms: tuple[str, ...] = ()
    nicks: bool = False
    line_seconds: float = Field(default=2.0, gt=0)
    every: float = Field(default=60.0, gt=0)


@dataclass(slots=True)
class Pace:
    """A line costs `each`; so many may come at once as cost `AHEAD_LINES` (RFC 1459, 8.10)."""

    clock: Clock
    each: timedelta
    paid: datetime | None = None

    AHEAD_LINES = MOST_LINES + 2

    def take(self, lines: int) -> None:
        """Count lines. Raises `RateLimited` when they may not be sent yet, and counts nothing.

        More than may come at once are let through when all before are paid for: else never.
        """
        now = self.clock.now()
        paid = max(now, self.paid or now)
        free_at = paid - max(0, self.AHEAD_LINES - lines) * self.each
        if free_at > now:
            raise RateLimited(until=free_at, code="pace")
        self.paid = paid + lines * self.each


class Irc:
    def __init__(
        self, name: ChannelName, config: IrcConfig, surroundings: ChannelSurroundings
    ) -> None:
        self.name = name
        self._config = config
        self._clock = surroundings.clock
        self._facts = surroundings.facts
        self._feed = surroundings.feed()
        self._realm = f"irc:{config.network or config.server}"
        self._pace = Pace(surroundings.clock, timedelta(seconds=config.line_seconds))
        self._connection: Connection | None = None
        self._joined: set[str] = set()
        self._numbers = count(1)
        self._told_at: datetime | None = None

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def capabilities(self, address: Address) -> Capabilities:
        return Capabilities(
            max_chars=MOST_LINES * SPEECH_BYTES,
            size=shown_size,
            max_files=0,
            send_timeout=timedelta(seconds=60),
        )

    # -- the connection

    async def listen(self, inbox: Inbox) -> None:
        await self._feed.run(inbox, self._stay, self._get_back)

    async def _stay(self) -> None:
        """Be connected, again and again, more slowly where it never lasts."""
        failures = 0
        while True:
            began = self._clock.now()
            try:
                await self._connect()
            except Unauthorized:
                raise
            except (ChannelError, OSError, TimeoutError) as error:
                log.info("not connected", account=self.name, why=str(error))
            lasted = (self._clock.now() - began).total_seconds() > self._config.every
            failures = 0 if lasted else failures + 1
            await self._clock.sleep(min(self._config.every, 2.0**failures))

    async def _connect(self) -> None:
        config, tls = self._config, ssl.create_default_context() if self._config.tls else None
        reader, writer = await asyncio.open_connection(config.server, config.port, ssl=tls)
        connection = Connection(reader, writer)
        try:
            await connection.register(
                Login(
                    nick=config.nick,
                    password=config.password.get_secret_value(),
                    account=config.account,
                    account_password=config.account_password.get_secret_value(),
                )
            )
            if not config.nicks and "account-tag" not in connection.capabilities:
                log.warning("nobody can be heard: the server names no accounts", account=self.name)
            self._connection = connection
            self._join(connection)
            while True:
                self._hear(connection, await connection.read())
        finally:
            self._connection = None
            self._joined.clear()
            connection.close()

    async def _get_back(self) -> None:
        """Take back, now and then, the nick and the rooms that we are to have."""
        while True:
            await self._clock.sleep(self._config.every)
            if (connection := self._connection) is not None:
                self._join(connection)
                if connection.folded(connection.nick) != connection.folded(self._config.nick):
                    connection.write("NICK", self._config.nick)

    def _join(self, connection: Connection) -> None:
        for room in self._config.rooms:
            if connection.folded(room) not in self._joined:
                connection.write("JOIN", room)

    # -- hearing

    def _hear(self, connection: Connection, line: Line) -> None:
        is_ours = connection.folded(line.nick) == connection.folded(connection.nick)
        match line:
            case Line(command="JOIN", params=(room, *_)) if is_ours:
                self._joined.add(connection.folded(room))
            case Line(command="PART", params=(room, *_)) if is_ours:
                self._joined.discard(connection.folded(room))
            case Line(command="KICK", params=(room, who, *_)):
                if connection.folded(who) == connection.folded(connection.nick):
                    self._joined.discard(connection.folded(room))
            case Line(command="PRIVMSG", params=(target, text)) if line.host and not is_ours:
                self._spoken(connection, line, target, text)
            case _:
                pass  # notices too: nothing that answers by itself answers another

    def _spoken(self, connection: Connection, line: Line, target: str, text: str) -> None:
        if text.startswith(ACTION):
            text = f"* {line.nick} {text[len(ACTION) :]}"
        elif text.startswith("\x01"):
            return  # a question of one program to another
        words, room = heard(text).strip(), target[:1] in ROOM
        is_called, words = _called(words, connection.nick) if room else (True, _command(words))
        key = line.tags.get("msgid") or f"{connection.id}-{next(self._numbers)}"
        sender = self._sender(connection, line)
        place = connection.folded(target) if room else sender.user
        if not words:
            return
        if not sender.proven and not self._config.nicks:
            answer = partial(self._tell_unknown, line.nick) if is_called else None
            self._feed.put(Item(key=key, place=place, what=None, answer=answer))
            return
        spoken = Spoken(
            message=MessageId(key),
            content=Content(text=words, literal=True),
            addressed=is_called,
            more=goes_on(len(text.encode()), (), limit=MAX_BYTES - 50),
        )
        inbound = Inbound(
            external_id=key,
            address=Address(channel=self.name, place=place),
            sender=sender,
            what=spoken,
            room=room,
            title=target if room else "",
            at=_time(line.tags.get("time", "")),
        )
        answer = partial(self._answer, line.nick)
        what = partial(self._known_by, inbound, line.nick)
        self._feed.put(Item(key=key, place=place, what=what, answer=answer))

    def _sender(self, connection: Connection, line: Line) -> Sender:
        offered = "account-tag" in connection.capabilities
        account = _ACCOUNT.fullmatch(line.tags.get("account", "")) if offered else None
        user = connection.folded(account[0] if account else line.nick)
        return Sender(
            realm=self._realm,
            user=user if account else f"{NICK}{user}",
            name=line.nick,
            proven=account is not None,
        )

    async def _known_by(self, inbound: Inbound, nick: str) -> Inbound:
        """Keep by which nick an account writes, so that a restart does not silence its query."""
        key = f"{WRITES_AS}{inbound.sender.user}"
        if inbound.sender.proven and not inbound.room and await self._facts.get(key) != nick:
            await self._facts.put(key, nick)
        return inbound

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        label = f"{part.speaker}: " if part.speaker else ""
        text = label + (part.text if part.is_plain else plain.render(part.text))
        await self._say(to.place, speech(text))
        return Sent(message=MessageId(":".join(part.names)))

    async def probe(self, to: Address) -> None:
        """Find out whether the server does what it is told."""
        if self._connection is None:
            raise Unreachable("there is no connection to the server")
        await self._connection.ask(())

    async def _say(self, place: str, lines: Sequence[str]) -> None:
        connection = self._connection
        if connection is None:
            raise Unreachable("there is no connection to the server")
        if not lines:
            raise Rejected("there is nothing to show")
        self._pace.take(len(lines) + 1)
        target = await self._target(connection, place)
        await self._sent(connection, "PRIVMSG", target, lines)

    async def _sent(
        self, connection: Connection, command: str, target: str, lines: Sequence[str]
    ) -> None:
        said = await connection.ask(written(command, target, line) for line in lines)
        no = [each for each in said if each.command[0] in "45" and target in each.params]
        if no and len(no) < len(lines):
            raise OutcomeUnknown(no[0].last, code=no[0].command)
        if no:
            raise Gone(no[0].last, code=no[0].command)

    async def _target(self, connection: Connection, place: str) -> str:
        """Return to whom it goes. Raises `Gone` where the person may be another one by now."""
        if place[:1] in ROOM:
            if place in self._joined:
                return place
            if place in map(connection.folded, self._config.rooms):
                raise Unreachable(f"we are not in {place}, and try to get in")
            raise Gone(f"{place} is not one of our rooms")
        if place.startswith(NICK):
            if not self._config.nicks:
                raise Gone("nicks are not heard any more")
            return place.removeprefix(NICK)
        nick = await self._facts.get(f"{WRITES_AS}{place}")
        said = await connection.ask([written("WHOIS", nick)]) if nick else []
        for each in said:
            if each.command == "330" and connection.folded(each.params[2]) == place:
                return nick or ""
        raise Gone(f"{place} is not signed in, or by another nick")

    # -- replies

    async def _answer(self, nick: str, reply: Reply | None) -> None:
        """Show a reply to whoever asked, alone, in as many messages as it takes."""
        text, room = reply.text if reply is not None else "", MOST_LINES * SPEECH_BYTES
        try:
            for piece in split(text, room, size=shown_size):
                await told(partial(self._notice, nick), Reply(text=piece.text), self._clock)
        except ChannelError as error:
            note("reply_not_shown", account=self.name, place=nick, code=error.code)

    async def _notice(self, nick: str, reply: Reply) -> None:
        connection, lines = self._connection, speech(plain.render(reply.text))
        if connection is None:
            raise Unreachable("there is no connection to the server")
        self._pace.take(len(lines) + 1)
        await self._sent(connection, "NOTICE", nick, lines)

    async def _tell_unknown(self, nick: str, _: Reply | None) -> None:
        """Say why somebody is not heard, so seldom that it is no way to make us flood."""
        now = self._clock.now()
        if self._told_at is None or abs(now - self._told_at) > TELL_AGAIN:
            self._told_at = now
            await self._answer(nick, Reply(text=UNKNOWN))


def shown_size(text: str) -> int:
    return size(plain.render(text))


def _called(words: str, nick: str) -> tuple[bool, str]:
    """Say whether words in a room are for us (`bridge: hello`), and return them without that."""
    found = re.match(rf"@?{re.escape(nick)}[:,]\s*(?=\S)", words, re.IGNORECASE)
    return (True, _command(words[found.end() :])) if found else (False, words)


def _command(words: str) -> str:
    """Return `!help` as `/help`: what begins with a slash never leaves a client of IRC."""
    typed = f"/{words[1:]}"
    return typed if words[:1] == "!" and isinstance(slash.parse(typed), slash.Slash) else words


def _time(tag: str) -> datetime | None:
    with suppress(ValueError):
        at = datetime.fromisoformat(tag)
        return at if at.tzinfo is not None else None
    return None


plugin = ChannelPlugin(title="IRC", config=IrcConfig, create=Irc)
