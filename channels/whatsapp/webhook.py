"""Twilio calls us: whether it is Twilio, what it brings, and what it is told.

The rules:

- Only what Twilio signed for our public address is read; anything else is 403, and counted.
- Only what came by WhatsApp is heard. A number can take SMS too, under whose sender anybody writes.
- 503 until what it brings is kept, so that Twilio calls the fallback address: while nobody listens,
  and when the store cannot be used. What is missed so is found by looking.
- A reply for the asker alone goes out in the answer itself: Twilio takes one answer per message, so
  a message that is brought twice is answered once.
"""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from twilio.request_validator import RequestValidator

from bridge.domain.ids import ChannelName
from bridge.domain.parts import Reply
from bridge.ports.channel import WebhookAnswer, WebhookCall
from bridge.ports.feed import NotStored
from bridge.unseen import note
from channels.whatsapp import parse, render
from channels.whatsapp.config import WhatsAppConfig
from channels.whatsapp.conversation_ids import is_whatsapps, place_of
from channels.whatsapp.counters import Sightings
from channels.whatsapp.inbound import Listener, Replied
from channels.whatsapp.limits import START_PATIENCE, WEBHOOK_PATIENCE
from channels.whatsapp.part_key import STATUS_PATH, key_in

SIGNATURE = "x-twilio-signature"
MOST_FIELDS = 500
MOST_BYTES = 262_144
"""Of a call: several times what the longest message takes. Nobody has signed it yet when it is
read, so nobody may make that take long."""

XML = {"content-type": "text/xml; charset=utf-8"}

NOT_POST = WebhookAnswer(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": "POST"})
FORGED = WebhookAnswer(status=HTTPStatus.FORBIDDEN)
STRAY = WebhookAnswer(status=HTTPStatus.NOT_FOUND)
NOT_NOW = WebhookAnswer(status=HTTPStatus.SERVICE_UNAVAILABLE)


class Webhook:
    """The account's address. `hearing`: who listens."""

    def __init__(
        self,
        channel: ChannelName,
        config: WhatsAppConfig,
        url: str | None,
        memory: Replied,
        sightings: Sightings,
    ) -> None:
        self.hearing: Listener | None = None
        self._channel = channel
        self._place = config.number
        self._url = url
        self._memory = memory
        self._sightings = sightings
        self._validator = RequestValidator(config.auth_token.get_secret_value())

    async def receive(self, call: WebhookCall) -> WebhookAnswer:
        if call.method != "POST":
            return NOT_POST
        form = self._verified(call)
        if form is None:
            self._sightings.forged += 1
            note("forged", account=self._channel)
            return FORGED
        self._sightings.webhooks += 1
        try:
            if call.path.startswith(STATUS_PATH) or "MessageStatus" in form:
                return await self._status(call, form)
            return await self._message(form)
        except NotStored:
            return NOT_NOW

    def _verified(self, call: WebhookCall) -> parse.Form | None:
        """Return the form, if Twilio signed it for the address that people see from outside."""
        if self._url is None or len(call.body) > MOST_BYTES or not call.body.isascii():
            return None
        url = self._url + call.path + (f"?{call.query}" if call.query else "")
        try:
            # Blank fields are signed too, and a voice note's body is one.
            pairs = parse_qsl(
                call.body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS
            )
        except ValueError:
            return None
        form = dict(pairs)
        signature = call.headers.get(SIGNATURE, "")
        return form if self._validator.validate(url, form, signature) else None

    async def _message(self, form: parse.Form) -> WebhookAnswer:
        if not self._is_ours(form.get("To", "")):
            return STRAY
        change = parse.changed(form)
        if change is not None:
            await self._listening().follow(change, within=WEBHOOK_PATIENCE)
            return _answer(None)
        if parse.is_news(form):
            note("of_no_concern", account=self._channel)
            return _answer(None)
        inbound = parse.heard(form, self._channel)
        if inbound is None:
            note("unreadable", account=self._channel, message=form.get("MessageSid", ""))
            return _answer(None)
        self._memory.turn_away(inbound)  # unless it is kept now
        hearing = self._listening()
        with suppress(TimeoutError):  # those from before the start are handed in first
            async with asyncio.timeout(START_PATIENCE):
                await hearing.ready.wait()
        reply = await hearing.hand_in(inbound, within=WEBHOOK_PATIENCE)
        return _answer(reply)

    async def _status(self, call: WebhookCall, form: parse.Form) -> WebhookAnswer:
        hearing = self._listening()
        if not self._is_ours(form.get("From", "")):
            return STRAY
        reported = parse.reported(form, key_in(call.query), self._channel)
        if reported is None:
            note("stale_report", account=self._channel, why="no state of ours")
        else:
            await hearing.tell(reported, by_address=True, within=WEBHOOK_PATIENCE)
        return WebhookAnswer(status=HTTPStatus.NO_CONTENT)

    def _listening(self) -> Listener:
        if self.hearing is None:
            raise NotStored
        return self.hearing

    def _is_ours(self, number: str) -> bool:
        if is_whatsapps(number) and place_of(number) == self._place:
            return True
        self._sightings.stray += 1
        note("not_ours", account=self._channel)
        return False


def _answer(reply: Reply | None) -> WebhookAnswer:
    """Return TwiML that sends the reply, or nothing."""
    words = render.words(reply.text) if reply is not None else ()
    messages = "".join(f"<Message>{escape(each)}</Message>" for each in words)
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{messages}</Response>'
    return WebhookAnswer(status=HTTPStatus.OK, body=body.encode(), headers=XML)
