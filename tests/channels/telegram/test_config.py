"""The section of a bot."""

import pytest
from pydantic import ValidationError

from channels.telegram.config import API, TelegramConfig

TOKEN = "123456:ABC-DEF_ghi"


def test_a_token_is_enough_and_is_not_shown():
    config = TelegramConfig(token=f" {TOKEN}\n")
    assert config.token.get_secret_value() == TOKEN
    assert config.api_url == API
    assert TOKEN not in repr(config)


@pytest.mark.parametrize("token", ["", "123456", "ABC", "123456:", "bot123456:ABC", "1:A B"])
def test_what_is_no_token_is_refused_without_showing_it(token):
    with pytest.raises(ValidationError, match="copy it from @BotFather") as raised:
        TelegramConfig(token=token)
    assert raised.value.error_count() == 1


def test_another_server_is_an_address():
    assert TelegramConfig(token=TOKEN, api_url="http://here:8081/").api_url == "http://here:8081"
    with pytest.raises(ValidationError, match="begins with"):
        TelegramConfig(token=TOKEN, api_url="here:8081")


def test_unknown_keys_are_refused():
    with pytest.raises(ValidationError):
        TelegramConfig(token=TOKEN, tokken="x")
