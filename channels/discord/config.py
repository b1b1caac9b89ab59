"""What the config says of one Discord account, and how patient its channel is."""

from dataclasses import dataclass

from pydantic import Field, SecretStr

from bridge.plugins import Section

API_URL = "https://discord.com/api/v10"


class DiscordConfig(Section):
    """`token` is the bot's. `api_url` is Discord's own unless something stands in for it."""

    token: SecretStr = Field(min_length=1)
    api_url: str = API_URL


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
