"""One WhatsApp number of a Twilio account."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from bridge.errors import ChannelError
from bridge.ids import ChannelName, MessageId
from bridge.inbound import Inbound, Inbox, RemoteFile, Reported
from bridge.parts import Address, Capabilities, Part, Reply, Sent
from bridge.ports import ChannelSurroundings, Check, WebhookAnswer, WebhookCall
from bridge.retry import is_over
from channels.markdown import whatsapp
from channels.telling import told
from channels.whatsapp import files, limits
from channels.whatsapp.aliases import Aliases
from channels.whatsapp.api import Api, Listed
from channels.whatsapp.config import POLL_SECONDS, POLL_SECONDS_ALONE, WhatsAppConfig
from channels.whatsapp.doctor import Doctor
from channels.whatsapp.hearing import Hearing, Memory
from channels.whatsapp.hook import Hook
from channels.whatsapp.poll import Poll
from channels.whatsapp.sending import Sending
from channels.whatsapp.sightings import Sightings
from channels.whatsapp.windows import Windows

log = structlog.get_logger()

for name in ("twilio.http_client", "twilio.async_http_client", "httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)  # they log numbers and addresses


class WhatsAppChannel:
    """Hears by signed webhooks and by looking; shows through the Messages API."""

    def __init__(
        self, name: ChannelName, config: WhatsAppConfig, surroundings: ChannelSurroundings
    ) -> None:
        self.name = name
        self._config = config
        self._surroundings = surroundings
        self._clock = surroundings.clock
        self._capabilities = _capabilities(config)
        self._sightings = Sightings()
        self._memory = Memory()
        self._api = Api(config, self._clock)
        self._aliases = Aliases(surroundings.facts)
        self._windows = Windows(self._clock, surroundings.facts)
        self._hook = Hook(name, config, surroundings.webhook_url, self._memory, self._sightings)
        self._sending = Sending(
            name,
            self._api,
            self._windows,
            self._aliases,
            surroundings,
            templates=config.templates,
            sightings=self._sightings,
        )
        self._poll = self._polling()
        self._newest: dict[str, MessageId] = {}
        self._typed_at: dict[str, datetime] = {}

    def _polling(self) -> Poll:
        has_webhook = self._surroundings.webhook_url is not None
        usual = POLL_SECONDS if has_webhook else POLL_SECONDS_ALONE
        return Poll(
            self.name,
            self._api,
            self._clock,
            self._surroundings.facts,
            seconds=self._config.poll_seconds or usual,
            has_webhook=has_webhook,
            answer=self._answer,
            sightings=self._sightings,
        )

    def capabilities(self, address: Address) -> Capabilities:  # noqa: ARG002 - the same for all
        return self._capabilities

    # -- hearing

    async def listen(self, inbox: Inbox) -> None:
        """Hear what Twilio brings, and look for what it did not."""
        if self._surroundings.webhook_url is None:
            log.warning("no public address: messages are only looked for", channel=self.name)
        try:
            async with self._api.opened(), asyncio.TaskGroup() as group:
                hearing = Hearing(
                    inbox,
                    self._clock,
                    group,
                    memory=self._memory,
                    aliases=self._aliases,
                    noticed=self._noticed,
                )
                self._hook.hearing = hearing
                try:
                    await self._poll.run(hearing)
                finally:
                    self._hook.hearing = None
                    hearing.close()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def receive(self, call: WebhookCall) -> WebhookAnswer:
        return await self._hook.receive(call)

    async def _noticed(self, heard: Inbound | Reported, at: datetime) -> None:
        match heard:
            case Inbound():
                self._newest[heard.address.place] = MessageId(heard.external_id)
                await self._windows.heard(heard.address.place, at)
            case Reported():
                await self._sending.reported(heard)

    async def _answer(self, inbound: Inbound, message: Listed, reply: Reply) -> None:
        with suppress(ChannelError):
            # It looks for what was shown already, so that nothing is shown twice.
            await told(
                lambda again: self._sending.reply(inbound.address.place, message.at, again),
                reply,
                self._clock,
                marks=False,
            )

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        return files.download(file.ref, self._config, self._api.transport, self._clock)

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        sent = await self._sending.send(to, part)
        self._poll.await_outcome(sent.message, to)
        self._typed_at.pop(to.place, None)  # a message ends it
        return sent

    async def resolve(self, to: Address, part: Part) -> Sent | None:
        return await self._sending.resolve(to, part)

    async def typing(self, to: Address) -> None:
        """Answer the newest message with it; without one there is nothing to show it with."""
        newest, now = self._newest.get(to.place), self._clock.now()
        typed_at = self._typed_at.get(to.place)
        if newest is None:
            return
        if typed_at is not None and not is_over(typed_at + limits.TYPING, now=now, since=typed_at):
            return
        self._typed_at[to.place] = now
        await self._api.type(newest)

    # -- doctor

    async def diagnose(self) -> Sequence[Check]:
        return await Doctor(
            self._config, self._surroundings, self._api, self._windows, self._sightings
        ).examine()


def _capabilities(config: WhatsAppConfig) -> Capabilities:
    has_buttons = config.templates.has_buttons
    return Capabilities(
        max_chars=limits.TEMPLATE_TEXT if has_buttons else limits.BODY,
        size=whatsapp.size,
        buttons=has_buttons,
        typing=True,
        resolves=True,
        max_files=1,
        max_file_bytes=limits.FILE_BYTES,
    )
