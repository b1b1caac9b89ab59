"""The suite of `bridge.testing`, which outside packages run too, on every agent of this tree.

To put an agent under the suite, add to `AGENTS` how it is made.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agents.echo import Echo
from bridge.ports.agent import Agent
from bridge.testing.agents import *  # noqa: F403 - its tests become tests of this module
from bridge.testing.turns import StoryClock
from tests.agents.elsewhere import http, reporter, theatre
from tests.agents.litellm import echoing
from tests.agents.outside import EXAMPLE, PLAYER, process

DATA = TemporaryDirectory()
NOWHERE = Path(DATA.name)
"""No file is fetched here, so none is made."""

AGENTS: dict[str, Callable[[], Agent]] = {
    "echo": lambda: Echo(delay=0.03, clock=StoryClock()),
    "process": lambda: process(NOWHERE, *PLAYER),
    "process-example": lambda: process(NOWHERE, *EXAMPLE),
    "http": lambda: http(theatre().url("/stream")),
    "http-at-once": lambda: http(theatre().url("/once")),
    "http-later": reporter,
    "litellm": echoing.agent,
}


@pytest.fixture(params=AGENTS)
def make(request) -> Callable[[], Agent]:
    """How to make the agent; two of them are two processes."""
    return AGENTS[request.param]
