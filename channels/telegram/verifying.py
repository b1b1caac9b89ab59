"""What Telegram says to the answers of the set-up."""

from datetime import UTC, datetime

from telegram import User

from bridge.errors import ChannelError, ConfigError
from bridge.plugins import Verified
from channels.telegram.client import Client
from channels.telegram.complaints import complaint
from channels.telegram.config import TelegramConfig

PRIVACY = (
    "in groups it hears only what is said to it; for all of it: "
    "@BotFather → /setprivacy → Disable, then add the bot to the group anew"
)
GROUPS = "to let it into groups: @BotFather → /setjoingroups → Enable"
HOOK = "another program receives this bot's messages by a webhook; starting the bridge ends that"


async def verified(config: TelegramConfig) -> Verified:
    """Ask Telegram who the bot is. Raises `ConfigError` that says what to do."""
    client = Client(config, lambda: datetime.now(UTC))
    try:
        async with client.open() as bot:
            me = await bot.get_me()
            hook = await bot.get_webhook_info()
    except ChannelError as error:
        found = complaint(error)
        raise ConfigError(f"{found.detail}: {found.fix}") from error
    steps = [*_steps(me), *([HOOK] if hook.url else [])]
    return Verified(
        account=f"@{me.username}", link=f"https://t.me/{me.username}", steps=tuple(steps)
    )


def _steps(me: User) -> list[str]:
    steps = ["open the link and press Start"]
    if not me.can_join_groups:
        steps.append(GROUPS)
    elif not me.can_read_all_group_messages:
        steps.append(PRIVACY)
    return steps
