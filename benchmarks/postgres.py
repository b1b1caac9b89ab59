"""A PostgreSQL for measuring: the one the tests start, where they can."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bridge.engine.clock import SystemClock
from bridge.ports.store import Store
from bridge.ports.surroundings import Surroundings

DATABASE = "bridge_bench"


@asynccontextmanager
async def postgres_store() -> AsyncIterator[Store | None]:
    """Yield a fresh store, or None where no server can be started."""
    url = _server()
    if url is None:
        yield None
        return
    import asyncpg  # noqa: PLC0415 - large, and not always there
    from pydantic import SecretStr  # noqa: PLC0415

    from storage.sql.store import PostgresSection, postgres  # noqa: PLC0415

    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {DATABASE}")
    section = PostgresSection(url=SecretStr(urlsplit(url)._replace(path=f"/{DATABASE}").geturl()))
    try:
        with TemporaryDirectory(prefix="bridge-bench-") as folder:
            surroundings = Surroundings(clock=SystemClock(), data=Path(folder))
            async with postgres.open(section, surroundings) as store:
                yield store
    finally:
        await connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        await connection.close()


def _server() -> str | None:
    try:
        import pytest  # noqa: PLC0415

        from tests.postgres import server  # noqa: PLC0415
    except ImportError:
        return None
    try:
        return server()
    except pytest.skip.Exception:
        return None
