"""The Bot API's methods over the world: what each does, and what it refuses in Telegram's words."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bridge.demo.telegram.checking import Uploaded
from bridge.demo.telegram.world import JSON, Bot, Message, Room, Stored, utf16

LONGEST, LONGEST_CAPTION = 4096, 1024
EDITABLE_HOURS = 48
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
TERMINATED = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)

REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳"
    "🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨"
    "🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)
"""The emoji that a bot may react with, but for those of several code points."""

GIFTS = (
    "unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
    "gifts_from_channels",
)  # fmt: skip

Method = Callable[[Bot, JSON], Any]


class Refusal(Exception):
    """What Telegram answers instead of doing it."""

    def __init__(self, status: int, words: str, **parameters: int) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.parameters = parameters


def bad(words: str) -> Refusal:
    return Refusal(400, f"Bad Request: {words}")


# -- the bot itself -------------------------------------------------------------------------------


def get_me(bot: Bot, asked: JSON) -> JSON:
    return bot.me()


def get_webhook_info(bot: Bot, asked: JSON) -> JSON:
    return {
        "url": bot.webhook,
        "has_custom_certificate": False,
        "pending_update_count": len(bot.updates),
    }


def delete_webhook(bot: Bot, asked: JSON) -> bool:
    bot.webhook = ""
    if asked.get("drop_pending_updates"):
        bot.updates.clear()
    return True


def set_my_commands(bot: Bot, asked: JSON) -> bool:
    if code := asked.get("language_code"):
        bot.commands_in[code] = asked["commands"]
    else:
        bot.commands = asked["commands"]
    return True


def get_my_commands(bot: Bot, asked: JSON) -> list[JSON]:
    return bot.commands


async def get_updates(bot: Bot, asked: JSON) -> list[JSON]:
    """Confirm what is before the offset, and answer what is from there on, or wait for it."""
    if bot.webhook:
        raise Refusal(409, WEBHOOK_ACTIVE)
    if bot.poll is not None and not bot.poll.done():
        bot.poll.set_result(None)
    if "allowed_updates" in asked:
        bot.allowed = asked["allowed_updates"] or None
    offset, limit = asked.get("offset", 0), asked.get("limit", 100)
    if offset > 0:
        bot.confirm(offset)
    mine = bot.poll = asyncio.get_running_loop().create_future()
    until = time.monotonic() + asked.get("timeout", 0)
    while not bot.updates and time.monotonic() < until and not mine.done():
        bot.rang.clear()
        ring = asyncio.ensure_future(bot.rang.wait())
        try:
            await asyncio.wait(
                {ring, mine}, timeout=until - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ring.cancel()
    if mine.done():
        raise Refusal(409, TERMINATED)
    bot.poll = None
    return bot.updates[:limit]


# -- where ----------------------------------------------------------------------------------------


def room_of(bot: Bot, asked: JSON) -> Room:
    """Return the chat asked for, or say why the bot may not be there."""
    room = bot.room(int(asked["chat_id"]))
    if room is None:
        raise bad("chat not found")
    if room.moved_to is not None:
        raise Refusal(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=room.moved_to.id,
        )
    if bot not in room.bots:
        raise Refusal(403, "Forbidden: bot was kicked from the supergroup chat")
    if room.person is not None and bot.id in room.person.has_blocked:
        raise Refusal(403, "Forbidden: bot was blocked by the user")
    thread = asked.get("message_thread_id")
    if thread is not None and thread not in room.messages:
        raise bad("message thread not found")
    return room


def message_of(bot: Bot, asked: JSON, missing: str) -> Message:
    message = room_of(bot, asked).messages.get(asked["message_id"])
    if message is None or message.deleted:
        raise bad(missing)
    return message


# -- what is said ---------------------------------------------------------------------------------


def text_of(asked: JSON, words: str = "text", marks: str = "entities") -> tuple[str, list[JSON]]:
    """Return a text without space at its end, and its entities; refuse what does not fit."""
    text = str(asked.get(words, "")).rstrip()
    longest = LONGEST if words == "text" else LONGEST_CAPTION
    if words == "text" and not text.strip():
        raise bad("message text is empty")
    if len(text) > longest:
        raise bad("message is too long" if words == "text" else "message caption is too long")
    entities = asked.get(marks, [])
    for each in entities:
        if each["offset"] + each["length"] > utf16(text) or each["length"] <= 0:
            raise bad("entity_bounds_invalid")
        if each["type"] == "text_link" and "://" not in each.get("url", ""):
            raise bad("entity_texturl_invalid")
    return text, entities[:100]


def keyboard_of(asked: JSON) -> list[list[JSON]]:
    rows = asked.get("reply_markup", {}).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
        if not button["text"]:
            raise bad("Text buttons are unallowed in the inline keyboard")
    return rows


def _manner(room: Room, asked: JSON) -> JSON:
    reply = asked.get("reply_parameters")
    answered = None
    if reply is not None and reply["message_id"] in room.messages:
        answered = reply["message_id"]
    elif reply is not None and not reply.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return {
        "thread": asked.get("message_thread_id"),
        "silent": asked.get("disable_notification", False),
        "reply_to": answered,
        "keyboard": keyboard_of(asked),
    }


def send_message(bot: Bot, asked: JSON) -> JSON:
    room = room_of(bot, asked)
    text, entities = text_of(asked)
    receiver = asked.get("receiver_user_id")
    if receiver and room.kind == "private":
        raise bad("ephemeral messages can't be sent to private chats")
    if receiver and not room.world.whispers:
        receiver = None  # an older server: what it does not know it does not look at
    message = room.add(bot, text=text, entities=entities, **_manner(room, asked))
    message.receiver = receiver
    room.drafts.clear()
    return message.json()


def send_message_draft(bot: Bot, asked: JSON) -> bool:
    room = room_of(bot, asked)
    if room.kind != "private":
        raise bad("chat must be a private chat")
    if not asked["draft_id"]:
        raise bad("draft_id_invalid")
    room.drafts[asked["draft_id"]] = text_of(asked)[0] if asked.get("text") else ""
    room.drafted += 1
    room.stoppable = asked["draft_id"] if asked.get("can_stop") else None
    room.world.changed()
    return True


def send_chat_action(bot: Bot, asked: JSON) -> bool:
    room_of(bot, asked).typed += 1
    return True


def _sender_of(kind: str) -> Method:
    def send(bot: Bot, asked: JSON) -> JSON:
        room = room_of(bot, asked)
        text, entities = text_of(asked, "caption", "caption_entities")
        stored = _kept(room, kind, asked[kind])
        message = room.add(bot, text=text, entities=entities, file=stored, **_manner(room, asked))
        room.drafts.clear()
        return message.json()

    return send


def send_media_group(bot: Bot, asked: JSON) -> list[JSON]:
    room, media = room_of(bot, asked), asked["media"]
    kinds = {each["type"] for each in media}
    if not 2 <= len(media) <= 10:
        raise bad("there must be 2 to 10 media")
    if len(kinds) > 1 and not kinds <= {"photo", "video"}:
        raise bad("these media can't be mixed in one album")
    album, manner = str(next(room.world.album_ids)), _manner(room, asked)
    texts = [text_of(each, "caption", "caption_entities") for each in media]
    sent = [
        room.add(
            bot,
            text=text,
            entities=entities,
            file=_kept(room, each["type"], each["media"]),
            album=album,
            **manner,
        )
        for each, (text, entities) in zip(media, texts, strict=True)
    ]
    return [message.json() for message in sent]


def _kept(room: Room, kind: str, upload: Any) -> Stored:
    if not isinstance(upload, Uploaded):
        raise bad("wrong file identifier/HTTP URL specified")
    if kind == "photo" and upload.startswith(b"huge"):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    if kind == "voice" and room.person is not None and room.person.first == "Mute":
        raise bad("VOICE_MESSAGES_FORBIDDEN")
    return room.world.store(kind, upload.name, upload.mime, bytes(upload))


# -- what is there already ------------------------------------------------------------------------


def _edited(bot: Bot, asked: JSON, text: str, entities: list[JSON]) -> JSON:
    message = message_of(bot, asked, "message to edit not found")
    if message.author is not bot:
        raise bad("message can't be edited")
    keyboard = keyboard_of(asked)
    if (message.text, message.entities, message.keyboard) == (text, entities, keyboard):
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    message.before.append(message.text)
    message.text, message.entities, message.keyboard = text, entities, keyboard
    message.edits += 1
    message.edit_date = int(time.time())
    bot.world.changed()
    return message.json()


def edit_message_text(bot: Bot, asked: JSON) -> JSON:
    message = message_of(bot, asked, "message to edit not found")
    if message.file is not None:
        raise bad("there is no text in the message to edit")
    return _edited(bot, asked, *text_of(asked))


def edit_message_caption(bot: Bot, asked: JSON) -> JSON:
    message = message_of(bot, asked, "message to edit not found")
    if message.file is None:
        raise bad("there is no caption in the message to edit")
    return _edited(bot, asked, *text_of(asked, "caption", "caption_entities"))


def edit_message_reply_markup(bot: Bot, asked: JSON) -> JSON:
    message = message_of(bot, asked, "message to edit not found")
    return _edited(bot, asked, message.text, message.entities)


def delete_message(bot: Bot, asked: JSON) -> bool:
    message = message_of(bot, asked, "message to delete not found")
    if time.time() - message.date > EDITABLE_HOURS * 3600:
        raise bad("message can't be deleted for everyone")
    message.deleted = True
    bot.world.changed()
    return True


def delete_messages(bot: Bot, asked: JSON) -> bool:
    """Delete what is there of them; what is not is skipped."""
    room = room_of(bot, asked)
    for number in asked["message_ids"]:
        if number in room.messages:
            room.messages[number].deleted = True
    bot.world.changed()
    return True


def answer_callback_query(bot: Bot, asked: JSON) -> bool:
    query = asked["callback_query_id"]
    if query not in bot.queries or bot.queries[query] is not None:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if len(asked.get("text", "")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    bot.queries[query] = asked.get("text", "")
    bot.world.changed()
    return True


def set_message_reaction(bot: Bot, asked: JSON) -> bool:
    message = message_of(bot, asked, "message to react not found")
    chosen = [each.get("emoji", "") for each in asked.get("reaction", [])]
    if len(chosen) > 1:
        raise bad("REACTIONS_TOO_MANY")
    if not set(chosen) <= REACTIONS:
        raise bad("REACTION_INVALID")
    message.reactions[bot.id] = chosen
    bot.world.changed()
    return True


def get_chat(bot: Bot, asked: JSON) -> JSON:
    return room_of(bot, asked).json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }


def get_chat_member_count(bot: Bot, asked: JSON) -> int:
    room = room_of(bot, asked)
    return room.people + len(room.bots)


def get_file(bot: Bot, asked: JSON) -> JSON:
    stored = bot.world.files.get(asked["file_id"])
    if stored is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    return {
        "file_id": stored.id,
        "file_unique_id": f"u{stored.id}",
        "file_size": len(stored.body),
        "file_path": f"documents/{stored.id}",
    }


METHODS: dict[str, Callable[[Bot, JSON], Any | Awaitable[Any]]] = {
    "getMe": get_me,
    "getChatMemberCount": get_chat_member_count,
    "getWebhookInfo": get_webhook_info,
    "deleteWebhook": delete_webhook,
    "getUpdates": get_updates,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "sendMessage": send_message,
    "sendMessageDraft": send_message_draft,
    "sendChatAction": send_chat_action,
    "sendPhoto": _sender_of("photo"),
    "sendVoice": _sender_of("voice"),
    "sendAudio": _sender_of("audio"),
    "sendVideo": _sender_of("video"),
    "sendDocument": _sender_of("document"),
    "sendMediaGroup": send_media_group,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "answerCallbackQuery": answer_callback_query,
    "getFile": get_file,
    "getChat": get_chat,
    "setMessageReaction": set_message_reaction,
}
