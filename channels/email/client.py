"""Calls to the IMAP server: one connection, each call in a thread, for one caller at a time.

The library waits where it is called, so it is called in a thread. Whoever is cancelled meanwhile
cuts the connection, and the next caller opens another. A thread that is not through with a server
by then ends by itself, and holds nobody up: the process does not wait for it.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from imapclient import IMAPClient, SocketTimeout

from bridge.domain.errors import Unreachable
from channels.email.config import EmailConfig
from channels.email.errors import imap_translated
from channels.email.limits import CALL_SECONDS, CONNECT_SECONDS

T = TypeVar("T")

CUT_SECONDS = 1.0
"""How long whoever is cancelled waits for the thread to notice."""


class Connection:
    """A connection with the folder selected; opened when it is needed, and after each failure."""

    def __init__(self, config: EmailConfig) -> None:
        self._config = config
        self._held: _Held | None = None
        self._lock = asyncio.Lock()

    async def call(self, work: Callable[["Selected"], T]) -> T:
        """Do something with the folder, in a thread. Raises a `ChannelError`."""
        async with self._lock:
            held = self._held = self._held or _Held()
            doing = _in_thread(partial(_done, held, self._config, work))
            try:
                return await asyncio.shield(doing)
            except asyncio.CancelledError:
                self._held = None
                held.cut()
                doing.add_done_callback(_seen)
                await asyncio.wait({doing}, timeout=CUT_SECONDS)
                if doing.done():
                    held.end()
                raise
            except BaseException:
                self._held = None
                raise

    async def close(self) -> None:
        """End the connection; whoever is in a call is told that it is gone."""
        held, self._held = self._held, None
        if held is not None:
            held.cut()
            if not self._lock.locked():  # else its thread does it
                held.end()


class _Held:
    """A connection in the hands of one thread. `is_cut`: nobody waits for it any more."""

    def __init__(self) -> None:
        self.client: IMAPClient | None = None
        self.is_cut = False

    def cut(self) -> None:
        """Let whoever waits for the server wait no more: to them it is gone."""
        self.is_cut = True
        client = self.client
        if client is None:
            return
        # By a second handle: the first is the library's, which may be reading from it.
        with (
            suppress(OSError, ValueError, AttributeError),
            socket.socket(fileno=os.dup(client.socket().fileno())) as again,
        ):
            again.shutdown(socket.SHUT_RDWR)

    def selected(self, folder: str) -> "Selected":
        if self.client is None or self.is_cut:
            raise Unreachable("nobody waits for the mail server any more", code="cut")
        return Selected(self.client, folder)

    def end(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            _end(client)


class Selected:
    """The folder as it is now. `validity`: as long as it stays the same, so do the numbers."""

    def __init__(self, client: IMAPClient, folder: str) -> None:
        self.client = client
        told: dict[bytes, Any] = client.select_folder(folder)
        self.validity = int(told.get(b"UIDVALIDITY") or 0)
        self.next = int(told.get(b"UIDNEXT") or 0)


def signed_in(config: EmailConfig) -> IMAPClient:
    """Return a connection whose login was taken."""
    server = config.incoming
    context = ssl.create_default_context()
    client = IMAPClient(
        server.host,
        server.port,
        ssl=server.tls == "implicit",
        ssl_context=context if server.tls == "implicit" else None,
        timeout=SocketTimeout(CONNECT_SECONDS, CALL_SECONDS),
    )
    try:
        client.normalise_times = False
        if server.tls == "starttls":
            client.starttls(context)
        client.login(*config.login)
    except BaseException:
        _end(client)
        raise
    return client


def _done(held: _Held, config: EmailConfig, work: Callable[[Selected], T]) -> T:
    """Do something with the folder, here. What fails, or is cut, ends the connection."""
    with imap_translated():
        try:
            held.client = held.client or signed_in(config)
            return work(held.selected(config.folder))
        except BaseException:
            held.end()
            raise
        finally:
            if held.is_cut:
                held.end()


def _in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Do something in a thread that the end of the process does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(settle: Callable[[Any], None], what: Any) -> None:
        if not done.done():
            settle(what)

    def run() -> None:
        try:
            told = partial(tell, done.set_result, work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            told = partial(tell, done.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            loop.call_soon_threadsafe(told)

    Thread(target=run, name="imap", daemon=True).start()
    return done


def _seen(doing: "asyncio.Future[Any]") -> None:
    """Look at how something ended that nobody waits for any more."""
    if not doing.cancelled():
        doing.exception()


def _end(client: IMAPClient) -> None:
    with suppress(Exception):  # whatever it says, it is over
        client.shutdown()


@asynccontextmanager
async def connected(config: EmailConfig) -> AsyncIterator[Connection]:
    """Yield a connection that is closed in the end."""
    connection = Connection(config)
    try:
        yield connection
    finally:
        await connection.close()
