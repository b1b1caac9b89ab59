"""Adding an account tries what was typed, and says what is left to do."""

import pytest

from bridge.domain.errors import ConfigError
from channels.discord import plugin
from channels.discord.doctor import ALL


async def test_a_good_token_leads_to_an_invitation_with_what_is_needed_and_no_more(discord):
    verified = await plugin.setup.verify({"token": discord.bot.token, "api_url": discord.url})
    assert verified.account == "bridge"
    assert f"client_id={discord.bot.app}" in verified.link
    assert f"permissions={ALL}" in verified.link
    assert ALL == 274_878_008_320
    assert verified.link.endswith("scope=bot+applications.commands")
    assert len(verified.steps) == 2


async def test_what_is_missing_in_the_portal_is_the_first_step(discord):
    discord.bot.content = False
    verified = await plugin.setup.verify({"token": discord.bot.token, "api_url": discord.url})
    assert "Message Content Intent" in verified.steps[0]


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", "no bot token"),
        ("1234567890", "no bot token"),
        (f"{'a' * 24}.{'b' * 6}.{'c' * 38}", "refuses the bot token"),
    ],
)
async def test_a_bad_token_is_refused_and_says_what_to_do(discord, token, says):
    with pytest.raises(ConfigError, match=says):
        await plugin.setup.verify({"token": token, "api_url": discord.url})


async def test_without_a_connection_that_is_said(discord):
    discord.down()
    with pytest.raises(ConfigError, match="accepts a connection"):
        await plugin.setup.verify({"token": discord.bot.token, "api_url": discord.url})
    discord.up()
