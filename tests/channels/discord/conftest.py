from collections.abc import Iterator

import pytest

from tests.channels.discord.account import Account
from tests.fakes.discord.fake import FakeDiscord


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    """A Discord with one bot and one server, where nothing is yet."""
    with FakeDiscord.serving() as fake:
        yield fake


@pytest.fixture
def account(discord: FakeDiscord) -> Account:
    """The bot's account, which connects for the first time."""
    return Account(discord)
