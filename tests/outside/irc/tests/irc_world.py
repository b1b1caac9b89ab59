"""An `ngircd` of one's own, people on it, and services that know their accounts."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.testing.rig import soon, until

NGIRCD = shutil.which("ngircd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

needs_ngircd = pytest.mark.skipif(NGIRCD is None, reason="there is no ngircd on this machine")

CONFIG = """
[Global]
Name = irc.example.net
Info = for tests
Listen = 127.0.0.1
Ports = {port}
Network = Example
MotdPhrase = hello
{password}
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 30
MaxPenaltyTime = {penalty}
PingTimeout = {silence}
[Options]
PAM = no
Ident = no
DNS = no
[Operator]
Name = root
Password = secret
"""


@dataclass
class Ngircd:
    """A server on this machine. `penalty`: -1 as everywhere, 0 without its brake against floods."""

    folder: Path
    penalty: int = 0
    silence: int = 120
    password: str = ""
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    async def start(self) -> None:
        assert NGIRCD is not None
        self.port = self.port or _free_port()
        password = f"Password = {self.password}" if self.password else ""
        told = CONFIG.format(
            port=self.port, penalty=self.penalty, silence=self.silence, password=password
        )
        file = self.folder / "ngircd.conf"
        file.write_text(told)
        with (self.folder / "ngircd.log").open("ab") as log:
            command = [NGIRCD, "--nodaemon", "--config", str(file)]
            self._process = subprocess.Popen(  # noqa: ASYNC220 - as quick as any other
                command, stdout=log, stderr=log
            )
        await until(self._is_there)

    async def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(self._process.wait)
            self._process = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def _is_there(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "ngircd.log").read_text()
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False


@asynccontextmanager
async def ngircd(folder: Path, **more: Any) -> AsyncIterator[Ngircd]:
    server = Ngircd(folder, **more)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@dataclass
class Said:
    by: str
    to: str
    text: str
    command: str = "PRIVMSG"


@dataclass
class Person:
    """Somebody with a client, who reads all that they are sent."""

    nick: str
    port: int
    heard: list[Said] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    async def come(self, *rooms: str) -> "Person":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._reading = asyncio.create_task(self._read())
        self.send(f"NICK {self.nick}", f"USER {self.nick} 0 * :{self.nick}")
        await self.until_raw(" 376 ")
        for room in rooms:
            await self.join(room)
        return self

    async def join(self, room: str) -> None:
        self.send(f"JOIN {room}")
        await self.until_raw(f" 366 {self.nick} {room} ")

    def send(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def say(self, to: str, text: str) -> None:
        self.send(f"PRIVMSG {to} :{text}")

    async def is_there(self, nick: str) -> None:
        """Wait until somebody is on the server."""
        end = f" 303 {self.nick} :{nick}"

        async def asked() -> bool:
            self.send(f"ISON {nick}")
            await asyncio.sleep(0.05)
            return any(line.rstrip().lower().endswith(end.lower()) for line in self.raw)

        self.raw.clear()
        await until(asked)

    async def goes(self) -> None:
        """Quit, and wait until the server knows."""
        self.send("QUIT :bye")
        await soon(self._reading)
        self._writer.close()

    async def until_raw(self, words: str) -> None:
        meant = words.lower()
        await until(lambda: any(meant in line.lower() for line in self.raw))

    async def reads(self, words: str, *, by: str = "", to: str = "") -> Said:
        """Wait until a line with these words comes."""

        def found() -> list[Said]:
            return [
                each
                for each in self.heard
                if words in each.text and by in {"", each.by} and to in {"", each.to}
            ]

        await until(found)
        return found()[0]

    def texts(self, *, by: str = "bridge", to: str = "", command: str = "PRIVMSG") -> list[str]:
        return [
            each.text
            for each in self.heard
            if each.by == by and to in {"", each.to} and each.command == command
        ]

    async def _read(self) -> None:
        with suppress(OSError):
            while raw := await self._reader.readline():
                line = raw.decode(errors="replace").rstrip("\r\n")
                self.raw.append(line)
                if line.startswith("PING"):
                    self.send(line.replace("PING", "PONG", 1))
                source, _, rest = line.partition(" ")
                command, _, rest = rest.partition(" ")
                to, _, text = rest.partition(" :")
                if command in {"PRIVMSG", "NOTICE"}:
                    by = source[1:].partition("!")[0]
                    self.heard.append(Said(by=by, to=to.lower(), text=text, command=command))

    async def end(self) -> None:
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        self._writer.close()


@dataclass
class Services:
    """What stands before a server and says with `account-tag` who is signed in; it can break."""

    upstream: int
    accounts: dict[str, str] = field(default_factory=dict)
    offers: str = "account-tag message-tags"
    before_message: Callable[[], Awaitable[object]] | None = None
    is_hanging_up: bool = False
    port: int = 0
    _tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Services"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._joined(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry lines both ways until either side ends."""
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            return
        link = _Link(self, writer, up_writer)
        both = [
            asyncio.create_task(_lines(reader, link.from_client)),
            asyncio.create_task(_lines(up_reader, link.from_server)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            up_writer.close()


@dataclass
class _Link:
    services: Services
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_tagged: bool = False
    is_cut: bool = False

    async def from_client(self, line: str) -> bool:
        services = self.services
        if line.startswith("CAP REQ"):
            self.is_tagged = True
            self._tell(f":services CAP * ACK :{line.partition(':')[2]}")
            return True
        if line.startswith("PRIVMSG") and services.before_message is not None:
            first, services.before_message = services.before_message, None
            await first()
        if line.startswith("PING") and services.is_hanging_up:
            services.is_hanging_up = False
            return False
        self.server.write(f"{line}\r\n".encode())
        return True

    async def from_server(self, line: str) -> bool:
        words = line.split(" ")
        if words[1] == "CAP" and " LS " in line and self.services.offers:
            line = f"{line.rstrip()} {self.services.offers}"
        if words[1] == "318" and words[3].lower() in self.services.accounts:
            account = self.services.accounts[words[3].lower()]
            self._tell(f":services 330 {words[2]} {words[3]} {account} :is logged in as")
        account = self.services.accounts.get(line[1:].partition("!")[0].lower(), "")
        self._tell(f"@account={account} {line}" if account and self.is_tagged else line)
        return True

    def _tell(self, line: str) -> None:
        self.client.write(f"{line}\r\n".encode())


async def _lines(reader: asyncio.StreamReader, take: Callable[[str], Awaitable[bool]]) -> None:
    with suppress(OSError):
        while raw := await reader.readline():
            if not await take(raw.decode(errors="replace").rstrip("\r\n")):
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
