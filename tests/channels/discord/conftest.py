from collections.abc import Callable, Iterator
from functools import partial

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


@pytest.fixture
def make(discord: FakeDiscord) -> Callable[..., Account]:
    """Make the bot's account with something else than usual."""
    return partial(Account, discord)
