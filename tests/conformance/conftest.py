from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.ports import Store
from tests.stores import AT, C1, C2, S1, S2, address, opened


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh, empty store of each kind."""
    async with opened(request.param, tmp_path) as opened_store:
        yield opened_store


@pytest.fixture
async def lived_in(store: Store) -> Store:
    """A store with two sessions and two conversations that follow none."""
    await store.create_session(S1, at=AT)
    await store.create_session(S2, at=AT)
    await store.register(C1, address("1"), room=False, title="Ada", at=AT)
    await store.register(C2, address("2"), room=True, title="Room", at=AT)
    return store
