"""What a message says, and whom it is meant for.

- A private chat is meant for the agent. In a group that takes a mention of the bot, a reply to it,
  or a command; a command for another bot is not heard at all.
- A command stays as it was typed, anything else becomes Markdown. `/start CODE`, which a link
  t.me/<bot>?start=CODE sends, is `/link CODE`.
- Every message of a topic "replies" to its beginning; that is no reply.
"""

from bridge.ids import MessageId
from channels.telegram import entities
from channels.telegram.entities import Named
from channels.telegram.told import told
from channels.telegram.wire import Message


def text(message: Message, bot: Named) -> str:
    """Return what a message says; a command to the letter, anything else as Markdown."""
    words = message.text or message.caption
    marks = message.entities or message.caption_entities
    if entities.command(words, marks) and message.forward_origin is None:
        return _as_command(words, bot)
    return told(message, entities.markdown(words, marks, bot))


def _as_command(text: str, bot: Named) -> str:
    name, _, argument = text.strip().partition(" ")
    starts = {"/start", f"/start@{bot.username}".casefold()}
    if name.casefold() not in starts:
        return text.strip()
    return f"/link {argument.strip()}" if argument.strip() else "/start"


def is_for_another(message: Message, bot: Named) -> bool:
    named = entities.command(message.text, message.entities).partition("@")[2]
    return bool(named) and named.casefold() != bot.username.casefold()


def is_addressed(message: Message, bot: Named) -> bool:
    text = message.text or message.caption
    marks = message.entities or message.caption_entities
    return (
        message.chat.type == "private"
        or entities.calls(text, marks, bot)
        or bool(entities.command(text, marks))
        or _answers(message, bot)
    )


def _answers(message: Message, bot: Named) -> bool:
    answered = message.reply_to_message
    if answered is None or answered.forum_topic_created is not None:
        return False
    return answered.sender is not None and answered.sender.id == bot.id


def reply_to(message: Message) -> MessageId | None:
    """Return what a message replies to; every message of a topic "replies" to its beginning."""
    answered = message.reply_to_message
    if answered is None or answered.forum_topic_created is not None:
        return None
    return MessageId(str(answered.message_id))
