"""A channel on the stage for each test; nobody listens yet."""

from collections.abc import AsyncIterator

import pytest

from tests.channels.whatsapp.stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


@pytest.fixture
def fake(stage):
    return stage.fake


@pytest.fixture
def ada(fake):
    return fake.person("Ada")


@pytest.fixture
def bob(fake):
    return fake.person("Bob")
