import pytest

from bridge.demo.slack.server import FakeSlack
from tests.channels.slack.rig import MemoryFacts
from tests.fakes.slack import specs

FakeSlack.judge = staticmethod(specs.check_event)


@pytest.fixture
async def fake():
    """A workspace of Slack's, on this machine."""
    async with FakeSlack() as running:
        yield running


@pytest.fixture
def ada(fake):
    return fake.person("Ada")


@pytest.fixture
def general(fake, ada):
    """A room that Ada and the bot are in."""
    return fake.room("general", ada)


@pytest.fixture
def facts():
    return MemoryFacts()
