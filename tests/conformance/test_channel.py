"""The suite of `bridge.testing`, which outside packages run too, on every channel of this tree."""

from collections.abc import AsyncIterator

import pytest

from bridge.testing.channels import *  # noqa: F403 - its tests become tests of this module
from tests.conformance.rig import RIGS, ChannelRig

NEEDING = [pytest.param(rig, marks=getattr(rig, "marks", ()), id=rig.__name__) for rig in RIGS]


@pytest.fixture(params=NEEDING)
async def rig(request) -> AsyncIterator[ChannelRig]:
    async with request.param.open() as opened:
        yield opened
