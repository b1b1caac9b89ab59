from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.ports.store import Store
from tests.postgres import empty_database, postgres_url
from tests.stores import AT, C1, C2, S1, S2, address, opened

__all__ = ["empty_database", "postgres_url"]

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def store_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store_url(request: pytest.FixtureRequest, store_kind: str) -> str:
    return request.getfixturevalue("postgres_url") if store_kind == "postgres" else ""


@pytest.fixture
async def store(store_kind: str, store_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh, empty store of each kind."""
    async with opened(store_kind, tmp_path, store_url) as opened_store:
        yield opened_store


@pytest.fixture
async def lived_in(store: Store) -> Store:
    """A store with two sessions and two conversations that follow none."""
    await store.create_session(S1, at=AT)
    await store.create_session(S2, at=AT)
    await store.register(C1, address("1"), room=False, title="Ada", at=AT)
    await store.register(C2, address("2"), room=True, title="Room", at=AT)
    return store
