"""The config section, and what `bridge add whatsapp` asks."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bridge.plugins import Ask, Section, Setup, Verified
from channels.whatsapp.limits import SANDBOX
from channels.whatsapp.places import has_number, place_of, user_of

API = "https://api.twilio.com"
POLL_SECONDS = 300.0
POLL_SECONDS_ALONE = 15.0
"""Where Twilio cannot call, looking is the only way to hear."""


def _place(number: str) -> str:
    place = place_of(number)
    if place is None or not has_number(place):
        raise ValueError("a number in the international form, like +14155238886")
    return place


Template = Annotated[str, Field(pattern=r"^(HX[0-9a-fA-F]{32})?$")]


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

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: Annotated[SecretStr, Field(min_length=1)]
    number: Annotated[str, AfterValidator(_place)]
    api_key: Annotated[str, Field(pattern=r"^(SK[0-9a-fA-F]{32})?$")] = ""
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


INTRO = f"""\
You need a Twilio account with WhatsApp:

1. Sign up at https://www.twilio.com and open the Console, https://console.twilio.com.
2. To try it at once, use the sandbox: *Messaging → Try it out → Send a WhatsApp message*. Its
   number is {user_of(SANDBOX)}, and everyone who wants to write to it joins it once with a code.
3. For a number of your own: *Messaging → Senders → WhatsApp senders*.
"""


def setup(verify: Callable[[Mapping[str, str]], Coroutine[Any, Any, Verified]]) -> Setup:
    return Setup(
        intro=INTRO,
        asks=(
            Ask(
                key="account_sid",
                prompt="Account SID",
                hint="on the first page of the Console; it begins with AC",
            ),
            Ask(
                key="auth_token",
                prompt="Auth token",
                hint="below the account SID",
                secret=True,
            ),
            Ask(
                key="number",
                prompt="WhatsApp number",
                hint="of your sender, or the sandbox's",
                default=user_of(SANDBOX),
            ),
        ),
        verify=verify,
    )
