"""WhatsApp through Twilio: signed webhooks in, the Messages API out."""

from collections.abc import Mapping

from bridge.ids import ChannelName
from bridge.plugins import ChannelPlugin, Verified
from bridge.ports import Channel, ChannelSurroundings
from channels.whatsapp.config import WhatsAppConfig, setup


def create(name: ChannelName, config: WhatsAppConfig, surroundings: ChannelSurroundings) -> Channel:
    from channels.whatsapp.channel import WhatsAppChannel  # noqa: PLC0415 - only when configured

    return WhatsAppChannel(name, config, surroundings)


async def verify(answers: Mapping[str, str]) -> Verified:
    from channels.whatsapp.onboarding import verify as tried  # noqa: PLC0415 - only when asked

    return await tried(answers)


plugin = ChannelPlugin(title="WhatsApp", config=WhatsAppConfig, create=create, setup=setup(verify))
