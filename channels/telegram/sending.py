"""Showing a part as something new: a message, a file with its text, an album.

A file has a second try within one call: as a document, where Telegram certainly does not take it
for what it is.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from telegram import (
    Bot,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    Message,
    ReplyParameters,
)
from telegram.error import BadRequest, TelegramError

from bridge.errors import OutcomeUnknown
from bridge.inbound import Inbound, Spoken
from bridge.parts import Part, Reply
from channels.markdown.telegram import Formatted
from channels.telegram.errors import UNFIT_FILE, code_of
from channels.telegram.library import NO_PREVIEW, Target, entities, keyboard, plain_if_need_be
from channels.telegram.render import Upload, Way, formatted, shown

NOTHING = Formatted(text="", entities=())
T = TypeVar("T")
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

    return await plain_if_need_be(call, shown(part))


async def send_files(bot: Bot, to: Target, part: Part, files: Sequence[Loaded]) -> list[Message]:
    """Show a part's files with its text beside them; returns the messages, what is edited first."""
    if len(files) > 1 and part.buttons:
        return await _album_and_buttons(bot, to, part, files)

    async def call(text: Formatted) -> list[Message]:
        return await _documents_if_need_be(lambda each: _files(bot, to, part, each, text), files)

    return await plain_if_need_be(call, shown(part))


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
    """Show a reply to whoever asked: below what they wrote where others read along."""
    to = Target.of(heard.address.place)
    parameters = None
    if heard.room and isinstance(heard.what, Spoken):
        parameters = ReplyParameters(int(heard.what.message), allow_sending_without_reply=True)

    async def call(text: Formatted) -> Message:
        return await bot.send_message(
            to.chat,
            text.text,
            entities=entities(text),
            link_preview_options=NO_PREVIEW,
            message_thread_id=to.thread,
            reply_parameters=parameters,
        )

    await plain_if_need_be(call, formatted(reply.text))


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
