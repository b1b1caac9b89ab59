"""Discord. Importing this imports neither the library nor the channel: `create` does."""

from bridge.domain.ids import ChannelName
from bridge.plugins import ChannelPlugin
from bridge.ports.channel import Channel
from bridge.ports.surroundings import ChannelSurroundings
from channels.discord.config import DiscordConfig
from channels.discord.setup import SETUP


def create(name: ChannelName, config: DiscordConfig, surroundings: ChannelSurroundings) -> Channel:
    from channels.discord.channel import DiscordChannel  # noqa: PLC0415 - costs half a second

    return DiscordChannel(name, config, surroundings)


plugin = ChannelPlugin(title="Discord", config=DiscordConfig, create=create, setup=SETUP)
