"""The connection to the Bot API: open for as long as somebody uses it, then closed.

Whoever makes a call, or listens, holds it; the last one closes it. So a call after the listener's
end works, and nothing is left open. Each account has its own.
"""

import logging
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any

import httpx
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from channels.telegram.config import TelegramConfig
from channels.telegram.errors import meaning
from channels.telegram.limits import CONNECT_SECONDS, READ_SECONDS, UPLOAD_SECONDS

# `getUpdates` is asked for raw, so that an update the library cannot read holds up no other.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)
warnings.filterwarnings("ignore", message=".*`retry_after`", category=PTBDeprecationWarning)

for name, level in {
    "httpx": logging.WARNING,  # tells every address at INFO, and the token is in it
    "telegram": logging.CRITICAL,  # tells every page that is no JSON; it is raised as well
}.items():
    logging.getLogger(name).setLevel(level)


class Client:
    """Makes the library's `Bot` on demand. Its errors become those of the port."""

    def __init__(self, config: TelegramConfig, now: Callable[[], datetime]) -> None:
        self._config = config
        self._now = now
        self._bot: Bot | None = None
        self._users = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bot]:
        """Hold the connection. Raises `ChannelError` for what the library raises inside."""
        if self._bot is None:
            self._bot = _bot(self._config)
        bot = self._bot
        self._users += 1
        try:
            yield bot
        except TelegramError as error:
            raise meaning(error, self._now) from error
        finally:
            self._users -= 1
            if not self._users:
                self._bot = None
                for request in (bot.request, bot._request[0]):  # noqa: SLF001 - no other way to it
                    await request.shutdown()

    def file_url(self, path: str) -> str:
        token = self._config.token.get_secret_value()
        return f"{self._config.api_url}/file/bot{token}/{path}"

    def http(self) -> httpx.AsyncClient:
        """Return a plain client for files, which the library would take into memory whole."""
        return httpx.AsyncClient(timeout=READ_SECONDS, verify=_trust(self._config.api_url))


def _bot(config: TelegramConfig) -> Bot:
    kwargs: dict[str, Any] = {"httpx_kwargs": {"verify": _trust(config.api_url)}}
    return Bot(
        config.token.get_secret_value(),
        base_url=f"{config.api_url}/bot",
        base_file_url=f"{config.api_url}/file/bot",
        request=HTTPXRequest(
            read_timeout=READ_SECONDS,
            write_timeout=READ_SECONDS,
            connect_timeout=CONNECT_SECONDS,
            pool_timeout=CONNECT_SECONDS,
            media_write_timeout=UPLOAD_SECONDS,
            **kwargs,
        ),
        get_updates_request=HTTPXRequest(
            connection_pool_size=1, connect_timeout=CONNECT_SECONDS, **kwargs
        ),
    )


@cache
def _trust(api_url: str) -> ssl.SSLContext:
    """Return the certificates trusted, read once for all connections; none for plain HTTP."""
    if api_url.startswith("https://"):
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
