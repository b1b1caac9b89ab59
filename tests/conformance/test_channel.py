"""The suite of `bridge.testing`, which outside packages run too, on every channel of this tree."""

from collections.abc import AsyncIterator

import pytest

from bridge.testing.channels import *  # noqa: F403 - its tests become tests of this module
from tests.conformance.rig import RIGS, ChannelRig


@pytest.fixture(params=RIGS, ids=lambda rig: rig.__name__)
async def rig(request) -> AsyncIterator[ChannelRig]:
    async with request.param.open() as opened:
        yield opened
