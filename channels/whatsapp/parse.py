"""What Twilio sends us becomes our words: a webhook's form, a listed message."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.content import AttachmentKind, Content
from bridge.ids import ChannelName, MessageId
from bridge.inbound import Heard, Inbound, PartKey, Pressed, RemoteFile, Reported, Sender, Spoken
from bridge.parts import Address
from bridge.routing import pressed
from channels.whatsapp.aliases import Changed
from channels.whatsapp.api import Listed, ListedFile
from channels.whatsapp.errors import is_for_later, less_of
from channels.whatsapp.places import place_of, user_of

REALM = "whatsapp"
MOST_FILES = 10
CHANGES = frozenset({"user_changed_number", "user_changed_user_id"})
"""Meta's system messages about a person's addresses."""

MAP = "https://www.google.com/maps?q="

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
    spoken = Spoken(
        message=message.sid,
        content=Content(text=markdown(message.body)),
        files=tuple(_file(each.url, each.mime) for each in files),
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
    replied = form.get("OriginalRepliedMessageSid", "")
    return Spoken(
        message=MessageId(sid),
        content=Content(text=_text(form)),
        reply_to=MessageId(replied) if replied else None,
        files=_files(form),
    )


def _text(form: Form) -> str:
    said = markdown(form.get("Body", "") or form.get("ButtonText", ""))
    if "Latitude" not in form or "Longitude" not in form:
        return said
    names = [form[key] for key in ("Label", "Address") if form.get(key)]
    where = f"{MAP}{form['Latitude']},{form['Longitude']}"
    return "\n".join(part for part in (said, "📍 " + ", ".join([*names, where])) if part)


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


# -- formatting -----------------------------------------------------------------------------------

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_STYLED = r"(?<![\w{0}])\{0}(?=\S)([^{0}\n]*?\S)\{0}(?![\w{0}])"
_BOLD = re.compile(_STYLED.format("*"))
_STRUCK = re.compile(_STYLED.format("~"))


def markdown(text: str) -> str:
    """Return WhatsApp's formatting as Markdown; what is in code stays as it is."""
    pieces = _CODE.split(text)
    pieces[::2] = [_STRUCK.sub(r"~~\1~~", _BOLD.sub(r"**\1**", each)) for each in pieces[::2]]
    return "".join(pieces)


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
