"""The table of limits, held against the documentation's field tables and the library."""

import discord

from bridge.demo.discord.fields import BUTTON, COMMAND, CREATE, ROW
from channels.discord import limits


def test_limits_are_those_of_the_documentation():
    assert CREATE["nonce?"].most == limits.MAX_NONCE
    assert CREATE["attachments?"].most == limits.MAX_FILES
    assert CREATE["components?"].most * ROW["components"].most == limits.MAX_BUTTONS
    assert BUTTON["label?"].most == limits.MAX_LABEL
    assert COMMAND["description"].most == limits.MAX_DESCRIPTION
    assert discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES == limits.MAX_FILE_BYTES


def test_previews_at_their_pace_leave_room_for_a_message():
    previews = 1 / limits.PREVIEW_INTERVAL.total_seconds()
    assert previews < limits.PLACE.calls / limits.PLACE.per.total_seconds()


def test_a_call_is_over_before_whoever_sends_gives_up():
    assert limits.SEND_TIMEOUT.total_seconds() > limits.CALL_TIMEOUT_SECONDS
