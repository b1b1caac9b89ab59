"""The world of the fake Twilio: accounts, senders, people and their messages. No network."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

WINDOW = timedelta(hours=24)
SANDBOX = "whatsapp:+14155238886"


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


@dataclass(slots=True, kw_only=True)
class Account:
    """`keys`: API keys and their secrets. `status`: "active", "suspended", "closed"."""

    sid: str = field(default_factory=lambda: new_sid("AC"))
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    name: str = "Ada's account"
    status: str = "active"
    kind: str = "Full"
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Sender:
    """One of our numbers, and what is called when someone writes to it."""

    place: str
    account: Account
    webhook: str = ""
    method: str = "POST"
    fallback: str = ""
    status: str = "ONLINE"
    sid: str = field(default_factory=lambda: new_sid("XE"))


@dataclass(slots=True, kw_only=True)
class Media:
    mime: str
    body: bytes
    sid: str = field(default_factory=lambda: new_sid("ME"))


@dataclass(slots=True, kw_only=True)
class Template:
    """`types` is Twilio's own shape of it. `approval`: WhatsApp's word, empty when never asked."""

    account: Account
    types: Mapping[str, Any]
    name: str = "template"
    approval: str = ""
    sid: str = field(default_factory=lambda: new_sid("HX"))

    @property
    def actions(self) -> Sequence[Mapping[str, str]]:
        return self.types.get("twilio/quick-reply", {}).get("actions", ())

    @property
    def body(self) -> str:
        return next(iter(self.types.values()))["body"]


@dataclass(slots=True, kw_only=True)
class Message:
    """`doom`: the error it will fail with. `buttons`: titles and what comes back."""

    sid: str
    account: Account
    sender: str
    to: str
    body: str
    direction: str
    status: str
    made_at: datetime
    sent_at: datetime | None = None
    files: list[Media] = field(default_factory=list)
    urls: tuple[str, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()
    template: str = ""
    callback: str = ""
    doom: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_shown(self) -> bool:
        return self.doom is None and self.status not in {"failed", "undelivered"}


@dataclass(slots=True, kw_only=True)
class Person:
    """`reads`: sends read receipts. `joined`: the sandbox. `scoped`: Meta's id of them, if any.

    `hides`: they have a username, so that their number is not told.
    """

    name: str
    place: str
    scoped: str = ""
    hides: bool = False
    reads: bool = False
    joined: bool = True
    stopped: bool = False
    blocks: bool = False
    wrote_at: dict[str, datetime] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """What their messages come from."""
        return f"whatsapp:{self.scoped}" if self.hides else self.place

    def is_at(self, address: str) -> bool:
        return address == self.place or (bool(self.scoped) and address.endswith(f":{self.scoped}"))

    def can_be_told(self, sender: str, now: datetime) -> bool:
        wrote_at = self.wrote_at.get(sender)
        return wrote_at is not None and now - wrote_at < WINDOW


def rfc2822(at: datetime | None) -> str | None:
    return format_datetime(at.astimezone(UTC)) if at is not None else None


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """Sign as https://www.twilio.com/docs/usage/security says, by itself."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


# -- as JSON --------------------------------------------------------------------------------------


def message_json(message: Message) -> dict[str, Any]:
    uri = f"/2010-04-01/Accounts/{message.account.sid}/Messages/{message.sid}"
    failed = message.status in {"failed", "undelivered"}
    return {
        "sid": message.sid,
        "account_sid": message.account.sid,
        "messaging_service_sid": None,
        "from": message.sender,
        "to": message.to,
        "body": message.body,
        "status": message.status,
        "direction": message.direction,
        "date_created": rfc2822(message.made_at),
        "date_updated": rfc2822(message.sent_at or message.made_at),
        "date_sent": rfc2822(message.sent_at),
        "num_media": str(len(message.files) or len(message.urls)),
        "num_segments": "1",
        "error_code": message.doom if failed else None,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def media_json(message: Message, media: Media) -> dict[str, Any]:
    uri = (
        f"/2010-04-01/Accounts/{message.account.sid}/Messages/{message.sid}/Media/{media.sid}.json"
    )
    return {
        "sid": media.sid,
        "account_sid": message.account.sid,
        "parent_sid": message.sid,
        "content_type": media.mime,
        "date_created": rfc2822(message.made_at),
        "date_updated": rfc2822(message.made_at),
        "uri": uri,
    }


def sender_json(sender: Sender) -> dict[str, Any]:
    webhook = {
        "callback_url": sender.webhook or None,
        "callback_method": sender.method,
        "fallback_url": sender.fallback or None,
        "fallback_method": "POST",
    }
    return {
        "sid": sender.sid,
        "sender_id": sender.place,
        "status": sender.status,
        "webhook": webhook if sender.webhook else None,
    }


def template_json(template: Template, base: str) -> dict[str, Any]:
    url = f"{base}/v1/Content/{template.sid}"
    return {
        "sid": template.sid,
        "account_sid": template.account.sid,
        "friendly_name": template.name,
        "language": "en",
        "variables": {},
        "types": dict(template.types),
        "url": url,
        "links": {"approval_fetch": f"{url}/ApprovalRequests"},
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
    }


# -- as forms -------------------------------------------------------------------------------------


def webhook_form(message: Message, person: Person, base: str) -> dict[str, str]:
    """Return what is posted when someone wrote; blank fields included."""
    form = {
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.files)),
        "ProfileName": person.name,
        "MessageType": "text",
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body,
        "To": message.to,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": message.sid,
        "AccountSid": message.account.sid,
        "From": message.sender,
        "ApiVersion": "2010-04-01",
        **message.extra,
    }
    if not person.hides:
        form["WaId"] = person.place.removeprefix("whatsapp:+")
    if person.scoped:
        form["ExternalUserId"] = person.scoped
    for number, media in enumerate(message.files):
        uri = media_json(message, media)["uri"].removesuffix(".json")
        form[f"MediaUrl{number}"] = base + uri
        form[f"MediaContentType{number}"] = media.mime
    return form


def status_form(message: Message, status: str) -> dict[str, str]:
    """Return what is posted when a message's status changes."""
    form = {
        "ApiVersion": "2010-04-01",
        "AccountSid": message.account.sid,
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "ChannelPrefix": "whatsapp",
        "From": message.sender,
        "To": message.to,
    }
    if status == "read":
        form["EventType"] = "READ"
    if status in {"failed", "undelivered"} and message.doom is not None:
        form["ErrorCode"] = str(message.doom)
    return form
