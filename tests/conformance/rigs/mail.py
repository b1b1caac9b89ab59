"""The email channel, on a real IMAP server and an SMTP server that can refuse."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

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
from bridge.domain.parts import Address
from bridge.testing.rig import Ability, surrounded
from channels.email.addresses import sender_of
from channels.email.channel import EmailChannel
from channels.email.config import EmailConfig
from channels.email.conversation_ids import person_in, place_of, thread_of
from channels.email.parse import external_id, headers_of
from tests.channels.email.servers import (
    PASSWORD,
    Dovecot,
    Postbox,
    Refusal,
    dovecot,
    needs_dovecot,
    postbox,
)

US = "bridge@example.com"
TRUSTED = "mx.example.com"

REFUSALS: Mapping[type[ChannelError], Refusal] = {
    Unreachable: Refusal("rcpt", "451 4.3.0 try again later"),
    RateLimited: Refusal("rcpt", "450 4.7.1 greylisted"),
    Rejected: Refusal("data", "554 5.7.1 this is not wanted"),
    Gone: Refusal("rcpt", "550 5.1.1 there is nobody of this name"),
    Unauthorized: Refusal("auth", ""),
}


class EmailRig:
    """Two people, each in a thread of theirs. Moved never happens: an address is a person."""

    marks = (pytest.mark.dovecot, needs_dovecot)
    errors = frozenset({*REFUSALS, OutcomeUnknown})
    lacks: frozenset[Ability] = frozenset(
        {"edits", "deletes", "typing", "resolves", "buttons", "reacts"}
    )

    def __init__(self, server: Dovecot, box: Postbox, folder: Path) -> None:
        self.server, self.box = server, box
        name = ChannelName("mail")
        self.config = EmailConfig.model_validate(
            {
                "address": US,
                "password": PASSWORD,
                "imap": f"127.0.0.1:{server.port}",
                "smtp": f"127.0.0.1:{box.port}",
                "imap_tls": "none",
                "smtp_tls": "none",
                "trusts": TRUSTED,
            }
        )
        self.channel = EmailChannel(name, self.config, surrounded(folder, name))
        self.place, self.elsewhere = (
            Address(channel=name, place=place_of(who, thread_of("", [root(who)], "example.com")))
            for who in ("ada@example.org", "bob@example.org")
        )
        self._numbers = count()

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["EmailRig"]:
        with dovecot() as server, TemporaryDirectory() as made:
            async with postbox() as box:
                yield cls(server, box, Path(made))

    async def say(self, place: Address, text: str) -> str:
        mail = written(person_in(place.place), text, number=next(self._numbers))
        self.server.deliver(US, mail)
        return named(mail)

    def shown(self, place: Address) -> Sequence[str]:
        mails = self.box.mails(person_in(place.place))
        return [text_in(each) for each in mails]

    def acknowledged(self) -> Sequence[str]:
        return [named(each) for each in self.server.mails(US, flag="S")]

    def refuse(self, error: type[ChannelError]) -> None:
        if error is Unauthorized:
            self.box.is_login_refused = True
        else:
            self.box.refusals.append(REFUSALS[error])

    def hang_up(self) -> None:
        self.box.hangs_up = True

    def vanish(self, place: Address, message: MessageId) -> None:
        raise NotImplementedError


def root(who: str) -> str:
    return f"<root-of-{who}>"


def written(who: str, text: str, *, number: int = 0, **headers: str) -> bytes:
    """Return a mail of somebody's in their thread, as a trusted server delivers it."""
    mail = EmailMessage(policy=policy.SMTP)
    domain = who.partition("@")[2]
    mail["Authentication-Results"] = f"{TRUSTED}; dmarc=pass header.from={domain}"
    mail["From"] = f"{who.partition('@')[0].title()} <{who}>"
    mail["To"] = US
    mail["Subject"] = "Re: tea"
    mail["Message-ID"] = f"<{number}-{who}>"
    mail["References"] = root(who)
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        if value:
            mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def named(mail: bytes) -> str:
    """Return what the channel calls a mail."""
    headers = headers_of(message_from_bytes(mail, policy=policy.compat32))
    return external_id(headers, sender_of(headers["from"]), mail)


def text_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).strip()
