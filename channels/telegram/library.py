"""In the library's words: where a part goes, what its text and its buttons are.

A text has a second try within one call: without entities, where Telegram says that it cannot read
them. That is certain, so nothing is shown twice.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity
from telegram.error import BadRequest

from bridge.errors import Gone
from bridge.parts import Button
from channels.markdown.telegram import Formatted
from channels.telegram.errors import ENTITIES, code_of
from channels.telegram.parse import chat_of
from channels.telegram.render import rows

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
    return await call(replace(text, entities=()))
