"""The suite of `bridge.testing` on IRC and a real server; `pytest -rs` says what is left out."""

import pytest
from irc_rig import IrcRig
from irc_world import needs_ngircd

from bridge.testing.channels import *  # noqa: F403 - its tests become tests of this module

pytestmark = [pytest.mark.ngircd, needs_ngircd]


@pytest.fixture
async def rig():
    async with IrcRig.open() as opened:
        yield opened
