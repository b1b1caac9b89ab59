"""WhatsApp through Twilio: signed webhooks in, the Messages API out."""

from bridge.domain.ids import ChannelName
from bridge.plugins import ChannelPlugin
from bridge.ports.channel import Channel
from bridge.ports.surroundings import ChannelSurroundings
from channels.whatsapp.config import WhatsAppConfig
from channels.whatsapp.setup import SETUP


def create(name: ChannelName, config: WhatsAppConfig, surroundings: ChannelSurroundings) -> Channel:
    from channels.whatsapp.channel import WhatsAppChannel  # noqa: PLC0415 - only when configured

    return WhatsAppChannel(name, config, surroundings)


plugin = ChannelPlugin(title="WhatsApp", config=WhatsAppConfig, create=create, setup=SETUP)
