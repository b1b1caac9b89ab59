"""Adding a bot: what is asked, and what is made of the answers."""

import sys

import pytest

from bridge.domain.errors import ConfigError
from bridge.plugins import load
from channels.telegram.setup import SETUP, verify


async def test_good_answers_name_the_bot_and_the_link_to_open(fake, bot):
    found = await verify({"token": bot.token, "api_url": fake.url})
    assert found.account == "@bridge_bot"
    assert found.link == "https://t.me/bridge_bot"
    assert "Start" in found.steps[0]


@pytest.mark.parametrize("token", ["", "not a token"])
async def test_what_is_no_token_is_said_before_telegram_is_asked(token):
    with pytest.raises(ConfigError, match="@BotFather"):
        await verify({"token": token})


def test_the_token_is_asked_for_as_a_secret():
    (ask,) = SETUP.asks
    assert (ask.key, ask.secret) == ("token", True)
    assert "/newbot" in SETUP.intro


def test_the_plugin_is_found_and_brings_no_library_along():
    import subprocess

    script = (
        "import sys; from bridge.plugins import load; plugin = load('channels', 'telegram'); "
        "plugin.config(token='1:a'); "
        "assert not {'telegram', 'httpx', 'aiohttp'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert load("channels", "telegram").title == "Telegram"
