"""The config section takes what the page says, and shows no token."""

import pytest
from pydantic import ValidationError

from channels.slack.config import SlackConfig

TOKENS = {"bot_token": "xoxb-1-secret", "app_token": "xapp-1-secret"}


def test_two_tokens_are_all_it_needs():
    config = SlackConfig(**TOKENS)
    assert (config.threads, config.api_url) == ("auto", "https://slack.com/api/")
    assert "secret" not in repr(config)


@pytest.mark.parametrize("wrong", [{"threads": "maybe"}, {"tokens": "x"}, {"bot_token": None}])
def test_anything_else_is_refused(wrong):
    with pytest.raises(ValidationError):
        SlackConfig(**TOKENS | wrong)


def test_what_is_no_token_of_slacks_is_no_configuration():
    """What stands in for Slack may have tokens of another form."""
    for wrong in ({"bot_token": "nonsense"}, {"app_token": "xoxb-1"}):
        with pytest.raises(ValidationError, match="it begins with"):
            SlackConfig(**TOKENS | wrong)
        SlackConfig(**TOKENS | wrong | {"api_url": "http://127.0.0.1:1/"})
