"""What Twilio documents of each call and object used here: name, type, required, limits.

Sources: https://www.twilio.com/docs/messaging/api/message-resource,
…/messaging/guides/webhook-request, …/messaging/guides/outbound-message-status-in-status-callbacks,
…/whatsapp/api/typing-indicators-resource, …/content/content-api-resources,
…/whatsapp/api/senders, …/iam/api/account.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

counts: Counter[str] = Counter()
"""Validations made, by what was validated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`kind`: Python types. `pattern`: a whole text fits it. `most`: characters or items."""

    kind: type | tuple[type, ...] = str
    required: bool = False
    nullable: bool = False
    pattern: str = ""
    most: int = 0
    among: frozenset[str] = frozenset()


Table = Mapping[str, Field]

SID = r"[0-9a-fA-F]{32}"
SCOPED = r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}"
"""Meta's business-scoped user ids."""

WHATSAPP = rf"whatsapp:(\+[1-9]\d{{6,14}}|{SCOPED})"
RFC2822 = r"\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000"
STATUSES = frozenset(
    {
        "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received",
        "accepted", "scheduled", "read", "partially_delivered", "canceled",
    }
)  # fmt: skip
DIRECTIONS = frozenset({"inbound", "outbound-api", "outbound-call", "outbound-reply"})


def sid(*prefixes: str, required: bool = False, nullable: bool = False) -> Field:
    pattern = rf"({'|'.join(prefixes)}){SID}"
    return Field(pattern=pattern, required=required, nullable=nullable)


REQUESTS: Mapping[str, Table] = {
    "create": {
        "To": Field(required=True, pattern=WHATSAPP),
        "From": Field(required=True, pattern=WHATSAPP),
        "Body": Field(most=1600),
        "MediaUrl": Field(pattern=r"https?://.+"),
        "ContentSid": sid("HX"),
        "ContentVariables": Field(pattern=r"\{.*\}"),
        "StatusCallback": Field(pattern=r"https?://[^_/]+/.+"),
    },
    "listing": {
        "To": Field(pattern=WHATSAPP),
        "From": Field(pattern=WHATSAPP),
        "DateSent>": Field(pattern=r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?"),
        "PageSize": Field(pattern=r"[1-9]\d{0,2}|1000"),
        "Page": Field(pattern=r"\d+"),
        "PageToken": Field(),
    },
    "fetch": {},
    "remove": {},
    "media list": {"PageSize": Field(pattern=r"[1-9]\d{0,2}|1000")},
    "media": {},
    "account": {},
    "typing": {
        "channel": Field(required=True, among=frozenset({"whatsapp"})),
        "messageId": sid("SM", "MM", required=True),
    },
    "senders": {
        "Channel": Field(required=True, among=frozenset({"whatsapp", "rcs"})),
        "PageSize": Field(pattern=r"[1-9]\d{0,2}|1000"),
    },
    "content": {},
    "content list": {"PageSize": Field(pattern=r"[1-9]\d{0,2}")},
    "content create": {
        "friendly_name": Field(),
        "language": Field(required=True),
        "variables": Field(kind=dict),
        "types": Field(kind=dict, required=True),
    },
    "approval": {},
}

OBJECTS: Mapping[str, Table] = {
    "message": {
        "sid": sid("SM", "MM", required=True),
        "account_sid": sid("AC", required=True),
        "messaging_service_sid": sid("MG", nullable=True),
        "from": Field(required=True, nullable=True),
        "to": Field(required=True, nullable=True),
        "body": Field(required=True, nullable=True),
        "status": Field(required=True, among=STATUSES),
        "direction": Field(required=True, among=DIRECTIONS),
        "date_created": Field(required=True, pattern=RFC2822),
        "date_updated": Field(required=True, pattern=RFC2822),
        "date_sent": Field(required=True, nullable=True, pattern=RFC2822),
        "num_media": Field(required=True, pattern=r"\d+"),
        "num_segments": Field(required=True, pattern=r"\d+"),
        "error_code": Field(kind=int, required=True, nullable=True),
        "error_message": Field(required=True, nullable=True),
        "price": Field(required=True, nullable=True),
        "price_unit": Field(required=True, nullable=True),
        "api_version": Field(required=True, pattern=r"2010-04-01"),
        "uri": Field(required=True, pattern=r"/2010-04-01/.+\.json"),
        "subresource_uris": Field(kind=dict, required=True),
    },
    "media": {
        "sid": sid("ME", required=True),
        "account_sid": sid("AC", required=True),
        "parent_sid": sid("SM", "MM", required=True),
        "content_type": Field(required=True),
        "date_created": Field(required=True, pattern=RFC2822),
        "date_updated": Field(required=True, pattern=RFC2822),
        "uri": Field(required=True, pattern=r"/2010-04-01/.+/Media/.+\.json"),
    },
    "account": {
        "sid": sid("AC", required=True),
        "friendly_name": Field(required=True),
        "status": Field(required=True, among=frozenset({"active", "suspended", "closed"})),
        "type": Field(required=True, among=frozenset({"Trial", "Full"})),
    },
    "sender": {
        "sid": sid("XE", required=True),
        "sender_id": Field(required=True, pattern=WHATSAPP),
        "status": Field(required=True),
        "webhook": Field(kind=dict, required=True, nullable=True),
    },
    "content": {
        "sid": sid("HX", required=True),
        "account_sid": sid("AC", required=True),
        "friendly_name": Field(required=True),
        "language": Field(required=True),
        "variables": Field(kind=dict, required=True),
        "types": Field(kind=dict, required=True),
        "url": Field(required=True),
        "links": Field(kind=dict, required=True),
        "date_created": Field(required=True),
        "date_updated": Field(required=True),
    },
    "approval": {
        "sid": sid("HX", required=True),
        "account_sid": sid("AC", required=True),
        "whatsapp": Field(kind=dict, required=True, nullable=True),
        "url": Field(required=True),
    },
    "error": {
        "code": Field(kind=int, required=True, nullable=True),
        "message": Field(required=True),
        "more_info": Field(required=True),
        "status": Field(kind=int, required=True),
    },
    "typing": {"success": Field(kind=bool, required=True)},
    "webhook": {
        "MessageSid": sid("SM", "MM", required=True),
        "SmsMessageSid": sid("SM", "MM", required=True),
        "SmsSid": sid("SM", "MM", required=True),
        "AccountSid": sid("AC", required=True),
        "From": Field(required=True, pattern=WHATSAPP),
        "To": Field(required=True, pattern=WHATSAPP),
        "Body": Field(required=True),
        "NumMedia": Field(required=True, pattern=r"\d+"),
        "NumSegments": Field(required=True, pattern=r"\d+"),
        "SmsStatus": Field(required=True, among=frozenset({"received"})),
        "ApiVersion": Field(required=True, pattern=r"2010-04-01"),
        "ProfileName": Field(),
        "WaId": Field(pattern=r"\d+"),
        "NewWaId": Field(pattern=r"\d+"),
        "ExternalUserId": Field(pattern=SCOPED),
        "PreviousExternalUserId": Field(pattern=SCOPED),
        "MessageType": Field(),
        "SystemType": Field(),
        "ButtonPayload": Field(),
        "ButtonText": Field(),
        "OriginalRepliedMessageSender": Field(pattern=WHATSAPP),
        "OriginalRepliedMessageSid": sid("SM", "MM"),
        "MediaUrl0": Field(pattern=r"https?://.+"),
        "MediaContentType0": Field(pattern=r"[^/]+/.+"),
        "Latitude": Field(pattern=r"-?\d+(\.\d+)?"),
        "Longitude": Field(pattern=r"-?\d+(\.\d+)?"),
        "Address": Field(),
        "Label": Field(),
        "ReferralNumMedia": Field(pattern=r"\d+"),
        "ReferralBody": Field(),
        "ReferralHeadline": Field(),
        "ReferralSourceId": Field(),
        "ReferralSourceType": Field(),
        "ReferralSourceUrl": Field(pattern=r"https?://.+"),
        "ReferralMediaId": Field(),
        "ReferralMediaContentType": Field(pattern=r"[^/]+/.+"),
        "ReferralMediaUrl": Field(pattern=r"https?://.+"),
        "ReferralCtwaClid": Field(),
    },
    "status": {
        "MessageSid": sid("SM", "MM", required=True),
        "SmsSid": sid("SM", "MM", required=True),
        "MessageStatus": Field(required=True, among=STATUSES),
        "SmsStatus": Field(required=True, among=STATUSES),
        "AccountSid": sid("AC", required=True),
        "From": Field(required=True, pattern=WHATSAPP),
        "To": Field(required=True, pattern=WHATSAPP),
        "ApiVersion": Field(required=True, pattern=r"2010-04-01"),
        "ChannelPrefix": Field(among=frozenset({"whatsapp"})),
        "ChannelToAddress": Field(),
        "EventType": Field(among=frozenset({"READ"})),
        "ErrorCode": Field(pattern=r"\d{5}"),
    },
}


def request(method: str, pairs: Sequence[tuple[str, Any]]) -> list[str]:
    """Return what is wrong with a call's parameters."""
    counts[f"request {method}"] += 1
    table = REQUESTS[method]
    wrong = [fault for name, value in pairs for fault in _faults(method, table, name, value)]
    return wrong + _missing(method, table, {name for name, _ in pairs})


def emitted(kind: str, thing: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with an object that a fake hands out."""
    counts[f"object {kind}"] += 1
    table = OBJECTS[kind]
    wrong = [fault for name, value in thing.items() for fault in _faults(kind, table, name, value)]
    return wrong + _missing(kind, table, set(thing))


def _missing(what: str, table: Table, names: set[str]) -> list[str]:
    return [
        f"{what}: {name} is missing" for name in table if table[name].required and name not in names
    ]


def _faults(what: str, table: Table, name: str, value: Any) -> list[str]:
    known = table.get(re.sub(r"\d+$", "0", name) if name.startswith("Media") else name)
    if known is None:
        return [f"{what}: there is no {name}"]
    if value is None:
        return [] if known.nullable else [f"{what}: {name} is null"]
    if not isinstance(value, known.kind):
        return [f"{what}: {name} is a {type(value).__name__}"]
    if known.pattern and not re.fullmatch(known.pattern, value, re.DOTALL):
        return [f"{what}: {name} is {value!r}"]
    if known.among and value not in known.among:
        return [f"{what}: {name} may not be {value!r}"]
    if known.most and len(value) > known.most:
        return [f"{what}: {name} is longer than {known.most}"]
    return []
