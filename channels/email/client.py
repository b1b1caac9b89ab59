"""Calls to the IMAP server: one connection, in a thread of its own, for one caller at a time.

The library waits where it is called, so it is called in a thread. Whoever is cancelled meanwhile
cuts the connection, and the next caller opens another.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from imapclient import IMAPClient, SocketTimeout

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
        self._client: IMAPClient | None = None
        self._lock = asyncio.Lock()
        self._thread: ThreadPoolExecutor | None = None

    async def call(self, work: Callable[["Selected"], T]) -> T:
        """Do something with the folder, in the thread. Raises a `ChannelError`."""
        async with self._lock:
            self._thread = self._thread or ThreadPoolExecutor(1, "imap")
            doing = asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
            try:
                return await asyncio.shield(doing)
            except asyncio.CancelledError:
                self._cut()
                doing.add_done_callback(_seen)
                await asyncio.wait({doing}, timeout=CUT_SECONDS)
                raise

    async def close(self) -> None:
        """End the connection, and its thread."""
        self._cut()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False)
        client, self._client = self._client, None
        if client is not None:
            _end(client)

    def _do(self, work: Callable[["Selected"], T]) -> T:
        with imap_translated():
            try:
                if self._client is None:
                    self._client = signed_in(self._config)
                return work(Selected(self._client, self._config.folder))
            except BaseException:
                client, self._client = self._client, None
                if client is not None:
                    _end(client)
                raise

    def _cut(self) -> None:
        """Let whoever waits for the server wait no more: to them it is gone."""
        client = self._client
        if client is None:
            return
        # By a second handle: the first is the library's, which may be reading from it.
        with (
            suppress(OSError, ValueError, AttributeError),
            socket.socket(fileno=os.dup(client.socket().fileno())) as again,
        ):
            again.shutdown(socket.SHUT_RDWR)


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
