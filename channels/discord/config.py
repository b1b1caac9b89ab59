"""What the config says of one Discord account, and how patient its channel is."""

import re
from dataclasses import dataclass

from pydantic import Field, SecretStr, model_validator

from bridge.plugins import Section

TOKEN_SHAPE = re.compile(r"[\w-]{20,}\.[\w-]{4,}\.[\w-]{20,}")
NO_TOKEN = "this is no bot token"  # noqa: S105 - what is said of one
API_URL = "https://discord.com/api/v10"
PORTAL = "https://discord.com/developers/applications"


class DiscordConfig(Section):
    """`token` is the bot's. `api_url` is Discord's own unless something stands in for it."""

    token: SecretStr = Field(min_length=1)
    api_url: str = API_URL

    @model_validator(mode="after")
    def _looks_like_a_token(self) -> "DiscordConfig":
        """Discord's own tokens have a form; what stands in for Discord may have others."""
        token = self.token.get_secret_value().strip()
        if self.api_url == API_URL and token and not TOKEN_SHAPE.fullmatch(token):
            raise ValueError(f"token: {NO_TOKEN}: it has three parts with dots between")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long the channel waits, in seconds; all by the bridge's clock.

    `again`: before what the store could not keep is handed in again. `save`: between two writes of
    what was seen. `answer`: how long an interaction may wait for its answer before Discord is told
    that one will come (it gives up after 3). `identify`: before a lost session is begun anew, as
    Discord asks. `reconnect`: before each attempt to connect, by the failures in a row.
    """

    again: float = 0.5
    save: float = 2.0
    answer: float = 2.0
    identify: float = 3.0
    reconnect: tuple[float, ...] = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0)
