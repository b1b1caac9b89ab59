"""What the store asks of a database."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from bridge.domain.errors import StoreUnavailable

Result = TypeVar("Result")


class ConnectionLost(StoreUnavailable):
    """The connection to the database is lost; whether the last write was kept is unknown."""


class Database(Protocol):
    """One database, used by this process alone.

    `write` and `read` translate the driver's errors: `StoreUnavailable` when the database cannot
    be used just now, `Refused` when it will never take what it was given.
    """

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run work in one transaction. It is durable once this returns."""

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run work that only reads; it sees every `write` that has returned."""

    async def browse(self, work: Callable[[Connection], Result]) -> Result:
        """Read as `read` does, what may take long: it holds up neither writes nor other reads."""

    async def look(self) -> None:
        """Raise `StoreUnavailable` when this is no longer the database that was opened."""

    async def scrub(self) -> None:
        """Take out of the database's own files what is no longer in it."""

    async def backup(self, to: Path) -> None: ...

    async def close(self) -> None: ...
