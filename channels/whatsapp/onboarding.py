"""Trying what someone answered to `bridge add whatsapp`."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from bridge.errors import ChannelError, ConfigError
from bridge.plugins import Verified
from channels.whatsapp.api import Api
from channels.whatsapp.config import WhatsAppConfig
from channels.whatsapp.doctor import SANDBOX_PAGE, SENDER_PAGE, trouble
from channels.whatsapp.errors import FIXES
from channels.whatsapp.limits import SANDBOX
from channels.whatsapp.places import user_of


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def verify(answers: Mapping[str, str]) -> Verified:
    """Try the answers with Twilio. Raises `ConfigError` with what to do."""
    config = _config(answers)
    api = Api(config, WallClock())
    try:
        async with api.opened():
            account = await api.account()
            senders = await api.senders() if config.number != SANDBOX else ()
    except ChannelError as error:
        check = trouble("account", error, config)
        raise ConfigError(f"{check.detail}: {check.fix}") from error
    if account.status != "active":
        raise ConfigError(f"this account is {account.status}: the Console's first page says why")
    if config.number != SANDBOX and config.number not in {each.place for each in senders}:
        number = user_of(config.number)
        raise ConfigError(f"{number} is no WhatsApp sender of this account: {FIXES['63007']}")
    number = user_of(config.number)
    return Verified(
        account=f"{account.name} ({number})",
        link=f"https://wa.me/{number.removeprefix('+')}",
        steps=_steps(config),
    )


def _config(answers: Mapping[str, str]) -> WhatsAppConfig:
    given = {key: value.strip() for key, value in answers.items() if value.strip()}
    try:
        return WhatsAppConfig.model_validate(given)
    except ValidationError as error:
        raise ConfigError(
            *(_problem(each["loc"], each["msg"]) for each in error.errors())
        ) from None


def _problem(where: tuple[int | str, ...], what: str) -> str:
    return f"{'.'.join(map(str, where)) or 'answers'}: {what}"


PUBLIC = (
    "Set `http.public_url` to the https address under which Twilio can reach this bridge. "
    "Without one it still works: messages are looked for every few seconds."
)


def _steps(config: WhatsAppConfig) -> tuple[str, ...]:
    page = SANDBOX_PAGE if config.number == SANDBOX else SENDER_PAGE
    paste = (
        "Paste that address followed by `/channels/` and this account's name as the webhook for "
        f"incoming messages and once more as its fallback, both with POST ({page})."
    )
    if config.number != SANDBOX:
        return (PUBLIC, paste)
    return (f"Everyone sends the `join …` code to the number once ({SANDBOX_PAGE}).", PUBLIC, paste)
