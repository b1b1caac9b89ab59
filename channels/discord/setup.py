"""Adding a Discord account: what to click, what to ask, and whether it works."""

from collections.abc import Mapping

from bridge.plugins import Ask, Setup, Verified
from channels.discord.config import PORTAL, TOKEN_SHAPE

INTRO = f"""\
1. Open <{PORTAL}>, choose **New Application** and give it the name people will see.
2. On its **Bot** page, under *Privileged Gateway Intents*, switch on **Message Content Intent**.
3. On the same page choose **Reset Token** and copy the token; Discord shows it once.
"""


async def verify(answers: Mapping[str, str]) -> Verified:
    """Try the token with Discord. Raises `ConfigError`."""
    from channels.discord.doctor import verified  # noqa: PLC0415 - imports the library

    return await verified(answers)


SETUP = Setup(
    intro=INTRO,
    asks=(
        Ask(
            key="token",
            prompt="Bot token",
            hint="on the application's Bot page: Reset Token",
            secret=True,
            form=TOKEN_SHAPE.pattern,
        ),
    ),
    verify=verify,
)
