"""The suite of `bridge.testing` on the agent that says everything backwards."""

import pytest
from backwards import Backwards, BackwardsConfig

from bridge.testing.agents import *  # noqa: F403 - its tests become tests of this module
from bridge.testing.turns import StoryClock


@pytest.fixture
def make():
    return lambda: Backwards(BackwardsConfig(), StoryClock())
