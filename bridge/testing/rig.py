"""What a test of a channel needs: what the bridge gives it, a platform real or made up, waiting."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from bridge.domain.errors import ChannelError
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.parts import Address
from bridge.engine.account_state import AccountState
from bridge.engine.clock import SystemClock
from bridge.engine.inbound.feed import feeds
from bridge.ports.channel import Channel
from bridge.ports.feed import OpensFeed
from bridge.ports.surroundings import ChannelSurroundings
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs

Ability = Literal[
    "edits",
    "deletes",
    "typing",
    "resolves",
    "reacts",
    "buttons",
    "files",
    "ids",  # the platform names messages; without them `say` returns ""
    "acknowledgements",  # it brings again what was not acknowledged, and can be asked what was
    "history",  # what is said while nobody listens can be had later
    "apart",  # it shows while nobody listens; without it the suite listens while it shows
]

PATIENCE = 60.0
"""Seconds. A test that fails because others kept the processor busy has found nothing."""

T = TypeVar("T")


def feeding(name: str = "memory") -> OpensFeed:
    """Return what opens a feed whose marks nobody else has."""
    account = ChannelName(name)
    return feeds(account, AccountState(MemoryStore(), account), SystemClock())


def surrounded(folder: Path, name: str = "memory") -> ChannelSurroundings:
    """Return what a channel is given that has no public address."""
    account, clock = ChannelName(name), SystemClock()
    facts = AccountState(MemoryStore(), account)
    return ChannelSurroundings(
        clock=clock,
        data=folder,
        blobs=MemoryBlobs(clock=clock),
        facts=facts,
        feed=feeds(account, facts, clock),
        webhook_url=None,
        link=lambda _attachment, _lifetime: None,
    )


async def until(holds: Callable[[], object | Awaitable[object]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = holds()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.005)


async def soon(coming: Awaitable[T]) -> T:
    """Wait for what must come."""
    return await asyncio.wait_for(coming, PATIENCE)


class ChannelRig(Protocol):
    """A channel, and the platform it is connected to.

    `errors` are the classes this platform can bring about. `lacks` is what it cannot do: a test
    that needs it is reported as skipped, with the reason. What is lacking unsaid is a failure.
    """

    channel: Channel
    place: Address
    elsewhere: Address
    errors: frozenset[type[ChannelError]]
    lacks: frozenset[Ability]

    @classmethod
    def open(cls) -> AbstractAsyncContextManager["ChannelRig"]:
        """A fresh platform with an account on it; nobody listens yet."""

    async def say(self, place: Address, text: str) -> str:
        """A person speaks to the bridge. Returns the external id that the inbox must be given."""

    def shown(self, place: Address) -> Sequence[str]:
        """The plain text of what the bridge shows in a place, oldest first."""

    def acknowledged(self) -> Sequence[str]:
        """The external ids the platform will not deliver again, in the order they were told."""

    def refuse(self, error: type[ChannelError]) -> None:
        """Answer the next send in the way that means this error; show nothing."""

    def hang_up(self) -> None:
        """Show what the next send brings, but never answer it."""

    def vanish(self, place: Address, message: MessageId) -> None:
        """Somebody deletes one of the bridge's messages."""
