"""What a reply is about, as Telegram tells it along: a message here or elsewhere, or a story."""

from bridge import literal
from bridge.inbound import Quoted
from channels.telegram import rich
from channels.telegram.told import facts, files_of, name_of
from channels.telegram.wire import Chat, External, Message, RichMessage, Story, User


def quoted(message: Message) -> Quoted | None:
    """Return what a message replies to. The beginning of a topic is none."""
    match message:
        case Message(external_reply=External() as external):
            words = message.quote.text if message.quote is not None else _facts(external)
            return Quoted(author=name_of(external.origin), text=words, files=files_of(external))
        case Message(reply_to_story=Story(chat=chat)):
            return Quoted(author=called(chat), text="(a story)")
        case Message(reply_to_message=Message() as answered) if not is_topic(answered):
            by = answered.sender_chat or answered.sender
            return Quoted(
                author=called(by) if by is not None else "",
                text=_words(answered),
                files=files_of(answered),
            )
        case _:
            return None


def is_topic(answered: Message) -> bool:
    """Say whether this begins a topic: every message of one "replies" to it."""
    return answered.forum_topic_created is not None


def called(user: User | Chat) -> str:
    title = user.title if isinstance(user, Chat) else ""
    return title or f"{user.first_name} {user.last_name}".strip() or user.username or str(user.id)


def _words(answered: Message) -> str:
    if isinstance(answered.rich_message, RichMessage):
        return rich.markdown(answered.rich_message.blocks)
    return answered.text or answered.caption or _facts(answered)


def _facts(message: Message | External) -> str:
    return literal.joined(facts(message)).text
