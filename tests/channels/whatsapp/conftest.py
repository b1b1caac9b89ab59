"""A channel on the stage for each test; nobody listens yet."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bridge.demo.whatsapp.twilio import FakeTwilio
from tests.channels.whatsapp.stage import Stage, staged
from tests.fakes.whatsapp import specs

FakeTwilio.judge = staticmethod(specs.check)


@pytest.fixture(autouse=True)
def no_grace(monkeypatch):
    """At the start nothing is waited for; the tests of waiting set it anew.

    Less than nothing, because Twilio's clock is only known to the second.
    """
    monkeypatch.setattr("channels.whatsapp.poll.FIRST_GRACE", timedelta(seconds=-5))


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
