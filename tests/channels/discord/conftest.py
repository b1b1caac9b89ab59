from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest

from bridge.demo.discord.fake import FakeDiscord
from bridge.demo.discord.state import Actor
from bridge.demo.discord.world import Room
from bridge.domain.parts import Sent
from tests.channels.discord.account import Account, part


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


@pytest.fixture
def ada(discord: FakeDiscord) -> Actor:
    return discord.person("Ada")


@pytest.fixture
def direct(discord: FakeDiscord, ada: Actor) -> Room:
    """The direct messages of Ada and the bot."""
    return discord.direct(ada)


@pytest.fixture
def show(account: Account, direct: Room) -> Callable[..., Awaitable[Sent]]:
    """Send a part to Ada."""

    async def send(text: str = "hello", **more: Any) -> Sent:
        return await account.channel.send(account.at(direct), part(text, **more))

    return send
