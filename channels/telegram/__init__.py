"""Telegram. Only what a configuration needs is imported here; the library comes with `create`."""

from bridge.domain.ids import ChannelName
from bridge.imports import without
from bridge.plugins import ChannelPlugin
from bridge.ports.channel import Channel
from bridge.ports.surroundings import ChannelSurroundings
from channels.telegram.config import TelegramConfig
from channels.telegram.setup import SETUP


def create(name: ChannelName, config: TelegramConfig, surroundings: ChannelSurroundings) -> Channel:
    with without("cryptography"):  # for Telegram Passport only, and large
        from channels.telegram.channel import TelegramChannel  # noqa: PLC0415 - the library

    return TelegramChannel(name, config, surroundings)


plugin = ChannelPlugin(title="Telegram", config=TelegramConfig, create=create, setup=SETUP)
