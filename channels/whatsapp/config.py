"""The config section of one WhatsApp number."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bridge.plugins import Section
from channels.whatsapp.conversation_ids import has_number, place_of

API = "https://api.twilio.com"
POLL_SECONDS = 300.0
POLL_SECONDS_ALONE = 15.0
"""Where Twilio cannot call, looking is the only way to hear."""


def _place(number: str) -> str:
    place = place_of(number)
    if place is None or not has_number(place):
        raise ValueError("a number in the international form, like +14155238886")
    return place


def _sid(letters: str, what: str) -> AfterValidator:
    shape = re.compile(rf"{letters}[0-9a-fA-F]{{32}}")

    def check(sid: str) -> str:
        if sid and not shape.fullmatch(sid):
            raise ValueError(f"{what} is {letters} and 32 digits and letters from a to f")
        return sid

    return AfterValidator(check)


Template = Annotated[str, _sid("HX", "a content SID")]


class Templates(Section):
    """Content SIDs. `buttons_N`: a quick reply with N buttons; `reopen`: approved, see the docs."""

    buttons_1: Template = ""
    buttons_2: Template = ""
    buttons_3: Template = ""
    reopen: Template = ""

    def buttons(self, count: int) -> str:
        """Return the template for so many buttons, or nothing."""
        return {1: self.buttons_1, 2: self.buttons_2, 3: self.buttons_3}.get(count, "")

    @property
    def has_buttons(self) -> bool:
        return any(self.buttons(count) for count in (1, 2, 3))

    def named(self) -> Mapping[str, str]:
        """Return the configured ones by their keys."""
        return {key: sid for key, sid in self.model_dump().items() if sid}


class WhatsAppConfig(Section):
    """`number`: ours. `auth_token` signs what Twilio sends; `api_key` may be used to call it.

    `poll_seconds`: between two looks for what no webhook brought; None: by whether there is one.
    """

    account_sid: Annotated[str, Field(min_length=1), _sid("AC", "an account SID")]
    auth_token: Annotated[SecretStr, Field(min_length=1)]
    number: Annotated[str, AfterValidator(_place)]
    api_key: Annotated[str, _sid("SK", "an API key's SID")] = ""
    api_secret: SecretStr = SecretStr("")
    templates: Templates = Templates()
    poll_seconds: Annotated[float, Field(gt=0)] | None = None
    api_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] = API

    @model_validator(mode="after")
    def _key_and_secret(self) -> "WhatsAppConfig":
        if bool(self.api_key) != bool(self.api_secret.get_secret_value()):
            raise ValueError("api_key and api_secret belong together")
        return self

    @property
    def login(self) -> tuple[str, str]:
        """What the API is called with: user and password."""
        if self.api_key:
            return self.api_key, self.api_secret.get_secret_value()
        return self.account_sid, self.auth_token.get_secret_value()
