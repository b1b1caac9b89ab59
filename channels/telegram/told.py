"""What a message holds besides its text: files to be fetched, and what is told in words.

A place, a contact, a poll, a sticker is told in a line, so that nothing said is lost. See
https://core.telegram.org/bots/api#message.
"""

from collections.abc import Iterator

from bridge.content import AttachmentKind
from bridge.inbound import RemoteFile
from channels.telegram.wire import Contact, File, Location, Message, Origin, Poll, Venue


def told(message: Message, text: str) -> str:
    """Return the Markdown of a whole message, whose own text is given."""
    lines = [_quote(message), text, *_facts(message)]
    body = "\n\n".join(line for line in lines if line)
    if message.forward_origin is None or not (body or files_of(message)):
        return body
    return "\n\n".join(["*" + _forwarded(message.forward_origin) + "*", *([body] if body else [])])


def files_of(message: Message) -> tuple[RemoteFile, ...]:
    """Return the files; of a photo, the largest size of it."""
    return tuple(_files(message))


def _files(message: Message) -> Iterator[RemoteFile]:
    match message:
        case Message(animation=File() as animation):  # comes as a document too
            yield _file("video", animation, "animation.mp4", "video/mp4")
        case Message(document=File() as document):
            kind: AttachmentKind = "image" if document.mime_type.startswith("image/") else "file"
            yield _file(kind, document, "file", "application/octet-stream")
        case Message(voice=File() as voice):
            yield _file("voice", voice, "voice.ogg", "audio/ogg")
        case Message(audio=File() as audio):
            yield _file("audio", audio, audio.title or "audio", "audio/mpeg")
        case Message(video=File() as video):
            yield _file("video", video, "video.mp4", "video/mp4")
        case Message(video_note=File() as note):
            yield _file("video", note, "video-message.mp4", "video/mp4")
        case Message(photo=photo) if photo:
            largest = max(photo, key=lambda size: size.width * size.height)
            yield _file("image", largest, "photo.jpg", "image/jpeg")
        case _:
            pass


def _file(kind: AttachmentKind, file: File, name: str, mime: str) -> RemoteFile:
    return RemoteFile(
        kind=kind,
        name=file.file_name or name,
        mime=file.mime_type or mime,
        ref=file.file_id,
        size=file.file_size,
    )


def _quote(message: Message) -> str:
    """Return the words of another message that a reply is about, where a person chose them."""
    if message.quote is None or not message.quote.is_manual:
        return ""
    return "\n".join(f"> {line}".rstrip() for line in message.quote.text.split("\n"))


def _forwarded(origin: Origin) -> str:
    match origin:
        case Origin(sender_user=user) if user is not None:
            name = f"{user.first_name} {user.last_name}".strip()
        case Origin(sender_user_name=hidden) if hidden:
            name = hidden
        case _:
            chat = origin.chat or origin.sender_chat
            name = chat.title if chat is not None else ""
    return f"Forwarded from {name or 'elsewhere'}:"


def _facts(message: Message) -> Iterator[str]:
    match message:
        case Message(venue=Venue() as venue):  # comes as a location too
            yield f"{venue.title}, {venue.address} ({_coordinates(venue.location)})"
        case Message(location=Location() as location):
            yield f"Location: {_coordinates(location)}"
        case Message(contact=Contact() as contact):
            name = f"{contact.first_name} {contact.last_name}".strip()
            yield f"Contact: {name}, {contact.phone_number}"
        case Message(poll=Poll() as poll):
            options = "\n".join(f"- {option.text}" for option in poll.options)
            yield f"Poll: {poll.question}\n{options}"
        case Message(sticker=sticker) if sticker is not None:
            yield sticker.emoji or "(a sticker)"
        case Message(dice=dice) if dice is not None:
            yield f"{dice.emoji} {dice.value}"
        case _:
            pass


def _coordinates(location: Location) -> str:
    return f"{location.latitude:.6f}, {location.longitude:.6f}"
