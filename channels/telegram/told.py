"""What a message holds besides its text: files to be fetched, and what is told in words.

A place, a contact, a poll, a sticker is told in a line, so that nothing said is lost; so is what
cannot be read (`kinds`). See https://core.telegram.org/bots/api#message.
"""

from collections.abc import Iterator

from bridge import literal, texts
from bridge.content import AttachmentKind, Content, file_name
from bridge.inbound import RemoteFile
from channels.telegram import kinds, rich
from channels.telegram.wire import (
    Checklist,
    Contact,
    File,
    Holding,
    Location,
    Message,
    Origin,
    PaidMedia,
    Poll,
    RichMessage,
    Shared,
    Story,
    Titled,
    Venue,
    WebAppData,
)


def told(message: Message, said: Content) -> Content:
    """Return a whole message, whose own text is given."""
    body = literal.joined([*_quote(message), said, *_rich(message), *facts(message)])
    if not body and not files_of(message) and (unread := kinds.unread(message.kinds)):
        body = Content(text=texts.unreadable(unread))
    if message.forward_origin is None or not (body or files_of(message)):
        return body
    origin = literal.escaped(name_of(message.forward_origin) or "elsewhere")
    return literal.joined([Content(text=f"*Forwarded from {origin}:*"), body])


def name_of(origin: Origin) -> str:
    """Return who wrote a message first, as far as it is told."""
    match origin:
        case Origin(sender_user=user) if user is not None:
            return f"{user.first_name} {user.last_name}".strip()
        case Origin(sender_user_name=hidden) if hidden:
            return hidden
        case _:
            chat = origin.chat or origin.sender_chat
            return chat.title if chat is not None else ""


def _quote(message: Message) -> Iterator[Content]:
    """Yield the words of another message that a reply is about, where a person chose them."""
    quote = message.quote
    if quote is not None and quote.is_manual and message.external_reply is None:
        lines = literal.markdown(quote.text).split("\n")
        yield Content(text="\n".join(f"> {line}".rstrip() for line in lines))


def _rich(message: Message) -> Iterator[Content]:
    match message.rich_message:
        case RichMessage(blocks=blocks):
            yield Content(text=rich.markdown(blocks) or texts.unreadable("a rich message"))
        case None:
            pass


# -- files ----------------------------------------------------------------------------------------


def files_of(message: Holding) -> tuple[RemoteFile, ...]:
    """Return the files; of a photo, the largest size of it."""
    found = list(_files(message))
    if isinstance(message, Message) and message.rich_message is not None:
        for field, value in rich.files(message.rich_message.blocks):
            found += _files(Holding.model_validate({field: value}))
    return tuple(found)


def _files(message: Holding) -> Iterator[RemoteFile]:
    match message:
        case Holding(animation=File() as animation):  # comes as a document too
            yield _file("video", animation, "animation.mp4", "video/mp4")
        case Holding(document=File() as document):
            kind: AttachmentKind = "image" if document.mime_type.startswith("image/") else "file"
            yield _file(kind, document, "", "application/octet-stream")
        case Holding(voice=File() as voice):
            yield _file("voice", voice, "voice.ogg", "audio/ogg")
        case Holding(audio=File() as audio):
            yield _file("audio", audio, audio.title, "audio/mpeg")
        case Holding(video=File() as video):
            yield _file("video", video, "video.mp4", "video/mp4")
        case Holding(video_note=File() as note):
            yield _file("video", note, "video-message.mp4", "video/mp4")
        case Holding(live_photo=File() as live):  # comes as a photo too
            yield _file("video", live, "live-photo.mp4", "video/mp4")
        case Holding(photo=photo) if photo:
            largest = max(photo, key=lambda size: size.width * size.height)
            yield _file("image", largest, "photo.jpg", "image/jpeg")
        case Holding(paid_media=PaidMedia(paid_media=paid)):
            for each in paid:
                yield from _files(
                    Holding(photo=each.photo, video=each.video, live_photo=each.live_photo)
                )
        case _:
            pass


def _file(kind: AttachmentKind, file: File, name: str, mime: str) -> RemoteFile:
    mime = file.mime_type or mime
    return RemoteFile(
        kind=kind,
        name=file_name(file.file_name or name, kind, mime),
        mime=mime,
        ref=file.file_id,
        size=file.file_size,
    )


# -- what is told in words ------------------------------------------------------------------------


def facts(message: Holding) -> Iterator[Content]:
    """Yield what a message holds that is neither text nor a file."""
    for text in _facts(message):
        yield Content(text=text, literal=True)
    for what in _unreadable(message):
        yield Content(text=texts.unreadable(what))


def _facts(message: Holding) -> Iterator[str]:
    match message:
        case Holding(venue=Venue() as venue):  # comes as a location too
            yield f"{venue.title}, {venue.address} ({_coordinates(venue.location)})"
        case Holding(location=Location() as location):
            yield f"Location: {_coordinates(location)}"
        case Holding(contact=Contact() as contact):
            name = f"{contact.first_name} {contact.last_name}".strip()
            yield f"Contact: {name}, {contact.phone_number}"
        case Holding(poll=Poll() as poll):
            options = "\n".join(f"- {option.text}" for option in poll.options)
            yield f"Poll: {poll.question}\n{options}"
        case Holding(sticker=sticker) if sticker is not None:
            yield sticker.emoji or "(a sticker)"
        case Holding(dice=dice) if dice is not None:
            yield f"{dice.emoji} {dice.value}"
        case _:
            yield from _lists(message)


def _lists(message: Holding) -> Iterator[str]:
    match message:
        case Holding(checklist=Checklist() as checklist):
            tasks = (
                f"{'☑' if each.completion_date else '☐'} {each.text}" for each in checklist.tasks
            )
            yield "\n".join([f"Checklist: {checklist.title}", *tasks])
        case Holding(game=Titled() as game):
            yield f"Game: {game.title}\n{game.description}".strip()
        case Holding(invoice=Titled() as invoice):
            yield f"Invoice: {invoice.title}\n{invoice.description}".strip()
        case Message(web_app_data=WebAppData(data=data)):
            yield data
        case Message(users_shared=Shared(users=users)):
            names = (f"{each.first_name} {each.last_name}".strip() for each in users)
            yield f"Shared: {', '.join(filter(None, names)) or 'people'}"
        case Message(chat_shared=Shared(title=title)):
            yield f"Shared: {title or 'a chat'}"
        case _:
            pass


def _unreadable(message: Holding) -> Iterator[str]:
    match message:
        case Holding(story=Story(chat=chat)):
            yield f"a story of {literal.escaped(chat.title or chat.first_name or 'someone')}"
        case Holding(paid_media=PaidMedia(paid_media=paid, star_count=stars)):
            hidden = sum(not (each.photo or each.video or each.live_photo) for each in paid)
            if hidden or not paid:
                yield f"paid media for {stars} stars"
        case _:
            pass


def _coordinates(location: Location) -> str:
    return f"{location.latitude:.6f}, {location.longitude:.6f}"
