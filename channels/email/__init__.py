"""Mail: IMAP in, SMTP out. Only what a configuration needs is imported here."""

from bridge.domain.ids import ChannelName
from bridge.plugins import ChannelPlugin
from bridge.ports.channel import Channel
from bridge.ports.surroundings import ChannelSurroundings
from channels.email.config import EmailConfig
from channels.email.setup import SETUP


def create(name: ChannelName, config: EmailConfig, surroundings: ChannelSurroundings) -> Channel:
    from channels.email.channel import EmailChannel  # noqa: PLC0415 - only when configured

    return EmailChannel(name, config, surroundings)


plugin = ChannelPlugin(
    title="Email",
    config=EmailConfig,
    create=create,
    setup=SETUP,
    sessions="per_place",
    welcome=False,
)
