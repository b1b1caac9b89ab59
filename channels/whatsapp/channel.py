"""One WhatsApp number of a Twilio account."""

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import structlog

from bridge.domain.errors import ChannelError
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Inbox, RemoteFile, Reported
from bridge.domain.parts import Address, Capabilities, Part, Reply, Sent
from bridge.domain.waits import is_over
from bridge.ports.channel import WebhookAnswer, WebhookCall
from bridge.ports.health import Check
from bridge.ports.surroundings import ChannelSurroundings
from bridge.unseen import note
from channels.telling import told
from channels.whatsapp import files, from_markdown, limits
from channels.whatsapp.aliases import Aliases
from channels.whatsapp.client import Api, Listed
from channels.whatsapp.config import POLL_SECONDS, POLL_SECONDS_ALONE, WhatsAppConfig
from channels.whatsapp.conversation_ids import user_of
from channels.whatsapp.counters import Sightings
from channels.whatsapp.doctor import Doctor, account_check
from channels.whatsapp.history import Replies
from channels.whatsapp.inbound import AGAIN_SECONDS, REMEMBERED, Listener, Replied
from channels.whatsapp.outbound import Sending
from channels.whatsapp.poll import Poll
from channels.whatsapp.service_window import Windows
from channels.whatsapp.webhook import Webhook

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
        self._memory = Replied()
        self._feed = surroundings.feed(again=AGAIN_SECONDS, remember=REMEMBERED)
        self._api = Api(config, self._clock)
        self._aliases = Aliases(surroundings.facts)
        self._replies = Replies(name, self._api, self._aliases)
        self._windows = Windows(self._api, surroundings.facts)
        self._hook = Webhook(name, config, surroundings.webhook_url, self._memory, self._sightings)
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

    def link(self, text: str) -> str | None:
        """Return a link that opens a chat with our number, with the text to be sent."""
        number = user_of(self._config.number).removeprefix("+")
        return f"https://wa.me/{number}?text={text}"

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
        hearing = Listener(
            self._feed,
            memory=self._memory,
            aliases=self._aliases,
            noticed=self._noticed,
            about=self._replies.told,
        )
        self._hook.hearing = hearing
        try:
            async with self._api.opened():
                await self._feed.run(inbox, lambda: self._poll.run(hearing))
        finally:
            self._hook.hearing = None
            hearing.ready.set()  # whoever waits for the start is let go

    async def receive(self, call: WebhookCall) -> WebhookAnswer:
        return await self._hook.receive(call)

    async def _noticed(self, heard: Inbound | Reported, at: datetime | None) -> None:
        match heard:
            case Inbound():
                self._newest[heard.address.place] = MessageId(heard.external_id)
                await self._windows.heard(heard.address.place, at or self._api.now())
            case Reported():
                await self._sending.reported(heard)

    async def _answer(self, inbound: Inbound, message: Listed, reply: Reply) -> None:
        place = inbound.address.place
        try:
            # It looks for what was shown already, so that nothing is shown twice.
            await told(
                lambda again: self._sending.reply(place, message.at, again),
                reply,
                self._clock,
                marks=False,
            )
        except ChannelError as error:
            note("reply_not_shown", account=self.name, place=place, code=error.code)

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        return files.download(file.ref, self._config, self._api.transport, self._clock)

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        sent = await self._sending.send(to, part)
        self._poll.await_outcome(sent.message, to)
        self._replies.keep(sent.message)
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

    async def trial(self) -> Check | None:
        found = await account_check(self._api, self._config)
        return None if found.ok else found


def _capabilities(config: WhatsAppConfig) -> Capabilities:
    has_buttons = config.templates.has_buttons
    return Capabilities(
        max_chars=limits.TEMPLATE_TEXT if has_buttons else limits.BODY,
        size=from_markdown.size,
        buttons=has_buttons,
        typing=True,
        resolves=True,
        max_files=1,
        max_file_bytes=limits.FILE_BYTES,
        label_chars=limits.BUTTON_TITLE,
    )
