"""What several benchmarks stand on: stores in temporary folders."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from bridge.engine.clock import SystemClock
from bridge.ports.store import Store
from bridge.ports.surroundings import Surroundings
from storage.memory import MemorySection
from storage.memory import plugin as memory
from storage.sql.store import SqliteSection, sqlite

Kind = Literal["memory", "sqlite"]
LABELS = {"memory": "memory", "sqlite": "SQLite"}


@asynccontextmanager
async def fresh_store(kind: Kind) -> AsyncIterator[Store]:
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as folder:
        async with store_in(Path(folder), kind) as store:
            yield store


@asynccontextmanager
async def store_in(folder: Path, kind: Kind = "sqlite") -> AsyncIterator[Store]:
    surroundings = Surroundings(clock=SystemClock(), data=folder)
    opened = (
        memory.open(MemorySection(), surroundings)
        if kind == "memory"
        else sqlite.open(SqliteSection(), surroundings)
    )
    async with opened as store:
        yield store
