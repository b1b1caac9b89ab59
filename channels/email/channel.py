"""One mailbox as a channel: each thread with each person is a private place.

A mail cannot be changed, taken back or asked for. So there are no previews; a mail of unknown
outcome is sent once more, marked, and under the same Message-ID, by which readers see one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import quote

from bridge.domain.content import Attachment
from bridge.domain.errors import (
    ChannelError,
    FileRefused,
    NotFound,
    StoreUnavailable,
    Unreachable,
)
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbox, RemoteFile
from bridge.domain.parts import Address, Capabilities, Part, Reply, Sent
from bridge.ports.health import Check
from bridge.ports.surroundings import ChannelSurroundings
from bridge.unseen import note
from channels.email import doctor, limits, render
from channels.email.config import EmailConfig
from channels.email.conversation_ids import message_id, person_in, thread_in
from channels.email.files import downloaded
from channels.email.inbound import Listening
from channels.email.parse import Mail
from channels.email.render import Letter, Loaded
from channels.email.smtp import Postman, recipient
from channels.email.threads import Threads
from channels.limits import Budget
from channels.telling import told

CAPABILITIES = Capabilities(
    max_chars=limits.MAX_CHARS,
    max_files=limits.MAX_FILES,
    max_file_bytes=limits.MAX_FILE_BYTES,
    caption_chars=limits.MAX_CHARS,
    send_timeout=timedelta(seconds=limits.DATA_SECONDS),
)


class EmailChannel:
    """Hears by IMAP, shows by SMTP."""

    def __init__(
        self, name: ChannelName, config: EmailConfig, surroundings: ChannelSurroundings
    ) -> None:
        self.name = name
        self._config = config
        self._clock = surroundings.clock
        self._blobs = surroundings.blobs
        self._threads = Threads(surroundings.facts)
        self._postman = Postman(config, self._clock)
        self._budget = Budget(self._clock, account=limits.ACCOUNT, place=limits.PLACE)
        self._listening = Listening(
            name,
            config,
            feed=surroundings.feed(),
            clock=self._clock,
            facts=surroundings.facts,
            threads=self._threads,
            answer=self._answer,
        )

    def capabilities(self, address: Address) -> Capabilities:  # noqa: ARG002 - the same for all
        return CAPABILITIES

    def link(self, text: str) -> str | None:
        """Return a link that opens a mail to us with the text in it."""
        return f"mailto:{self._config.address}?body={quote(text)}"

    # -- hearing

    async def listen(self, inbox: Inbox) -> None:
        await self._listening.run(inbox)

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        return downloaded(self._listening.folder, file)

    async def _answer(self, mail: Mail, reply: Reply) -> None:
        """Show a reply to a command, as an answer to the mail that it stood in."""
        to = person_in(mail.place)
        names = ("reply", mail.inbound.external_id)
        message = message_id(names, thread_in(mail.place), self._config.domain)
        try:
            # The same mail whenever it is sent: a mark would only say that it may be there.
            await told(partial(self._reply, mail, message, to), reply, self._clock, marks=False)
        except ChannelError as error:
            note("reply_not_shown", account=self.name, place=mail.place, code=error.code)

    async def _reply(self, mail: Mail, message: MessageId, to: str, reply: Reply) -> None:
        letter = Letter(message=message, to=recipient(to), text=reply.text, is_plain=reply.plain)
        body = await asyncio.to_thread(
            render.mail, letter, mail.thread, self._config, self._clock.now()
        )
        await self._postman.deliver(to, body)

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        self._budget.spend(to.place, part.priority)
        person = recipient(person_in(to.place))
        message = message_id(part.names, thread_in(to.place), self._config.domain)
        try:
            thread = await self._threads.of(to.place)
        except StoreUnavailable as error:
            raise Unreachable("the store cannot be used just now", code="store") from error
        letter = Letter(
            message=message,
            to=person,
            text=part.text,
            speaker=part.speaker,
            is_plain=part.is_plain,
            files=[await self._loaded(each) for each in part.attachments],
        )
        body = await asyncio.to_thread(render.mail, letter, thread, self._config, self._clock.now())
        await self._postman.deliver(person, body, has_files=bool(part.attachments))
        return Sent(message=message)

    async def _loaded(self, attachment: Attachment) -> Loaded:
        try:
            body = b"".join([chunk async for chunk in self._blobs.open(attachment.media)])
        except NotFound as error:
            raise FileRefused("this file is not kept any more", code="gone") from error
        except OSError as error:
            raise Unreachable("the file cannot be read just now", code="disk") from error
        return Loaded(attachment=attachment, body=body)

    async def probe(self, to: Address) -> None:  # noqa: ARG002 - one server for all
        """Ask the mail server whether it takes mails."""
        await self._postman.probe()

    # -- doctor

    async def diagnose(self) -> Sequence[Check]:
        return await doctor.examined(self._config, self._postman, self._listening)

    async def trial(self) -> Check | None:
        return await doctor.tried(self._config, self._postman)
