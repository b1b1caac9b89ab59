from collections.abc import AsyncIterator

import httpx
import pytest

from tests.http.rig import Bridge, serving


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    async with serving() as running:
        yield running


@pytest.fixture
async def ada(bridge: Bridge) -> AsyncIterator[httpx.AsyncClient]:
    async with bridge.client() as client:
        yield client
