"""Showing a part: a message, a file with its text, an album; and changing it afterwards.

The rules:

- A text has a second try within one call: without entities, where Telegram says that it cannot read
  them. A file has one too: as a document, where Telegram certainly does not take it for what it is.
  Both refusals are certain, so nothing is shown twice.
- Telegram shows several files as a message each. The part is known by the first one; the others are
  kept as facts, for as long as Telegram lets a bot delete them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest, TelegramError

from bridge.delivery.markdown_budget import LONG
from bridge.domain.errors import Gone, OutcomeUnknown
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Inbound, Spoken
from bridge.domain.parts import Button, Part, Reply
from bridge.ports.surroundings import KeyValue
from channels.telegram.errors import ENTITIES, NO_TEXT, NOT_MODIFIED, UNFIT_FILE, code_of
from channels.telegram.from_markdown import Formatted
from channels.telegram.limits import DELETABLE
from channels.telegram.parse import chat_of
from channels.telegram.render import (
    Upload,
    Way,
    bare,
    draft_id,
    formatted,
    rows,
    shown,
    uncalled,
)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    chat: int
    thread: int | None

    @classmethod
    def of(cls, place: str) -> "Target":
        """Raise `Gone` for what is no place of Telegram's."""
        try:
            chat, thread = chat_of(place)
        except ValueError:
            raise Gone(f"{place!r} is no chat of Telegram's", code="no_chat") from None
        return cls(chat=chat, thread=thread)


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Return the buttons as a keyboard, None for none. Raises `Rejected`."""
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(each.label, callback_data=each.value) for each in row]
            for row in rows(buttons)
        ]
    )


def entities(text: Formatted) -> list[MessageEntity]:
    return [
        MessageEntity(
            each.kind,
            each.offset,
            each.length,
            url=each.url or None,
            language=each.language or None,
        )
        for each in text.entities
    ]


async def plain_if_need_be(call: Callable[[Formatted], Awaitable[T]], text: Formatted) -> T:
    try:
        return await call(text)
    except BadRequest as error:
        if not text.entities or code_of(error) != ENTITIES:
            raise
    return await call(uncalled(text.text))


async def written(part: Part) -> Formatted:
    """Return a part's text as it is shown; a long one is written in a thread."""
    if len(part.text) > LONG:
        return await asyncio.to_thread(shown, part)
    return shown(part)


NOTHING = Formatted(text="", entities=())
Media = InputMediaAudio | InputMediaDocument | InputMediaPhoto | InputMediaVideo


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A file with its bytes."""

    upload: Upload
    body: bytes

    @property
    def name(self) -> str:
        return self.upload.attachment.name


async def send_text(bot: Bot, to: Target, part: Part) -> Message:
    """Show a part without files."""

    async def call(text: Formatted) -> Message:
        return await bot.send_message(
            to.chat,
            text.text,
            entities=entities(text),
            link_preview_options=NO_PREVIEW,
            reply_markup=keyboard(part.buttons),
            **_manner(to, part),
        )

    return await plain_if_need_be(call, await written(part))


async def send_files(bot: Bot, to: Target, part: Part, files: Sequence[Loaded]) -> list[Message]:
    """Show a part's files with its text beside them; returns the messages, what is edited first."""
    if len(files) > 1 and part.buttons:
        return await _album_and_buttons(bot, to, part, files)

    async def call(text: Formatted) -> list[Message]:
        return await _documents_if_need_be(lambda each: _files(bot, to, part, each, text), files)

    return await plain_if_need_be(call, await written(part))


async def _files(
    bot: Bot, to: Target, part: Part, files: Sequence[Loaded], text: Formatted
) -> list[Message]:
    if len(files) > 1:
        album = [_medium(each, text if each is files[0] else NOTHING) for each in files]
        return list(await bot.send_media_group(to.chat, album, **_manner(to, part)))
    return [await _file(bot, to, part, files[0], text)]


async def _file(bot: Bot, to: Target, part: Part, file: Loaded, text: Formatted) -> Message:
    given: dict[str, Any] = {
        "filename": file.name,
        "caption": text.text or None,
        "caption_entities": entities(text),
        "reply_markup": keyboard(part.buttons),
        **_manner(to, part),
    }
    match file.upload.way:
        case "photo":
            return await bot.send_photo(to.chat, file.body, **given)
        case "voice":
            return await bot.send_voice(to.chat, file.body, **given)
        case "audio":
            return await bot.send_audio(to.chat, file.body, **given)
        case "video":
            return await bot.send_video(to.chat, file.body, **given)
        case "document":
            return await bot.send_document(to.chat, file.body, **given)


async def _album_and_buttons(
    bot: Bot, to: Target, part: Part, files: Sequence[Loaded]
) -> list[Message]:
    """Show an album, which takes no buttons, and below it the text with them.

    Once the album is there nothing can be said not to have been shown.
    """
    album = await send_files(bot, to, replace(part, text="", speaker="", buttons=()), files)
    try:
        return [await send_text(bot, to, part), *album]
    except TelegramError as error:
        raise OutcomeUnknown("the files are shown, their text is not", code="half") from error


def _medium(file: Loaded, text: Formatted) -> Media:
    kinds: dict[Way, type[Media]] = {
        "photo": InputMediaPhoto,
        "audio": InputMediaAudio,
        "video": InputMediaVideo,
    }
    given: dict[str, Any] = {
        "filename": file.name,
        "caption": text.text or None,
        "caption_entities": entities(text),
    }
    return kinds.get(file.upload.way, InputMediaDocument)(file.body, **given)


def _manner(to: Target, part: Part) -> dict[str, Any]:
    """Return what every new message is sent with."""
    reply = None
    if part.reply_to is not None and part.reply_to.isdecimal():
        reply = ReplyParameters(int(part.reply_to), allow_sending_without_reply=True)
    return {
        "message_thread_id": to.thread,
        "disable_notification": part.silent,
        "reply_parameters": reply,
    }


async def tell(bot: Bot, heard: Inbound, reply: Reply) -> None:
    """Show a reply to whoever asked: where others read along to them alone, below what they wrote.

    Where Telegram does not whisper, everybody reads it.
    """
    to = Target.of(heard.address.place)
    parameters = None
    if heard.room and isinstance(heard.what, Spoken) and not reply.plain:
        parameters = ReplyParameters(int(heard.what.message), allow_sending_without_reply=True)

    whisper = {"receiver_user_id": int(heard.sender.user)} if _is_whispered(heard) else {}

    async def send(text: Formatted, more: dict[str, int]) -> Message:
        return await bot.send_message(
            to.chat,
            text.text,
            entities=entities(text),
            link_preview_options=NO_PREVIEW,
            message_thread_id=to.thread,
            reply_parameters=parameters,
            reply_markup=keyboard(reply.buttons),
            api_kwargs=more or None,  # the library does not know it yet
        )

    async def call(text: Formatted) -> Message:
        try:
            return await send(text, whisper)
        except BadRequest as error:
            if not whisper or code_of(error) == ENTITIES:
                raise
        return await send(text, {})

    await plain_if_need_be(call, bare(reply.text) if reply.plain else formatted(reply.text))


def _is_whispered(heard: Inbound) -> bool:
    """Say whether a person asked where others read; a group that speaks as itself is none."""
    user = heard.sender.user
    return heard.room and user.isdecimal() and isinstance(heard.what, Spoken)


async def _documents_if_need_be(
    call: Callable[[Sequence[Loaded]], Awaitable[T]], files: Sequence[Loaded]
) -> T:
    try:
        return await call(files)
    except BadRequest as error:
        if code_of(error) != UNFIT_FILE:
            raise
    return await call(
        [replace(each, upload=replace(each.upload, way="document")) for each in files]
    )


# -- changing what is shown already ---------------------------------------------------------------


async def edit(bot: Bot, to: Target, message: MessageId, part: Part) -> None:
    """Change a message into the part. What is so already is a success."""
    try:
        text = await written(part)
        await plain_if_need_be(lambda each: _edit(bot, to, int(message), part, each), text)
    except BadRequest as error:
        if code_of(error) != NOT_MODIFIED:
            raise


async def _edit(bot: Bot, to: Target, message: int, part: Part, text: Formatted) -> None:
    if part.attachments:
        await _edit_caption(bot, to, message, part, text)
    elif text.text:
        try:
            await bot.edit_message_text(
                text.text,
                to.chat,
                message,
                entities=entities(text),
                link_preview_options=NO_PREVIEW,
                reply_markup=keyboard(part.buttons),
            )
        except BadRequest as error:
            if code_of(error) != NO_TEXT:
                raise
            await _edit_caption(bot, to, message, part, text)
    else:
        await bot.edit_message_reply_markup(to.chat, message, reply_markup=keyboard(part.buttons))


async def _edit_caption(bot: Bot, to: Target, message: int, part: Part, text: Formatted) -> None:
    await bot.edit_message_caption(
        to.chat,
        message,
        caption=text.text,
        caption_entities=entities(text),
        reply_markup=keyboard(part.buttons),
    )


async def delete(bot: Bot, to: Target, messages: Sequence[int]) -> None:
    """Take messages back. Raises for a single one that is gone already."""
    if len(messages) == 1:
        await bot.delete_message(to.chat, messages[0])
    else:
        await bot.delete_messages(to.chat, messages)


async def draft(bot: Bot, to: Target, part: Part) -> None:
    """Show the text being written, for up to 30 seconds."""

    async def call(text: Formatted) -> bool:
        return await bot.send_message_draft(
            to.chat,
            draft_id(part.run),
            text.text,
            message_thread_id=to.thread,
            entities=entities(text),
            api_kwargs={"can_stop": True},  # the library does not know it yet
        )

    await plain_if_need_be(call, await written(part))


# -- the messages that one part became ------------------------------------------------------------

ALBUM_KEY = "album:"


async def keep_album(facts: KeyValue, place: str, messages: Sequence[int], now: datetime) -> None:
    """Keep that these messages are one; forget those that are too old."""
    for key, value in (await facts.all()).items():
        if key.startswith(ALBUM_KEY) and now - _made_at(value) > DELETABLE:
            await facts.remove(key)
    first, *others = messages
    words = [str(int(now.timestamp())), *map(str, others)]
    await facts.put(f"{ALBUM_KEY}{place}:{first}", " ".join(words))


async def album_of(facts: KeyValue, place: str, message: MessageId) -> list[int]:
    """Return all messages that belong to this one, itself first."""
    known = await facts.get(f"{ALBUM_KEY}{place}:{message}")
    others = known.split()[1:] if known is not None else []
    return [int(message), *map(int, others)]


async def forget_album(facts: KeyValue, place: str, message: MessageId) -> None:
    await facts.remove(f"{ALBUM_KEY}{place}:{message}")


def _made_at(value: str) -> datetime:
    return datetime.fromtimestamp(int(value.split(maxsplit=1)[0]), UTC)
