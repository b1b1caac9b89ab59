"""Slack: one workspace, through Socket Mode, so that no public address is needed."""

from collections.abc import Mapping

from bridge.domain.ids import ChannelName
from bridge.plugins import ChannelPlugin, Setup, Verified
from bridge.ports.channel import Channel
from bridge.ports.surroundings import ChannelSurroundings
from channels.slack.config import ASKS, INTRO, SlackConfig


def create(name: ChannelName, config: SlackConfig, surroundings: ChannelSurroundings) -> Channel:
    from channels.slack.channel import SlackChannel  # noqa: PLC0415 - Slack's libraries weigh

    return SlackChannel(name, config, surroundings)


async def verify(answers: Mapping[str, str]) -> Verified:
    from channels.slack.setup import verify  # noqa: PLC0415 - Slack's libraries weigh

    return await verify(answers)


plugin = ChannelPlugin(
    title="Slack",
    config=SlackConfig,
    create=create,
    setup=Setup(intro=INTRO, asks=ASKS, verify=verify),
)
