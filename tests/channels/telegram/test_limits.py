"""The table of limits, held against the one that the client library keeps of the documentation."""

from datetime import timedelta

from telegram.constants import (
    CallbackQueryLimit,
    FileSizeLimit,
    FloodLimit,
    InlineKeyboardButtonLimit,
    InlineKeyboardMarkupLimit,
    MediaGroupLimit,
    MessageLimit,
)

from channels.telegram import limits
from channels.telegram.limits import Rate


def test_limits_are_those_that_the_library_knows():
    assert limits.MAX_CHARS == MessageLimit.MAX_TEXT_LENGTH
    assert limits.MAX_CAPTION == MessageLimit.CAPTION_LENGTH
    assert limits.MAX_ENTITIES == MessageLimit.MESSAGE_ENTITIES
    assert limits.MAX_ALERT == CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH
    assert limits.MAX_BUTTON_BYTES == InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    assert limits.MAX_BUTTONS == InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER
    assert limits.ALBUM == MediaGroupLimit.MAX_MEDIA_LENGTH
    assert limits.MAX_UPLOAD == FileSizeLimit.FILESIZE_UPLOAD
    assert limits.MAX_PHOTO == FileSizeLimit.PHOTOSIZE_UPLOAD
    assert limits.MAX_DOWNLOAD == FileSizeLimit.FILESIZE_DOWNLOAD


def within_a_minute(rate: Rate) -> float:
    return rate.size + timedelta(minutes=1) / rate.each


def test_no_more_is_sent_than_telegram_lets_through():
    assert limits.ACCOUNT.calls <= FloodLimit.MESSAGES_PER_SECOND
    assert within_a_minute(limits.GROUP) <= FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP
    assert limits.PRIVATE.calls <= FloodLimit.MESSAGES_PER_SECOND_PER_CHAT
    assert timedelta(seconds=3) <= limits.GROUP_PREVIEWS


def test_groups_are_told_by_their_place():
    assert limits.is_group("-1001/5")
    assert not limits.is_group("1001/5")
    assert limits.rate_of("-1") is limits.GROUP
    assert limits.rate_of("1") is limits.PRIVATE
