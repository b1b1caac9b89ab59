"""What Twilio sends us becomes our words: a webhook's form, a listed message."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.domain.content import AttachmentKind
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import (
    Heard,
    Inbound,
    PartKey,
    Pressed,
    Quoted,
    RemoteFile,
    Reported,
    Sender,
    Spoken,
)
from bridge.domain.parts import Address
from bridge.session.routing import pressed
from channels.markdown.units import utf16
from channels.pieces import goes_on
from channels.whatsapp import content, to_markdown
from channels.whatsapp.aliases import Changed
from channels.whatsapp.client import Listed, ListedFile
from channels.whatsapp.conversation_ids import is_whatsapps, place_of, user_of
from channels.whatsapp.errors import is_for_later, less_of
from channels.whatsapp.limits import LONGEST_BODIES

REALM = "whatsapp"
MOST_FILES = 10
CHANGES = frozenset({"user_changed_number", "user_changed_user_id"})
"""Meta's system messages about a person's addresses."""

NEWS = frozenset({"system"})
"""Types of messages that nobody wrote. All others are speech."""

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
"""The form of a message's id. What Twilio signs does not say where a field ends: with the next
one's name and value behind its id, an old message would be a new one."""

UNTOLD = "(an earlier message, whose words WhatsApp does not tell)"

Form = Mapping[str, str]


# -- messages -------------------------------------------------------------------------------------


def heard(form: Form, channel: ChannelName) -> Inbound | None:
    """Return the message that a webhook brings; None when nobody can say whose or which it is."""
    other, sid = place_of(form.get("ExternalUserId", "")), form.get("MessageSid", "")
    sender = form.get("From", "")
    place = place_of(sender) or other
    if place is None or not _SID.fullmatch(sid) or (sender and not is_whatsapps(sender)):
        return None
    inbound = _inbound(
        channel, place, MessageId(sid), form.get("ProfileName", ""), _what(form, sid)
    )
    if other is None or other == place:
        return inbound
    return replace(inbound, sender=replace(inbound.sender, also=(user_of(other),)))


def is_news(form: Form) -> bool:
    """Say whether it is WhatsApp that says something, and not a person."""
    return form.get("MessageType") in NEWS


def changed(form: Form) -> Changed | None:
    """Return whose number or id is another now; None when the form says nothing of the kind.

    How Twilio passes on Meta's system messages is not documented: their own names are looked for,
    as Twilio spells the names of its fields.
    """
    kinds = {form.get("MessageType", ""), form.get("SystemType", "")}
    if not kinds & CHANGES:
        return None
    old = (form.get("From", ""), form.get("PreviousExternalUserId", ""))
    new = (form.get("NewFrom", ""), form.get("NewWaId", ""), form.get("ExternalUserId", ""))
    return Changed(old=_places(old), new=_places(new))


def _places(written: Sequence[str]) -> tuple[str, ...]:
    found = (place_of(f"+{each}" if each.isdecimal() else each) for each in written)
    return tuple(place for place in found if place is not None)


def found(message: Listed, files: Sequence[ListedFile], channel: ChannelName) -> Inbound | None:
    """Return a message that no webhook brought. Its buttons are words by then."""
    place = place_of(message.sender)
    if place is None or not is_whatsapps(message.sender):
        return None
    spoken = _spoken(
        message.sid, {"Body": message.body}, tuple(_file(each.url, each.mime) for each in files)
    )
    return replace(_inbound(channel, place, message.sid, "", spoken), at=message.at)


def _inbound(channel: ChannelName, place: str, sid: MessageId, name: str, what: Heard) -> Inbound:
    number = user_of(place)
    return Inbound(
        external_id=sid,
        address=Address(channel=channel, place=place),
        sender=Sender(realm=REALM, user=number, name=name.strip() or number),
        what=what,
    )


def _what(form: Form, sid: str) -> Heard:
    payload = form.get("ButtonPayload", "")
    if pressed(payload) is not None:
        return Pressed(value=payload)
    return _spoken(MessageId(sid), form, _files(form))


def _spoken(sid: MessageId, form: Form, files: tuple[RemoteFile, ...]) -> Spoken:
    replied, body = form.get("OriginalRepliedMessageSid", ""), form.get("Body", "")
    return Spoken(
        message=sid,
        content=content.content(form, files=len(files)),
        reply_to=MessageId(replied) if replied else None,
        quoted=_quoted(form) if replied else None,
        files=files,
        more=content.is_forwarded(form)
        or any(goes_on(utf16(body), files, limit=limit) for limit in LONGEST_BODIES),
    )


def _quoted(form: Form) -> Quoted:
    """Return that there is something a reply is about: Twilio tells by whom, and not what."""
    by = form.get("OriginalRepliedMessageSender", "")
    is_own = bool(by) and by == form.get("From")
    return Quoted(author=form.get("ProfileName", "") if is_own else "", text=UNTOLD)


def quoted(message: Listed, files: Sequence[ListedFile], *, author: str) -> Quoted:
    """Return a listed message as what another is about; one without words is told by its kind."""
    words = to_markdown.content(message.body).text
    if not words and not files:
        words = "(a file)" if message.files else UNTOLD
    return Quoted(
        author=author, text=words, files=tuple(_file(each.url, each.mime) for each in files)
    )


def _files(form: Form) -> tuple[RemoteFile, ...]:
    urls = (form.get(f"MediaUrl{number}", "") for number in range(MOST_FILES))
    return tuple(
        _file(url, form.get(f"MediaContentType{number}", ""))
        for number, url in enumerate(urls)
        if url
    )


def _file(url: str, mime: str) -> RemoteFile:
    return RemoteFile(kind=_kind(mime), name="", mime=mime, ref=url)


def _kind(mime: str) -> AttachmentKind:
    match mime.split(";", maxsplit=1)[0].strip().lower().split("/"):
        case ["audio", "ogg"]:  # what WhatsApp records
            return "voice"
        case ["image", _]:
            return "image"
        case ["audio", _]:
            return "audio"
        case ["video", _]:
            return "video"
        case _:
            return "file"


# -- what became of ours --------------------------------------------------------------------------


def reported(form: Form, key: PartKey | None, channel: ChannelName) -> Reported | None:
    """Return what a status callback says; None when it says nothing yet."""
    place, sid = place_of(form.get("To", "")), form.get("MessageSid", "")
    status = form.get("MessageStatus", "")
    if place is None or not sid:
        return None
    address = Address(channel=channel, place=place)
    return outcome(address, MessageId(sid), status, form.get("ErrorCode", ""), key)


def outcome(
    address: Address, message: MessageId, status: str, code: str, key: PartKey | None = None
) -> Reported | None:
    """Return what a status means; None for what is no state of ours."""
    match status:
        case "accepted" | "queued" | "sending" | "sent":
            return Reported(address=address, message=message, state="sent", key=key)
        case "delivered":
            return Reported(address=address, message=message, state="delivered", key=key)
        case "read":
            return Reported(address=address, message=message, state="read", key=key)
        case "failed" | "undelivered" | "canceled":
            return Reported(
                address=address,
                message=message,
                state="failed",
                key=key,
                code=code,
                again=is_for_later(code),
                less=less_of(code),
            )
        case _:
            return None
