"""Adding an account: the answers are tried with Slack, and refused with what to do."""

import pytest

from bridge.domain.errors import ConfigError
from channels.slack import plugin


def answers(fake, **more) -> dict[str, str]:
    given = {"bot_token": f" {fake.bot_token}\n", "app_token": fake.app_token}
    return given | {"api_url": fake.api_url} | more


async def test_set_up_says_whose_the_tokens_are_and_where_to_go(fake):
    verified = await plugin.setup.verify(answers(fake))
    assert verified.account == "@bridge in Acme"
    assert fake.workspace.app in verified.link
    assert fake.workspace.team in verified.link
    assert any("/invite" in step for step in verified.steps)


async def test_set_up_asks_for_both_tokens_as_secrets():
    assert {ask.key: ask.secret for ask in plugin.setup.asks} == {
        "bot_token": True,
        "app_token": True,
    }
    assert all(ask.key in plugin.config.model_fields for ask in plugin.setup.asks)


async def test_set_up_refuses_with_every_fault_and_its_fix(fake):
    with pytest.raises(ConfigError) as raised:
        await plugin.setup.verify(answers(fake, bot_token="xoxb-other", app_token="xoxb-1"))
    bot, app = raised.value.problems
    assert "copy the Bot User OAuth Token" in bot
    assert "swapped" in app


async def test_set_up_refuses_an_app_without_a_scope(fake):
    fake.scopes.discard("im:history")
    with pytest.raises(ConfigError, match="scope im:history"):
        await plugin.setup.verify(answers(fake))
