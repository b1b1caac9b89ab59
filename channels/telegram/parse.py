"""An update of the Bot API becomes what the bridge hears, or nothing.

- A forum topic is a place of its own: `<chat>/<thread>`. What belongs to no topic, the general one
  included, is in `<chat>`. A thread of replies is no topic.
- What bots and the group itself say is not heard; who speaks as a group or a channel is that chat.
- An edit's id holds its time, and a sum of what it says now: Telegram counts in whole seconds.

See https://core.telegram.org/bots/api#update.
"""

from dataclasses import dataclass, replace
from zlib import crc32

from bridge import literal
from bridge.ids import ChannelName, MessageId
from bridge.inbound import (
    Added,
    Edited,
    Inbound,
    Pressed,
    Relocated,
    RemoteFile,
    Sender,
    Spoken,
    said_at,
)
from bridge.parts import Address
from channels.markdown.units import utf16
from channels.pieces import goes_on
from channels.telegram import meant
from channels.telegram.answered import called, quoted
from channels.telegram.entities import Named
from channels.telegram.limits import MAX_CHARS
from channels.telegram.told import files_of
from channels.telegram.wire import CallbackQuery, Message, MyMembership, Update, User

REALM = "telegram"
OUTSIDE = frozenset({"left", "kicked"})
INSIDE = frozenset({"member", "administrator", "restricted", "creator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an update says.

    `lane`: what has the same one is handed in in its order. `album`: messages of the same one are
    one message. `press`: the id of the callback that must be answered.
    """

    lane: str
    heard: Inbound | Relocated
    album: str = ""
    press: str = ""


def read(update: Update, channel: ChannelName, bot: Named) -> Reading | None:
    """Return what an update says, None when it is of no concern."""
    match update:
        case Update(message=Message() as message):
            return _message(message, channel, bot)
        case Update(edited_message=Message() as message):
            return _edit(message, channel, bot)
        case Update(callback_query=CallbackQuery() as query):
            return _press(query, channel)
        case Update(my_chat_member=MyMembership() as membership):
            return _membership(membership, channel)
        case _:
            return None


def joined(album: list[Reading]) -> Inbound:
    """Return the messages of one album as one: the first one's id, every text and file."""
    heard = [each.heard for each in album]
    items = [each for each in heard if isinstance(each, Inbound)]
    items.sort(key=lambda each: int(_spoken(each).message))
    said = [_spoken(each) for each in items]
    whole = Spoken(
        message=said[0].message,
        content=literal.joined(each.content for each in said),
        addressed=any(each.addressed for each in said),
        reply_to=said[0].reply_to,
        files=tuple(file for each in said for file in each.files),
        quoted=said[0].quoted,
        more=all(each.more for each in said),
    )
    return _with(items[0], whole)


def place_of(chat: int, thread: int | None = None) -> str:
    return f"{chat}/{thread}" if thread is not None else str(chat)


def chat_of(place: str) -> tuple[int, int | None]:
    """Return the chat and the topic that a place is. Raises `ValueError` for none of ours."""
    chat, _, thread = place.partition("/")
    return int(chat), int(thread) if thread else None


# -- messages -------------------------------------------------------------------------------------


def _message(message: Message, channel: ChannelName, bot: Named) -> Reading | None:
    moved = _relocated(message, channel)
    if moved is not None:
        return Reading(lane=moved.address.place, heard=moved)
    heard = _inbound(message, channel, str(message.message_id))
    content, files = meant.content(message, bot), files_of(message)
    if heard is None or meant.is_for_another(message, bot) or not (content or files):
        return None
    spoken = Spoken(
        message=MessageId(str(message.message_id)),
        content=content,
        addressed=meant.is_addressed(message, bot),
        reply_to=meant.reply_to(message),
        files=files,
        quoted=quoted(message),
        more=_goes_on(message, files),
    )
    return Reading(
        lane=heard.address.place, heard=_with(heard, spoken), album=message.media_group_id
    )


def _edit(message: Message, channel: ChannelName, bot: Named) -> Reading | None:
    content, files = meant.content(message, bot), files_of(message)
    now = "\n".join([content.text, *(each.ref for each in files)])
    version = f"{message.message_id}@{message.edit_date}.{crc32(now.encode()):08x}"
    heard = _inbound(message, channel, version)
    if heard is None or message.location is not None or not (content or files):
        return None
    edited = Edited(
        message=MessageId(str(message.message_id)),
        content=content,
        files=files or None,
    )
    return Reading(lane=heard.address.place, heard=_with(heard, edited))


def _goes_on(message: Message, files: tuple[RemoteFile, ...]) -> bool:
    """Say whether more is to come: of a text that was cut, of pictures, of what is passed on."""
    text = message.text or message.caption
    return message.forward_origin is not None or goes_on(utf16(text), files, limit=MAX_CHARS)


def _inbound(message: Message, channel: ChannelName, key: str) -> Inbound | None:
    """Return an `Inbound` around nothing yet, None when nobody we listen to said it."""
    sender = _sender(message)
    if sender is None:
        return None
    return Inbound(
        external_id=f"{message.chat.id}:{key}",
        address=Address(channel=channel, place=_place(message)),
        sender=sender,
        what=Added(),
        room=message.chat.type != "private",
        title=called(message.chat),
        at=said_at(message.date) if message.date else None,
    )


def _place(message: Message) -> str:
    thread = message.message_thread_id if message.is_topic_message else None
    return place_of(message.chat.id, thread)


def _relocated(message: Message, channel: ChannelName) -> Relocated | None:
    """Return the move of a group that became a supergroup, told in the old one or in the new."""
    match message:
        case Message(migrate_to_chat_id=int() as new):
            old = message.chat.id
        case Message(migrate_from_chat_id=int() as old):
            new = message.chat.id
        case _:
            return None
    return Relocated(address=Address(channel=channel, place=place_of(old)), place=place_of(new))


def _sender(message: Message) -> Sender | None:
    if message.is_automatic_forward:
        return None
    if message.sender_chat is not None:
        name = message.author_signature or called(message.sender_chat)
        return Sender(realm=REALM, user=str(message.sender_chat.id), name=name)
    if message.sender is None or message.sender.is_bot:
        return None
    return _person(message.sender)


def _person(user: User) -> Sender:
    return Sender(realm=REALM, user=str(user.id), name=called(user))


# -- buttons and membership -----------------------------------------------------------------------


def _press(query: CallbackQuery, channel: ChannelName) -> Reading | None:
    if query.message is None or query.data is None:
        return None
    message = query.message
    place = _place(message)
    pressed = Inbound(
        external_id=f"press:{query.id}",
        address=Address(channel=channel, place=place),
        sender=_person(query.sender),
        what=Pressed(value=query.data),
        room=message.chat.type != "private",
        title=called(message.chat),
    )
    return Reading(lane=place, heard=pressed, press=query.id)


def _membership(membership: MyMembership, channel: ChannelName) -> Reading | None:
    """Return that the bot was brought into a group; a person's own chat begins with /start."""
    was, became = membership.old_chat_member.status, membership.new_chat_member.status
    if membership.chat.type not in {"group", "supergroup"}:
        return None
    if was not in OUTSIDE or became not in INSIDE or membership.sender.is_bot:
        return None
    place = place_of(membership.chat.id)
    added = Inbound(
        external_id=f"{membership.chat.id}:added@{membership.date}",
        address=Address(channel=channel, place=place),
        sender=_person(membership.sender),
        what=Added(),
        room=True,
        title=called(membership.chat),
    )
    return Reading(lane=place, heard=added)


# -- small ----------------------------------------------------------------------------------------


def _spoken(inbound: Inbound) -> Spoken:
    assert isinstance(inbound.what, Spoken)
    return inbound.what


def _with(inbound: Inbound, what: Spoken | Edited) -> Inbound:
    return replace(inbound, what=what)
