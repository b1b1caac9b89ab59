"""A fake Telegram with a bot on it, and the real client connected to it."""

import pytest

from bridge.demo.telegram.server import FakeTelegram
from tests.channels.telegram.connected import connect, specs


@pytest.fixture
async def fake():
    async with FakeTelegram.open(specs()) as opened:
        yield opened
        assert opened.problems == []


@pytest.fixture
def bot(fake):
    return fake.bot("bridge_bot")


@pytest.fixture
def ada(fake):
    return fake.person("Ada", "Lovelace")


@pytest.fixture
def dm(bot, ada):
    return bot.dm(ada)


@pytest.fixture
def telegram(fake, bot):
    return connect(fake, bot)
