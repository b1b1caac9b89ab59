"""Calls to the SMTP server: a connection for each mail, and how far the mail had got."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from bridge.domain.errors import FileRefused, Gone, Rejected
from bridge.ports.clock import Clock
from channels.email.config import EmailConfig
from channels.email.errors import SMTP_ERRORS, Stage, smtp_meaning
from channels.email.limits import DATA_SECONDS, SMTP_SECONDS


class Postman:
    """One account's way out."""

    def __init__(self, config: EmailConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._tls: ssl.SSLContext | None = None

    async def deliver(self, to: str, message: bytes, *, has_files: bool = False) -> None:
        """Hand a mail to the server. Raises a `ChannelError`; `OutcomeUnknown` only after it."""
        stage: Stage = "connect"
        try:
            async with self._connected() as server:
                room = server.esmtp_extensions.get("size", "")
                if room.isdecimal() and 0 < int(room) < len(message):
                    refused = FileRefused if has_files else Rejected
                    raise refused("more than the mail server takes", code="size")
                stage = "sender"
                await server.mail(
                    self._config.address, options=[f"SIZE={len(message)}"] if room else []
                )
                stage = "recipient"
                await server.rcpt(to)
                stage = "body"
                await server.data(message, timeout=DATA_SECONDS)
        except SMTP_ERRORS as error:
            raise smtp_meaning(error, stage, self._clock.now(), has_files=has_files) from error

    async def probe(self) -> None:
        """Find out whether the server takes mails, without sending one. Raises a `ChannelError`."""
        try:
            async with self._connected() as server:
                await server.noop()
        except SMTP_ERRORS as error:
            raise smtp_meaning(error, "connect", self._clock.now()) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        config = self._config
        user, password = config.smtp_login
        to = config.outgoing
        if to.tls != "none" and self._tls is None:
            # It reads the certificates of all authorities.
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        server = SMTP(
            hostname=to.host,
            port=to.port,
            username=user,
            password=password,
            local_hostname=config.domain if "." in config.domain else None,
            timeout=SMTP_SECONDS,
            use_tls=to.tls == "implicit",
            start_tls=to.tls == "starttls",
            tls_context=self._tls,
        )
        try:
            await server.connect()
            yield server
            with suppress(SMTPException, OSError):  # the mail is taken, whatever follows
                await server.quit(timeout=5)
        finally:
            server.close()


def recipient(address: str) -> str:
    """Return an address that a mail can be sent to. Raises `Gone`."""
    if not address.isascii() or "@" not in address:
        raise Gone("this is no address that mail can be sent to", code="address")
    return address
