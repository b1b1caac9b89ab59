"""One connection to a server: how it begins, what is asked on it, how its end is noticed.

IRC acknowledges nothing. But a server does what it is told line by line: so whatever is sent ends
with a PING of a name of its own, and its PONG says that the lines before it were dealt with. What
the server refused of them it said before. When the connection breaks first, nobody knows.
"""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from bridge.domain.errors import OutcomeUnknown, Unauthorized, Unreachable
from bridgehead_irc.lines import Line, folded, parse, plain_login, written

WANTED = frozenset({"account-tag", "message-tags", "server-time"})
"""What is asked for where the server offers it (IRCv3)."""

REGISTRATION_SECONDS = 60.0
SILENCE_SECONDS = 90.0
"""Without a line the server is asked whether it is there; without one again it is not."""

OTHER_NICKS = 9

_TAKEN = {"433", "436", "437"}
_REFUSED = {"432", "464", "465", "902", "904", "905", "906", "908"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who we are. `password` is the server's; `account` ours with services, None for none."""

    nick: str
    password: str = ""
    account: str = ""
    account_password: str = ""


@dataclass(slots=True)
class _Asked:
    token: str
    done: "asyncio.Future[None]"
    said: list[Line] = field(default_factory=list)


class Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self.id = secrets.token_hex(6)
        self.nick = ""
        self.capabilities: frozenset[str] = frozenset()
        self._reader = reader
        self._writer = writer
        self._silence = silence
        self._mapping = "rfc1459"
        self._offered: set[str] = set()
        self._asked: _Asked | None = None
        self._one = asyncio.Lock()

    def folded(self, name: str) -> str:
        """Return a nick or room as this server compares it."""
        return folded(name, self._mapping)

    # -- beginning

    async def register(self, login: Login) -> None:
        """Become known to the server. Raises `Unauthorized` or `Unreachable`."""
        self.write("CAP", "LS", "302")
        if login.password:
            self.write("PASS", login.password)
        self._take_nick(login.nick)
        self.write("USER", "bridge", "0", "*", "Bridgehead")
        async with asyncio.timeout(REGISTRATION_SECONDS):
            while (line := await self.read()).command not in {"376", "422"}:
                self._registering(line, login)

    def _registering(self, line: Line, login: Login) -> None:
        match line.command:
            case "CAP":
                self._negotiate(line, login)
            case "AUTHENTICATE":
                for piece in plain_login(login.account, login.account_password):
                    self.write("AUTHENTICATE", piece)
            case "903":
                self.write("CAP", "END")
            case command if command in _TAKEN:
                self._take_nick(self._another(login.nick))
            case command if command in _REFUSED:
                raise Unauthorized(line.last, code=command)
            case _:
                pass

    def _negotiate(self, line: Line, login: Login) -> None:
        answer, words = line.params[1].upper(), line.last.split()
        if answer == "LS":
            self._offered |= {each.partition("=")[0] for each in words}
            if line.params[2] == "*":  # more of the list follows
                return
            asked = (WANTED | ({"sasl"} if login.account else set())) & self._offered
            if login.account and "sasl" not in asked:
                raise Unauthorized("the server has no SASL, so we cannot sign in to our account")
            if asked:
                self.write("CAP", "REQ", " ".join(sorted(asked)))
                return
        if answer == "ACK":
            self.capabilities |= set(words)
        if answer == "ACK" and "sasl" in words:
            self.write("AUTHENTICATE", "PLAIN")
        elif login.account and answer == "NAK":
            raise Unauthorized("the server does not let us sign in to our account")
        else:
            self.write("CAP", "END")

    def _take_nick(self, nick: str) -> None:
        self.nick = nick
        self.write("NICK", nick)

    def _another(self, wanted: str) -> str:
        """Return a nick beside the one that is taken, perhaps by a connection of ours that died."""
        number = 1 if self.nick == wanted else int(self.nick[-1]) + 1
        if number > OTHER_NICKS:
            raise Unreachable(f"{wanted} is taken, and so are the nicks beside it")
        return f"{wanted}{number}"

    # -- both ways

    def write(self, command: str, *params: str) -> None:
        self._writer.write(written(command, *params))

    async def read(self) -> Line:
        """Return the next line, having answered what only keeps the connection alive."""
        while True:
            line = parse(await self._raw())
            if line is None:
                continue
            match line.command:
                case "PING":
                    self.write("PONG", line.last)
                case "PONG":
                    self._answered(line.last)
                case "001":
                    self.nick = line.params[0]
                case "005":
                    for each in line.params:
                        if each.startswith("CASEMAPPING="):
                            self._mapping = each.partition("=")[2]
                case "CAP" if line.params[1].upper() == "DEL":
                    self.capabilities -= set(line.last.split())
                case "NICK" if self.folded(line.nick) == self.folded(self.nick):
                    self.nick = line.last
                case _:
                    if self._asked is not None and line.command.isdecimal():
                        self._asked.said.append(line)
                    return line

    async def ask(self, lines: Iterable[bytes]) -> list[Line]:
        """Send lines; return what the server said of them, once it has dealt with them all.

        Raises `Unreachable` when nothing was sent, `OutcomeUnknown` when no answer came.
        """
        async with self._one:
            if self._writer.is_closing() or self._reader.at_eof():
                raise Unreachable("the connection has ended")
            done = asyncio.get_running_loop().create_future()
            asked = self._asked = _Asked(secrets.token_hex(6), done)
            self._writer.write(b"".join(lines) + written("PING", asked.token))
            try:
                await done
            finally:
                self._asked = None
            return asked.said

    def _answered(self, token: str) -> None:
        if self._asked is not None and token == self._asked.token and not self._asked.done.done():
            self._asked.done.set_result(None)

    async def _raw(self) -> bytes:
        for is_asked in (False, True):
            try:
                async with asyncio.timeout(self._silence):
                    raw = await self._reader.readline()
            except TimeoutError:
                if not is_asked:
                    self.write("PING", "there?")
                continue
            except ValueError as error:
                raise Unreachable("the server sent a line without an end") from error
            if raw.endswith(b"\n"):
                return raw
            raise Unreachable("the server closed the connection")
        raise Unreachable("the server says nothing any more")

    def close(self) -> None:
        """Leave. Whoever waits for an answer learns that nobody knows."""
        if self._asked is not None and not self._asked.done.done():
            self._asked.done.set_exception(OutcomeUnknown("the connection broke before an answer"))
        if not self._writer.is_closing():
            self.write("QUIT", "")
        self._writer.close()
