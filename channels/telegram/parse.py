"""An update of the Bot API becomes what the bridge hears, or nothing.

- A forum topic is a place of its own: `<chat>/<thread>`. What belongs to no topic, the general one
  included, is in `<chat>`. A thread of replies is no topic.
- What bots and the group itself say is not heard; who speaks as a group or a channel is that chat.
  Any of its administrators can, so nobody vouches for who it is.
- A button below a message that is gone is in no topic that anybody knows: Telegram tells the forum
  alone. In a chat without topics it is in that chat.
- What people write to a channel in private is not heard: Telegram tells of the chats with each of
  them as of one group, and what is said for one would be read by the next.
- An edit's id holds its time, and a sum of what it says now: Telegram counts in whole seconds.
- A private chat is meant for the agent. In a group that takes a mention of the bot, a reply to it,
  or a command; a command for another bot is not heard at all.
- A command stays as it was typed, and so does what has no formatting. `/start CODE`, which a link
  t.me/<bot>?start=CODE sends, is `/link CODE`.
- What is forwarded calls nobody and commands nothing. Nor does what another bot wrote, which
  somebody picked by its title.
- Every message of a topic "replies" to its beginning; that is no reply.

See https://core.telegram.org/bots/api#update.
"""

from dataclasses import dataclass, replace
from zlib import crc32

from bridge.domain import literal
from bridge.domain.content import Content
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import (
    Added,
    Edited,
    Inbound,
    Pressed,
    Reaction,
    Readable,
    Relocated,
    RemoteFile,
    Sender,
    Spoken,
    Titled,
    said_at,
)
from bridge.domain.parts import Address
from bridge.domain.reactions import emoji
from channels.markdown.units import utf16
from channels.pieces import goes_on
from channels.telegram import rich, to_markdown
from channels.telegram.content import (
    called,
    files_of,
    is_passed_on,
    is_topic,
    quoted,
    quotes_others,
    told,
)
from channels.telegram.limits import MAX_CHARS
from channels.telegram.schema import (
    CallbackQuery,
    Message,
    MessageReaction,
    MyMembership,
    StoppedGeneration,
    Update,
    User,
)
from channels.telegram.to_markdown import Named

REALM = "telegram"
STOP = "/stop"
NO_TOPIC = 0
"""A topic that no forum has."""

OUTSIDE = frozenset({"left", "kicked"})
INSIDE = frozenset({"member", "administrator", "restricted", "creator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedUpdate:
    """What an update says.

    `lane`: what has the same one is handed in in its order. `album`: messages of the same one are
    one message. `press`: the id of the callback that must be answered.
    """

    lane: str
    heard: Inbound | Relocated | Titled | Readable
    album: str = ""
    press: str = ""


def read(update: Update, channel: ChannelName, bot: Named) -> ParsedUpdate | None:
    """Return what an update says, None when it is of no concern."""
    found = _read(update, channel, bot)
    if found is None:
        return _readable(update, channel, bot)
    if isinstance(found.heard, Inbound):
        return replace(found, heard=replace(found.heard, beside=update.words))
    return found


def _readable(update: Update, channel: ChannelName, bot: Named) -> ParsedUpdate | None:
    """Return the words of what is no concern of ours, but stands where others read it."""
    message = update.message or update.edited_message
    if message is None or message.chat.type == "private":
        return None
    if message.sender is not None and message.sender.id == bot.id:
        return None
    address = Address(channel=channel, place=_place(message))
    return ParsedUpdate(lane=address.place, heard=Readable(address=address, words=update.words))


def _read(update: Update, channel: ChannelName, bot: Named) -> ParsedUpdate | None:
    match update:
        case Update(message=Message() as message):
            return _message(message, channel, bot)
        case Update(edited_message=Message() as message):
            return _edit(message, channel, bot)
        case Update(callback_query=CallbackQuery() as query):
            return _press(query, channel)
        case Update(my_chat_member=MyMembership() as membership):
            return _membership(membership, channel)
        case Update(message_reaction=MessageReaction() as reaction):
            return _reaction(reaction, channel, update.update_id)
        case Update(stopped_message_generation=StoppedGeneration() as stopped):
            return _stopped(stopped, channel)
        case _:
            return None


def _stopped(stopped: StoppedGeneration, channel: ChannelName) -> ParsedUpdate | None:
    """Return a press of the button below a draft, which says what `/stop` says.

    A draft is of one run, and in a private chat: so it is one press, by whom the chat is with.
    """
    chat, name = stopped.chat, f"stop:{stopped.draft_id}"
    if chat.type != "private":
        return None
    place = place_of(chat.id, stopped.message_thread_id)
    called = f"{chat.first_name} {chat.last_name}".strip()
    heard = Inbound(
        external_id=f"{chat.id}:{name}",
        address=Address(channel=channel, place=place),
        sender=Sender(realm=REALM, user=str(chat.id), name=called),
        what=Spoken(message=MessageId(name), content=Content(text=STOP)),
        title=called,
    )
    return ParsedUpdate(lane=place, heard=heard)


def unserved(update: Update) -> str:
    """Return the place of what came from where nobody is heard; "" where somebody would be.

    That is a channel's direct messages, and a channel that the bot was brought into.
    """
    query = update.callback_query
    message = update.message or update.edited_message or (query.message if query else None)
    if message is not None and message.chat.is_direct_messages:
        return place_of(message.chat.id)
    membership = update.my_chat_member
    if membership is None or membership.chat.type != "channel":
        return ""
    return place_of(membership.chat.id) if membership.new_chat_member.status in INSIDE else ""


def joined(album: list[ParsedUpdate]) -> Inbound:
    """Return the messages of one album as one: the first one's id, every text and file."""
    heard = [each.heard for each in album]
    items = [each for each in heard if isinstance(each, Inbound)]
    items.sort(key=lambda each: int(_spoken(each).message))
    said = [_spoken(each) for each in items]
    whole = Spoken(
        message=said[0].message,
        content=literal.joined(each.content for each in said),
        addressed=any(each.addressed for each in said),
        by_reply=any(each.by_reply for each in said)
        and all(each.by_reply for each in said if each.addressed),
        reply_to=said[0].reply_to,
        files=tuple(file for each in said for file in each.files),
        quoted=said[0].quoted,
        more=all(each.more for each in said),
    )
    beside = "\n".join(each.beside for each in items)
    return replace(items[0], what=whole, beside=beside)


def place_of(chat: int, thread: int | None = None) -> str:
    return f"{chat}/{thread}" if thread is not None else str(chat)


def chat_of(place: str) -> tuple[int, int | None]:
    """Return the chat and the topic that a place is. Raises `ValueError` for none of ours."""
    chat, _, thread = place.partition("/")
    return int(chat), int(thread) if thread else None


# -- messages -------------------------------------------------------------------------------------


def _message(message: Message, channel: ChannelName, bot: Named) -> ParsedUpdate | None:
    moved = _relocated(message, channel)
    if moved is not None:
        return ParsedUpdate(lane=moved.address.place, heard=moved)
    titled = _titled(message, channel)
    if titled is not None:
        return ParsedUpdate(lane=titled.address.place, heard=titled)
    heard = _inbound(message, channel, str(message.message_id))
    content, files = content_of(message, bot), files_of(message)
    if heard is None or is_for_another(message, bot) or not (content or files):
        return None
    spoken = Spoken(
        message=MessageId(str(message.message_id)),
        content=content,
        addressed=is_addressed(message, bot),
        by_reply=_answers(message, bot) and not is_called(message, bot),
        reply_to=reply_to(message),
        files=files,
        quoted=quoted(message),
        more=_goes_on(message, files),
    )
    return ParsedUpdate(
        lane=heard.address.place, heard=_with(heard, spoken), album=message.media_group_id
    )


def _edit(message: Message, channel: ChannelName, bot: Named) -> ParsedUpdate | None:
    content, files = content_of(message, bot), files_of(message)
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
    return ParsedUpdate(lane=heard.address.place, heard=_with(heard, edited))


def _goes_on(message: Message, files: tuple[RemoteFile, ...]) -> bool:
    """Say whether more is to come: of a text that was cut, of pictures, of what is passed on."""
    text = message.text or message.caption
    return message.forward_origin is not None or goes_on(utf16(text), files, limit=MAX_CHARS)


def _inbound(message: Message, channel: ChannelName, key: str) -> Inbound | None:
    """Return an `Inbound` around nothing yet, None when nobody we listen to said it."""
    sender = _sender(message)
    if sender is None or message.chat.is_direct_messages:
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


def _titled(message: Message, channel: ChannelName) -> Titled | None:
    """Return what a group, or a topic of it, is called from now on."""
    match message:
        case Message(new_chat_title=str() as title) if title:
            pass
        case Message(group_chat_created=True) | Message(supergroup_chat_created=True):
            title = message.chat.title
        case Message(forum_topic_created={"name": str() as title}):
            pass
        case Message(forum_topic_edited={"name": str() as title}):
            pass
        case _:
            return None
    return Titled(address=Address(channel=channel, place=_place(message)), title=title)


def _sender(message: Message) -> Sender | None:
    if message.is_automatic_forward:
        return None
    if message.sender_chat is not None:
        name = message.author_signature or called(message.sender_chat)
        user = str(message.sender_chat.id)
        return Sender(realm=REALM, user=user, name=name, proven=False)
    if message.sender is None or message.sender.is_bot:
        return None
    return _person(message.sender)


def _person(user: User) -> Sender:
    name, language = called(user), user.language_code
    return Sender(realm=REALM, user=str(user.id), name=name, language=language)


# -- buttons and membership -----------------------------------------------------------------------


def _press(query: CallbackQuery, channel: ChannelName) -> ParsedUpdate | None:
    if query.message is None or query.data is None or query.message.chat.is_direct_messages:
        return None
    message = query.message
    is_lost = message.chat.is_forum and not message.date
    place = place_of(message.chat.id, NO_TOPIC) if is_lost else _place(message)
    pressed = Inbound(
        external_id=f"press:{query.id}",
        address=Address(channel=channel, place=place),
        sender=_person(query.sender),
        what=Pressed(value=query.data),
        room=message.chat.type != "private",
        title=called(message.chat),
    )
    return ParsedUpdate(lane=place, heard=pressed, press=query.id)


def _membership(membership: MyMembership, channel: ChannelName) -> ParsedUpdate | None:
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
    return ParsedUpdate(lane=place, heard=added)


def _reaction(reaction: MessageReaction, channel: ChannelName, number: int) -> ParsedUpdate | None:
    """Return which emoji somebody has given. Of a forum Telegram does not tell the topic.

    What is given, taken off and given again in one second differs by the `number` of the update.
    """
    who, chat = reaction.sender, reaction.chat
    if who is None or who.is_bot or chat.is_direct_messages or chat.type == "channel":
        return None
    old, new = (
        [known for each in given if (known := emoji(each.emoji))]
        for given in (reaction.old_reaction, reaction.new_reaction)
    )
    put = next((each for each in reversed(new) if each not in old), "")
    gone = next((each for each in old if each not in new), "")
    if not put and not gone:
        return None
    place = place_of(chat.id)
    given = Inbound(
        external_id=f"{chat.id}:{reaction.message_id}:{who.id}:{put}-{gone}@{reaction.date}#{number}",
        address=Address(channel=channel, place=place),
        sender=_person(who),
        what=Reaction(message=MessageId(str(reaction.message_id)), emoji=put, gone=gone),
        room=chat.type != "private",
        title=called(chat),
        at=said_at(reaction.date),
    )
    return ParsedUpdate(lane=place, heard=given)


# -- small ----------------------------------------------------------------------------------------


def _spoken(inbound: Inbound) -> Spoken:
    assert isinstance(inbound.what, Spoken)
    return inbound.what


def _with(inbound: Inbound, what: Spoken | Edited) -> Inbound:
    return replace(inbound, what=what)


# -- what a message says, and whom it is meant for ------------------------------------------------


def content_of(message: Message, bot: Named) -> Content:
    """Return what a message says, in words."""
    words = message.text or message.caption
    marks = message.entities or message.caption_entities
    if to_markdown.command(words, marks) and not is_passed_on(message):
        return Content(text=_as_command(words, bot), literal=not to_markdown.is_formatted(marks))
    whole = told(message, to_markdown.content(words, marks, bot))
    return replace(whole, outside=is_passed_on(message) or quotes_others(message, bot.id))


def _as_command(text: str, bot: Named) -> str:
    name, _, argument = text.strip().partition(" ")
    starts = {"/start", f"/start@{bot.username}".casefold()}
    if name.casefold() not in starts:
        return text.strip()
    return f"/link {argument.strip()}" if argument.strip() else "/start"


def is_for_another(message: Message, bot: Named) -> bool:
    text = message.text or message.caption
    marks = message.entities or message.caption_entities
    named = to_markdown.command(text, marks).partition("@")[2]
    return bool(named) and named.casefold() != bot.username.casefold()


def is_addressed(message: Message, bot: Named) -> bool:
    return _answers(message, bot) or is_called(message, bot)


def is_called(message: Message, bot: Named) -> bool:
    """Say whether a message is for the bot, whatever it replies to."""
    if message.chat.type == "private":
        return True
    text = message.text or message.caption
    marks = message.entities or message.caption_entities
    return not is_passed_on(message) and (
        to_markdown.calls(text, marks, bot)
        or bool(to_markdown.command(text, marks))
        or _is_called_richly(message, bot)
    )


def _answers(message: Message, bot: Named) -> bool:
    answered = message.reply_to_message
    if answered is None or is_topic(answered):
        return False
    return answered.sender is not None and answered.sender.id == bot.id


def _is_called_richly(message: Message, bot: Named) -> bool:
    blocks = message.rich_message.blocks if message.rich_message is not None else ()
    for found in rich.mentions(blocks):
        user = found.get("user")
        named = str(found.get("username") or "").lstrip("@")
        if named.casefold() == bot.username.casefold():
            return True
        if isinstance(user, dict) and user.get("id") == bot.id:
            return True
    return False


def reply_to(message: Message) -> MessageId | None:
    """Return what a message replies to; every message of a topic "replies" to its beginning."""
    answered = message.reply_to_message
    if answered is None or is_topic(answered):
        return None
    return MessageId(str(answered.message_id))
