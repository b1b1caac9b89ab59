"""The config section of a Slack account, and what `bridge add` asks for it."""

from typing import Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator

from bridge.plugins import Ask, Section
from channels.slack.manifest import as_yaml

API = "https://slack.com/api/"

Threads = Literal["auto", "always", "never"]


class SlackConfig(Section):
    """One workspace.

    `threads`: whether a message to the bot in a room starts a thread, or is answered beside it;
    `always`: in a direct message too. `starters`: what people may begin with, in one tap.
    `api_url`: where Slack's Web API is, for tests.
    """

    bot_token: SecretStr
    app_token: SecretStr
    threads: Threads = "auto"
    starters: tuple[str, ...] = Field(default=(), max_length=4)
    api_url: str = API

    @model_validator(mode="after")
    def _looks_like_tokens(self) -> "SlackConfig":
        """Slack's own tokens have a form; what stands in for Slack may have others."""
        for key, begin in (("bot_token", "xoxb-"), ("app_token", "xapp-")):
            token = getattr(self, key).get_secret_value().strip()
            if self.api_url == API and token and not token.startswith(begin):
                raise ValueError(f"{key}: it begins with {begin}")
        return self


NEW_APP = f"https://api.slack.com/apps?new_app=1&manifest_yaml={quote(as_yaml(), safe='')}"
"""Opens Slack's "create an app" with everything filled in."""

INTRO = f"""\
1. Open this link, choose the workspace and press **Create**: {NEW_APP}
2. **Install App** → **Install to Workspace** → copy the *Bot User OAuth Token* (`xoxb-…`).
3. **Basic Information** → **App-Level Tokens** → **Generate**, with the scope
   `connections:write` → copy the token (`xapp-…`).
"""

ASKS = (
    Ask(
        key="bot_token",
        prompt="Bot User OAuth Token",
        hint="Install App → Bot User OAuth Token; begins with xoxb-",
        form=r"xox[bp]-[\w-]+",
        secret=True,
    ),
    Ask(
        key="app_token",
        prompt="App-level token",
        hint="Basic Information → App-Level Tokens; begins with xapp-",
        form=r"xapp-[\w-]+",
        secret=True,
    ),
)
