"""The section of one bot in the configuration."""

import re

from pydantic import SecretStr, field_validator

from bridge.plugins import Section

API = "https://api.telegram.org"
TOKEN = re.compile(r"\d+:[\w-]+")


class TelegramConfig(Section):
    """`token` is what @BotFather gave. `api_url`: another Bot API server than Telegram's own."""

    token: SecretStr
    api_url: str = API

    @field_validator("token")
    @classmethod
    def _looks_like_a_token(cls, token: SecretStr) -> SecretStr:
        if not TOKEN.fullmatch(token.get_secret_value().strip()):
            raise ValueError("a bot's token looks like 123456:ABC-DEF; copy it from @BotFather")
        return SecretStr(token.get_secret_value().strip())

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, api_url: str) -> str:
        if not api_url.startswith(("http://", "https://")):
            raise ValueError("it begins with https:// or http://")
        return api_url.rstrip("/")
