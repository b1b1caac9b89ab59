"""What a message holds besides its text: files, what is told in words, what it replies to.

- A place, a contact, a poll, a sticker is told in a line, so that nothing said is lost; so is what
  cannot be read.
- Tables say of each field whether it is something a person did, or news of Telegram's own; a test
  holds them against the Bot API. A field that is in none of them is newer than they are: it is
  taken for something a person did, and told by its name.

See https://core.telegram.org/bots/api#message.
"""

from collections.abc import Iterator

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import AttachmentKind, Content, file_name
from bridge.domain.inbound import Quoted, RemoteFile
from channels.telegram import rich
from channels.telegram.schema import (
    Chat,
    Checklist,
    Contact,
    External,
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
    User,
    Venue,
    WebAppData,
)


def told(message: Message, said: Content) -> Content:
    """Return a whole message, whose own text is given."""
    pieces = [*_quote(message), said, *_rich(message), *facts(message)]
    has_file = bool(files_of(message))
    is_whole = has_file or (any(pieces) and not _describes_what_is_new(message))
    left = _named(message.kinds) or ("" if is_whole else unread(message.kinds))
    if not (left or has_file or any(pieces) or message.kinds & SERVICE):
        left = WORDLESS
    body = literal.joined([*pieces, *([Content(text=texts.unreadable(left))] if left else [])])
    origin = _origin(message)
    if not origin or not (body or has_file):
        return body
    return literal.joined([Content(text=f"*{origin}:*"), body])


def _origin(message: Message) -> str:
    """Return whose words a message has, if not its sender's, in Markdown."""
    if message.forward_origin is not None:
        return f"Forwarded from {literal.escaped(name_of(message.forward_origin) or 'elsewhere')}"
    bot = message.via_bot or message.sender_business_bot
    return f"Through {literal.escaped(called(bot))}" if bot is not None else ""


def _describes_what_is_new(message: Message) -> bool:
    """Say whether words stand below something that is in no table: a file of tomorrow."""
    return bool(message.caption) and not message.kinds & READ


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


def is_passed_on(message: Message) -> bool:
    """Say whether a message holds what its sender did not write."""
    return not OTHERS.isdisjoint(message.kinds)


def quotes_others(message: Message, me: int) -> bool:
    """Say whether words are quoted that neither the bot, whose number is `me`, nor they wrote."""
    if not any(_quote(message)):
        return False
    answered = message.reply_to_message
    if answered is None or is_passed_on(answered):
        return True
    by, own = _speaker(answered), _speaker(message)
    return by is None or own is None or by not in {me, own}


def _speaker(message: Message) -> int | None:
    """Return who speaks: a chat, where somebody speaks as one; all who do have the same user."""
    by = message.sender_chat or message.sender
    return by.id if by is not None else None


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


# -- what the fields of a message are -------------------------------------------------------------

ABOUT = frozenset(
    {
        "author_signature", "business_connection_id", "caption", "caption_entities", "chat", "date",
        "direct_messages_topic", "edit_date", "effect_id", "entities", "external_reply",
        "forward_origin", "from", "guest_bot_caller_chat", "guest_bot_caller_user",
        "guest_query_id", "has_media_spoiler", "has_protected_content", "is_automatic_forward",
        "is_from_offline", "is_paid_post", "is_topic_message", "link_preview_options",
        "media_group_id", "message_id", "message_thread_id", "origin", "paid_star_count", "quote",
        "reply_markup", "reply_to_checklist_task_id", "reply_to_message", "reply_to_poll_option_id",
        "reply_to_story", "sender_boost_count", "sender_business_bot", "sender_chat", "sender_tag",
        "show_caption_above_media", "suggested_post_info", "text", "via_bot",
    }
)  # fmt: skip
"""They tell more of a message, and are none."""

READ = frozenset(
    {
        "animation", "audio", "chat_shared", "checklist", "contact", "dice", "document", "game",
        "invoice", "live_photo", "location", "paid_media", "photo", "poll", "rich_message",
        "sticker", "story", "users_shared", "venue", "video", "video_note", "voice", "web_app_data",
    }
)  # fmt: skip
"""What is read, as a file or in words."""

OTHERS = frozenset(
    {
        "chat_shared", "checklist", "contact", "forward_origin", "game", "invoice", "poll",
        "sender_business_bot", "story", "users_shared", "venue", "via_bot", "web_app_data",
    }
)  # fmt: skip
"""Where one is, the sender did not write all that the message says."""

NAMED = {
    "checklist_tasks_added": "tasks that were added to a checklist",
    "checklist_tasks_done": "tasks of a checklist that were ticked or unticked",
    "gift": "a gift",
    "gift_upgrade_sent": "an upgrade of a gift",
    "giveaway": "a giveaway",
    "giveaway_winners": "the winners of a giveaway",
    "passport_data": "documents of Telegram Passport",
    "poll_option_added": "an option that was added to a poll",
    "poll_option_deleted": "an option that was taken out of a poll",
    "refunded_payment": "a payment that was given back",
    "successful_payment": "a payment",
    "unique_gift": "a gift",
}
"""What a person did that cannot be read: it is told in a line."""

SERVICE = frozenset(
    {
        "boost_added", "channel_chat_created", "chat_background_set", "chat_owner_changed",
        "chat_owner_left", "connected_website", "delete_chat_photo", "direct_message_price_changed",
        "forum_topic_closed", "forum_topic_created", "forum_topic_edited", "forum_topic_reopened",
        "general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_completed",
        "giveaway_created", "group_chat_created", "left_chat_member", "managed_bot_created",
        "message_auto_delete_timer_changed", "migrate_from_chat_id", "migrate_to_chat_id",
        "new_chat_members", "new_chat_photo", "new_chat_title", "paid_message_price_changed",
        "pinned_message", "proximity_alert_triggered", "suggested_post_approval_failed",
        "suggested_post_approved", "suggested_post_declined", "suggested_post_paid",
        "suggested_post_refunded", "supergroup_chat_created", "video_chat_ended",
        "video_chat_participants_invited", "video_chat_scheduled", "video_chat_started",
        "write_access_allowed",
    }
)  # fmt: skip
"""News of the chat, which Telegram writes by itself: not heard."""


def _named(fields: frozenset[str]) -> str:
    """Return what a person did that cannot be read, with or without words."""
    return ", ".join(NAMED[field] for field in sorted(fields & NAMED.keys()))


def unread(fields: frozenset[str]) -> str:
    """Return what came in a message that was not read; "" where it is news of Telegram's own."""
    if named := _named(fields):
        return named
    for field in sorted(fields - ABOUT - READ - SERVICE - LEGACY):
        return f"something that Telegram calls {field!r}"
    return ""


WORDLESS = "a message that has no words"

LEGACY = frozenset(
    {
        "forward_date", "forward_from", "forward_from_chat", "forward_from_message_id",
        "forward_sender_name", "forward_signature", "new_chat_member", "new_chat_participant",
        "left_chat_participant", "passport",
    }
)  # fmt: skip
"""Fields that Telegram sends beside those of today, and describes no more."""


# -- what a reply is about ------------------------------------------------------------------------


def quoted(message: Message) -> Quoted | None:
    """Return what a message replies to. The beginning of a topic is none."""
    match message:
        case Message(external_reply=External() as external):
            words = message.quote.text if message.quote is not None else _fact_text(external)
            files = files_of(external)
            return Quoted(
                author=name_of(external.origin),
                text=words or ("" if files else _kind(external, "a message of another chat")),
                files=files,
            )
        case Message(reply_to_story=Story(chat=chat)):
            return Quoted(author=called(chat), text="(a story)")
        case Message(reply_to_message=Message() as answered) if not is_topic(answered):
            by, files = answered.sender_chat or answered.sender, files_of(answered)
            return Quoted(
                author=called(by) if by is not None else "",
                text=_words(answered) or ("" if files else _kind(answered, NEWS)),
                files=files,
            )
        case _:
            return None


def is_topic(answered: Message) -> bool:
    """Say whether this begins a topic: every message of one "replies" to it."""
    return answered.forum_topic_created is not None


def called(user: User | Chat) -> str:
    title = user.title if isinstance(user, Chat) else ""
    return title or f"{user.first_name} {user.last_name}".strip() or user.username or str(user.id)


NEWS = "a notice of the chat"
"""What Telegram writes by itself, where somebody replies to it."""


def _kind(answered: Message | External, otherwise: str) -> str:
    """Return a line that says what something without words or files is."""
    return f"({unread(answered.kinds) or otherwise})"


def _words(answered: Message) -> str:
    if isinstance(answered.rich_message, RichMessage):
        return rich.markdown(answered.rich_message.blocks) or "(a rich message)"
    return answered.text or answered.caption or _fact_text(answered)


def _fact_text(message: Message | External) -> str:
    return literal.joined(facts(message)).text
