"""What a plugin is given when it is opened."""

from collections.abc import (
    Callable,
    Mapping,
)
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from bridge.domain.content import Attachment
from bridge.ports.blobs import Blobs
from bridge.ports.clock import Clock
from bridge.ports.feed import OpensFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a plugin may know of the bridge it is created in: `data` is the bridge's folder."""

    clock: Clock
    data: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSurroundings(Surroundings):
    """What an agent may use. `public_url`: where people reach the bridge; None if nowhere."""

    blobs: Blobs
    public_url: str | None = None


class KeyValue(Protocol):
    """What one account must know after a restart and no log holds: small texts by their keys.

    For instance the last message it has seen in each place, to know from where to catch up.
    """

    async def get(self, key: str) -> str | None: ...

    async def put(self, key: str, value: str) -> None:
        """Keep a text, durably; it replaces the one before."""

    async def remove(self, key: str) -> None: ...

    async def all(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSurroundings(Surroundings):
    """What an account may use. `webhook_url`: where its platform can call it; None if nowhere.

    `feed` makes the account's feed, which hands in what is heard. `link` makes an address under
    which the platform can fetch a file without credentials, for so long; None where the bridge has
    no public address.
    """

    blobs: Blobs
    facts: KeyValue
    feed: OpensFeed
    webhook_url: str | None
    link: Callable[[Attachment, timedelta], str | None]
