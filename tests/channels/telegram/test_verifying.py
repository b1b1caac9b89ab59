"""What Telegram says to the answers of the set-up."""

import pytest

from bridge.domain.errors import ConfigError
from channels.telegram.config import TelegramConfig
from channels.telegram.doctor import verified


def config(fake, bot):
    return TelegramConfig(token=bot.token, api_url=fake.url)


async def test_privacy_and_groups_are_steps_that_are_left(fake, bot):
    assert any("/setprivacy" in step for step in (await verified(config(fake, bot))).steps)
    bot.privacy = False
    assert len((await verified(config(fake, bot))).steps) == 1
    bot.joins = False
    assert any("/setjoingroups" in step for step in (await verified(config(fake, bot))).steps)


async def test_a_webhook_is_said(fake, bot):
    bot.webhook = "https://elsewhere.example"
    assert any("webhook" in step for step in (await verified(config(fake, bot))).steps)


async def test_what_is_wrong_says_what_to_do(fake, bot):
    bot.revoked = True
    with pytest.raises(ConfigError, match="API Token"):
        await verified(config(fake, bot))
    bot.revoked = False
    await fake.down()
    with pytest.raises(ConfigError, match="api_url"):
        await verified(config(fake, bot))
