"""The memory channel refuses what its places cannot show, and is configured like any other."""

from dataclasses import replace

import pytest

from bridge.domain.errors import OutcomeUnknown, Rejected
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Button, Capabilities
from bridge.plugins import load
from channels.memory import EVERYTHING, MemoryChannel, platforms
from channels.memory_platform import MemoryPlatform
from tests.channels.placing import HERE, part
from tests.feeding import feeding, surrounded


@pytest.fixture
def platform():
    return MemoryPlatform()


@pytest.fixture
def channel(platform):
    return MemoryChannel(ChannelName("memory"), platform, feeding())


# -- what a place cannot do -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (part("x" * (EVERYTHING.max_chars + 1)), "too_long"),
        (part("  "), "empty"),
        (part(buttons=(Button(value="é" * 33, label="x"),)), "button_value"),
    ],
)
async def test_what_no_platform_takes_is_rejected(platform, channel, wrong, code):
    with pytest.raises(Rejected) as raised:
        await channel.send(HERE, wrong)
    assert raised.value.code == code
    assert platform.shown("here") == []


async def test_a_plain_place_shows_no_buttons_is_never_silent_and_finds_nothing_out(platform):
    plain = MemoryChannel(ChannelName("memory"), platform, feeding(), Capabilities())
    await plain.send(HERE, part(buttons=(Button(value="v", label="Yes"),), silent=True))
    (message,) = platform.seen("here")
    assert not message.buttons
    assert not message.silent
    with pytest.raises(OutcomeUnknown):
        await plain.resolve(HERE, part())


# -- the plugin -----------------------------------------------------------------------------------


def created(tmp_path, **options):
    plugin = load("channels", "memory")
    config = plugin.config.model_validate(options)
    surroundings = surrounded(tmp_path)
    return plugin.create(ChannelName("demo"), config, surroundings)


def test_by_default_every_channel_has_a_platform_of_its_own(tmp_path):
    one, other = created(tmp_path), created(tmp_path)
    assert one.name == "demo"
    assert one.platform is not other.platform
    assert one.capabilities(HERE) == EVERYTHING


def test_a_named_platform_outlives_its_channels(tmp_path):
    one = created(tmp_path, platform="shared by this test")
    other = created(tmp_path, platform="shared by this test")
    assert one.platform is other.platform is platforms["shared by this test"]


def test_abilities_can_be_left_out(tmp_path):
    channel = created(tmp_path, without=["edits", "resolves"], max_chars=100)
    assert channel.capabilities(HERE) == replace(
        EVERYTHING, edits=False, resolves=False, max_chars=100
    )
