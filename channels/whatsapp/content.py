"""What a webhook's form says, in words: text, places, choices, forms that were filled in, orders.

Twilio adds fields without notice, and no list of them is complete. So what is known to be about the
message is listed, and where a message has no words of its own all others are told by their names.
Source: https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import Content
from bridge.domain.numerals import number_of
from channels.whatsapp import to_markdown

Form = Mapping[str, str]

MAP = "https://www.google.com/maps?q="

ABOUT = frozenset(
    [
        "AccountSid",
        "Address",
        "ApiVersion",
        "Body",
        "ButtonPayload",
        "ButtonText",
        "ChannelMetadata",
        "ChannelPrefix",
        "ExternalUserId",
        "Forwarded",
        "FrequentlyForwarded",
        "From",
        "FromCity",
        "FromCountry",
        "FromState",
        "FromZip",
        "Label",
        "Latitude",
        "ListId",
        "Longitude",
        "MessageSid",
        "MessageType",
        "MessagingServiceSid",
        "NumMedia",
        "NumSegments",
        "OptOutType",
        "OriginalRepliedMessageSender",
        "OriginalRepliedMessageSid",
        "ParentExternalUserId",
        "ProfileName",
        "ReferralBody",
        "ReferralCtwaClid",
        "ReferralHeadline",
        "ReferralNumMedia",
        "ReferralSourceId",
        "ReferralSourceType",
        "ReferralSourceUrl",
        "SmsMessageSid",
        "SmsSid",
        "SmsStatus",
        "To",
        "ToCity",
        "ToCountry",
        "ToState",
        "ToZip",
        "Username",
        "WaId",
    ]
)
"""Fields that tell more of a message, or are read."""

MEDIUM = re.compile(r"(?:Media(?:Url|ContentType|Sid)|ReferralMedia\w*?)\d+|ReferralMedia\w+")
REFERRAL = ("ReferralHeadline", "ReferralBody", "ReferralSourceUrl", "ReferralMediaUrl")
"""What is shown of the advertisement or post that somebody writes from, in its order.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request#whatsapp-specific-parameters
"""

CHOSEN = ("ButtonText", "ListTitle", "ListDescription")
"""What somebody chose of what they were sent from here, which the body says again."""

DATA = re.compile(
    r"(?:Interactive|Flow|Order|Contact|Nfm|Poll|Event|Product|Catalog|Sticker|Vote)\w*",
    re.IGNORECASE,
)
"""Fields that hold what someone filled in, chose, ordered or asks, whatever else was said."""

NO_APP = "a message of a kind that WhatsApp passes on to no app"
KINDS = {
    "audio": "a sound",
    "button": "a button that was pressed",
    "contacts": "contacts",
    "document": "a file",
    "event": "an event",
    "image": "a picture",
    "interactive": "a form that was filled in",
    "location": "a place",
    "order": "an order",
    "poll": "a poll",
    "poll_creation": "a poll",
    "poll_update": "a vote in a poll",
    "product": "a product",
    "reaction": "a reaction",
    "sticker": "a sticker",
    "unknown": NO_APP,
    "unsupported": NO_APP,
    "video": "a film",
}
"""How types of messages are called that came without words: those of Meta's webhooks, and what
people send of which Meta passes on no more than that it came.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

DEEPEST, MOST_LINES = 8, 60
LONGEST_NUMBER = 9


def content(form: Form, *, files: int) -> Content:
    """Return all that a message says; `files` beside it."""
    said = to_markdown.content(form.get("Body", "") or form.get("ButtonText", ""))
    chosen = "\n".join(_chosen(form))
    beside = (_place(form), _data(form), _referral(form))
    pieces = [said, *([Content(text=chosen, literal=True)] if chosen else [])]
    pieces += [piece for lines in beside for piece in _literal(lines)]
    told = form.get("NumMedia", "")
    is_lost = (number_of(told[:LONGEST_NUMBER]) or 0) > files
    if not any(pieces):
        pieces += _literal(_others(form))
    if is_lost:
        pieces += [Content(text=texts.unreadable("a file that did not come along"))]
    if not any(pieces) and not files:
        pieces.append(Content(text=texts.unreadable(kind(form.get("MessageType", "")))))
    if is_forwarded(form):
        pieces.insert(0, Content(text="*Forwarded:*", outside=True))
    return literal.joined(pieces)


def is_forwarded(form: Form) -> bool:
    return "true" in {form.get(each, "").lower() for each in ("Forwarded", "FrequentlyForwarded")}


def kind(given: str) -> str:
    """Return what a type of message is called, with an article."""
    if given in {"", "text"}:
        return "a message that has no words"
    return KINDS.get(given, f"something that WhatsApp calls {literal.escaped(repr(given))}")


def _literal(lines: Iterator[str]) -> Iterator[Content]:
    text = "\n".join(lines)
    if text:
        yield Content(text=text, literal=True, outside=True)


def _place(form: Form) -> Iterator[str]:
    if "Latitude" in form and "Longitude" in form:
        names = [form[key] for key in ("Label", "Address") if form.get(key)]
        where = f"{MAP}{form['Latitude']},{form['Longitude']}"
        yield "📍 " + ", ".join([*names, where])


def _chosen(form: Form) -> Iterator[str]:
    said = form.get("Body", "")
    return (form[each] for each in CHOSEN if said and form.get(each, "") not in said)


def _referral(form: Form) -> Iterator[str]:
    """Yield what somebody writes from, which their words are about."""
    lines = [form[each] for each in REFERRAL if form.get(each)]
    if lines:
        is_post = form.get("ReferralSourceType") == "post"
        yield "\n".join(["From a post:" if is_post else "From an advertisement:", *lines])


def _data(form: Form) -> Iterator[str]:
    for name in sorted(form):
        if name not in ABOUT and DATA.fullmatch(name) and form[name]:
            yield from _lines(name, form[name])


def _others(form: Form) -> Iterator[str]:
    for name in sorted(form):
        known = name in ABOUT or MEDIUM.fullmatch(name) or DATA.fullmatch(name)
        if not known and form[name]:
            yield f"{name}: {form[name]}"


def _lines(name: str, value: str) -> Iterator[str]:
    """Yield what a field holds: of JSON, one line for each thing in it."""
    try:
        told = list(islice(_flat("", json.loads(value), DEEPEST), MOST_LINES))
    except (ValueError, RecursionError):
        told = []
    yield from told or [f"{name}: {value}"]


def _flat(name: str, value: Any, depth: int) -> Iterator[str]:
    match value:
        case dict() if depth:
            for key, each in value.items():
                yield from _flat(str(key), each, depth - 1)
        case list() if depth:
            for each in value:
                yield from _flat(name, each, depth - 1)
        case None | "":
            pass
        case str(text) if text[:1] in "{[":  # a form's answers are JSON within JSON
            yield from _lines(name, text) if depth else [text]
        case _:
            yield f"{name}: {value}" if name else str(value)
