"""What stories with a model share."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.models import FakeModels


@pytest.fixture
async def models() -> AsyncIterator[FakeModels]:
    fake = await FakeModels().start()
    yield fake
    await fake.stop()
