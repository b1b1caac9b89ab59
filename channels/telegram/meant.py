"""What a message says, and whom it is meant for.

- A private chat is meant for the agent. In a group that takes a mention of the bot, a reply to it,
  or a command; a command for another bot is not heard at all.
- A command stays as it was typed, and so does what has no formatting. `/start CODE`, which a link
  t.me/<bot>?start=CODE sends, is `/link CODE`.
- What is forwarded calls nobody and commands nothing.
- Every message of a topic "replies" to its beginning; that is no reply.
"""

from bridge.content import Content
from bridge.ids import MessageId
from channels.telegram import entities, rich
from channels.telegram.answered import is_topic
from channels.telegram.entities import Named
from channels.telegram.told import told
from channels.telegram.wire import Message


def content(message: Message, bot: Named) -> Content:
    """Return what a message says, in words."""
    words = message.text or message.caption
    marks = message.entities or message.caption_entities
    if entities.command(words, marks) and message.forward_origin is None:
        return Content(text=_as_command(words, bot), literal=not entities.is_formatted(marks))
    return told(message, entities.content(words, marks, bot))


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
    if message.chat.type == "private" or _answers(message, bot):
        return True
    text = message.text or message.caption
    marks = message.entities or message.caption_entities
    return message.forward_origin is None and (
        entities.calls(text, marks, bot)
        or bool(entities.command(text, marks))
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
