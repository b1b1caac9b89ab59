"""How a bot is added: what to click, what is asked, and what Telegram says to the answers."""

from collections.abc import Mapping

from pydantic import ValidationError

from bridge.domain.errors import ConfigError
from bridge.plugins import Ask, Setup, Verified
from channels.telegram.config import API, TelegramConfig
from channels.telegram.config import TOKEN as TOKEN_FORM

INTRO = """\
1. Open Telegram and write to **@BotFather** (https://t.me/BotFather).
2. Send it `/newbot`, and give the bot a name and a username that ends in `bot`.
3. Copy the token it answers with: `123456:ABC-DEF…`.
"""

TOKEN = Ask(
    key="token",
    prompt="Bot token",
    hint="@BotFather shows it after /newbot, and under /mybots → API Token",
    secret=True,
    form=TOKEN_FORM.pattern,
)


async def verify(answers: Mapping[str, str]) -> Verified:
    """Ask Telegram who this bot is. Raises `ConfigError`."""
    from channels.telegram.doctor import verified  # noqa: PLC0415 - imports the library

    try:
        config = TelegramConfig.model_validate(
            {"token": answers.get("token", ""), "api_url": answers.get("api_url") or API}
        )
    except ValidationError as error:
        raise ConfigError(*(_plain(str(each["msg"])) for each in error.errors())) from None
    return await verified(config)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


SETUP = Setup(intro=INTRO, asks=(TOKEN,), verify=verify)
