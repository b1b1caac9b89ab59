"""The suite of `bridge.testing` on the letterbox; `pytest -rs` says what it lacks."""

import pytest
from letterbox_rig import LetterboxRig

from bridge.testing.channels import *  # noqa: F403 - its tests become tests of this module


@pytest.fixture
async def rig():
    async with LetterboxRig.open() as opened:
        yield opened
