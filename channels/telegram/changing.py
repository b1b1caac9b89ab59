"""Changing what is shown already: edits, deletions, and the text that is being written."""

from collections.abc import Sequence

from telegram import Bot
from telegram.error import BadRequest

from bridge.ids import MessageId
from bridge.parts import Part
from channels.markdown.telegram import Formatted
from channels.telegram.errors import NO_TEXT, NOT_MODIFIED, code_of
from channels.telegram.library import NO_PREVIEW, Target, entities, keyboard, plain_if_need_be
from channels.telegram.render import draft_id, shown


async def edit(bot: Bot, to: Target, message: MessageId, part: Part) -> None:
    """Change a message into the part. What is so already is a success."""
    try:
        await plain_if_need_be(lambda each: _edit(bot, to, int(message), part, each), shown(part))
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
        )

    await plain_if_need_be(call, shown(part))
