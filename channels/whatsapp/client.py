"""Twilio's API as far as it is used here, in our words; its library stays behind this door."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, cast

from twilio.base.values import unset
from twilio.rest import Client

from bridge.domain.ids import MessageId
from bridge.ports.clock import Clock
from channels.whatsapp.config import API, WhatsAppConfig
from channels.whatsapp.errors import translated
from channels.whatsapp.transport import Transport

INEXACT = timedelta(minutes=1)
"""Less than this our clock is not taken to be wrong: Twilio tells the time by the second."""

PAGE = 200
NEWEST = 50
"""Messages looked through for one that may have been sent."""

QUICK_REPLY = "twilio/quick-reply"
NO_SURPRISES = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
"""The library would read its own settings from the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message as WhatsApp shows it. `template`: a content SID; its variables count from 1."""

    body: str = ""
    media: str = ""
    template: str = ""
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message as Twilio keeps it. `at` is when it was made; `code` why it failed."""

    sid: MessageId
    sender: str
    to: str
    body: str
    direction: str
    status: str
    at: datetime
    files: int
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    url: str
    mime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    name: str
    status: str
    is_trial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """A sender, and what Twilio calls when someone writes to it."""

    place: str
    status: str
    webhook: str = ""
    method: str = ""
    fallback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateState:
    """`buttons` is None when it is no quick reply. `approval`: WhatsApp's word, "approved"."""

    buttons: int | None
    approval: str = ""


class Api:
    """The calls. Each raises a `ChannelError`."""

    def __init__(self, config: WhatsAppConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.transport = Transport(clock)

    @cached_property
    def _client(self) -> Client:
        user, password = self.config.login
        client = Client(
            user,
            password,
            account_sid=self.config.account_sid,
            http_client=self.transport,
            environment=NO_SURPRISES,
        )
        if self.config.api_url != API:
            for domain in (client.api, client.messaging, client.content):
                domain.base_url = self.config.api_url.rstrip("/")
        return client

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Keep connections for as long as the context is open."""
        return self.transport.opened()

    # -- messages

    async def send(self, to: str, message: Outgoing, *, callback: str = "") -> MessageId:
        """Have a message sent; its later states are told to `callback`."""
        variables = {str(number): text for number, text in enumerate(message.variables, start=1)}
        with translated(self.clock):
            made = await self._client.messages.create_async(
                to=to,
                from_=self.config.number,
                body=message.body or unset,
                media_url=[message.media] if message.media else unset,
                content_sid=message.template or unset,
                content_variables=json.dumps(variables) if variables else unset,
                status_callback=callback or unset,
            )
        return MessageId(made.sid)

    async def received(self, after: datetime) -> Sequence[Listed]:
        """Return what people sent to us since, oldest first."""
        with translated(self.clock):
            found = await self._client.messages.list_async(
                to=self.config.number, date_sent_after=after, page_size=PAGE
            )
        listed = [_listed(each) for each in reversed(found)]
        return [each for each in listed if each.direction == "inbound" and each.at >= after]

    async def sent(self, *, to: str = "") -> Sequence[Listed]:
        """Return what we sent last, to one place or all, newest first."""
        with translated(self.clock):
            found = await self._client.messages.list_async(
                from_=self.config.number, to=to or unset, limit=NEWEST
            )
        return [_listed(each) for each in found if each.direction != "inbound"]

    async def message(self, message: MessageId) -> Listed:
        """Return one message, whoever sent it."""
        with translated(self.clock):
            return _listed(await self._client.messages(message).fetch_async())

    async def files(self, message: MessageId) -> Sequence[ListedFile]:
        """Return the files of a message that someone sent."""
        with translated(self.clock):
            found = await self._client.messages(message).media.list_async()
        base = self._client.api.base_url
        return [
            ListedFile(url=base + str(each.uri).removesuffix(".json"), mime=str(each.content_type))
            for each in found
        ]

    async def type(self, answering: MessageId) -> None:
        """Show that an answer to this message is being written; it is marked as read."""
        with translated(self.clock):
            await self._client.messaging.v2.typing_indicator.create_async(
                channel="whatsapp", message_id=answering
            )

    # -- the account

    def now(self) -> datetime:
        """Return what time it is for Twilio, as far as its last answer tells; that is not exact."""
        skew = self.transport.skew
        return self.clock.now() + (skew if abs(skew) > INEXACT else timedelta(0))

    async def account(self) -> TwilioAccount:
        with translated(self.clock):
            found = await self._client.api.v2010.accounts(self.config.account_sid).fetch_async()
        return TwilioAccount(
            name=found.friendly_name or "",
            status=found.status or "",
            is_trial=found.type == "Trial",
        )

    async def senders(self) -> Sequence[Wires]:
        """Return the account's WhatsApp senders; the sandbox is none of them."""
        with translated(self.clock):
            found = await self._client.messaging.v2.channels_senders.list_async(channel="whatsapp")
        return [_wires(each) for each in found]

    async def template(self, sid: str) -> TemplateState:
        with translated(self.clock):
            context = self._client.content.v1.contents(sid)
            types = cast("Mapping[str, Any]", (await context.fetch_async()).types or {})
            approval = await context.approval_fetch().fetch_async()
        reply = types.get(QUICK_REPLY)
        return TemplateState(
            buttons=len(reply.get("actions", ())) if reply is not None else None,
            approval=str((approval.whatsapp or {}).get("status", "")),
        )


def _listed(message: Any) -> Listed:
    return Listed(
        sid=MessageId(message.sid),
        sender=message.from_ or "",
        to=message.to or "",
        body=message.body or "",
        direction=message.direction or "",
        status=message.status or "",
        at=message.date_sent or message.date_created,
        files=int(message.num_media or 0),
        code=str(message.error_code or ""),
    )


def _wires(sender: Any) -> Wires:
    webhook = sender.webhook or {}
    return Wires(
        place=sender.sender_id or "",
        status=sender.status or "",
        webhook=webhook.get("callback_url") or "",
        method=webhook.get("callback_method") or "",
        fallback=webhook.get("fallback_url") or "",
    )
