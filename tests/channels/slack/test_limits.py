"""The table of limits, held against what Slack's own library knows of them."""

from slack_sdk.models.blocks import ActionsBlock, ButtonElement
from slack_sdk.web.async_base_client import AsyncBaseClient

from bridge.demo.slack.fields import BLOCKS, BUTTON, METHODS
from channels.slack import config, limits


def test_limits_are_those_that_the_library_knows():
    assert ActionsBlock.elements_max_length == limits.MAX_BUTTONS
    assert ButtonElement.text_max_length == limits.MAX_BUTTON_TEXT
    assert ButtonElement.value_max_length == BUTTON["value"].longest
    assert config.API == AsyncBaseClient.BASE_URL


def test_a_text_with_its_label_and_its_buttons_is_less_than_slack_takes():
    assert BLOCKS["markdown"]["text"].longest > limits.MAX_CHARS + limits.MAX_LABEL
    assert METHODS["chat.update"]["text"].longest >= limits.MAX_FALLBACK


def test_previews_alone_stay_below_the_tier_of_chat_update():
    assert limits.PREVIEW_INTERVAL.total_seconds() >= 1
    assert limits.EDITS.calls / limits.EDITS.per.total_seconds() <= 50 / 60
