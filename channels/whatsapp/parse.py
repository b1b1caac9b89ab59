"""What Twilio sends us becomes our words: a webhook's form, a listed message."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.content import AttachmentKind
from bridge.ids import ChannelName, MessageId
from bridge.inbound import (
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
from bridge.parts import Address
from bridge.routing import pressed
from channels.markdown.units import utf16
from channels.pieces import goes_on
from channels.whatsapp import told
from channels.whatsapp.aliases import Changed
from channels.whatsapp.api import Listed, ListedFile
from channels.whatsapp.errors import is_for_later, less_of
from channels.whatsapp.limits import LONGEST_BODIES
from channels.whatsapp.places import place_of, user_of

REALM = "whatsapp"
MOST_FILES = 10
CHANGES = frozenset({"user_changed_number", "user_changed_user_id"})
"""Meta's system messages about a person's addresses."""

UNTOLD = "(an earlier message, whose words WhatsApp does not tell)"

Form = Mapping[str, str]


# -- messages -------------------------------------------------------------------------------------


def heard(form: Form, channel: ChannelName) -> Inbound | None:
    """Return the message that a webhook brings; None when it brings none."""
    place, sid = place_of(form.get("From", "")), form.get("MessageSid", "")
    if place is None or not sid:
        return None
    other = place_of(form.get("ExternalUserId", ""))
    inbound = _inbound(
        channel, place, MessageId(sid), form.get("ProfileName", ""), _what(form, sid)
    )
    if other is None or other == place:
        return inbound
    return replace(inbound, sender=replace(inbound.sender, also=(user_of(other),)))


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
    if place is None:
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
        content=told.content(form, files=len(files)),
        reply_to=MessageId(replied) if replied else None,
        quoted=_quoted(form) if replied else None,
        files=files,
        more=told.is_forwarded(form)
        or any(goes_on(utf16(body), files, limit=limit) for limit in LONGEST_BODIES),
    )


def _quoted(form: Form) -> Quoted:
    """Return that there is something a reply is about: Twilio tells by whom, and not what."""
    by = form.get("OriginalRepliedMessageSender", "")
    is_own = bool(by) and by == form.get("From")
    return Quoted(author=form.get("ProfileName", "") if is_own else "", text=UNTOLD)


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
