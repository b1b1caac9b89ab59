"""Models on this machine, and the agent under test on top of them."""

from collections.abc import AsyncIterator

import pytest

from tests.agents.litellm.rig import Bench
from tests.fakes.models import FakeModels


@pytest.fixture
async def models() -> AsyncIterator[FakeModels]:
    fake = await FakeModels().start()
    yield fake
    await fake.stop()


@pytest.fixture
async def bench(models, tmp_path) -> AsyncIterator[Bench]:
    made = Bench(models, tmp_path)
    yield made
    await made.close()


@pytest.fixture
def models_at_rest() -> FakeModels:
    """Models that nobody asks."""
    return FakeModels(url="http://127.0.0.1:1")
