"""`bridge add slack`: both tokens are tried with Slack before anything is written."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from bridge.domain.errors import ChannelError, ConfigError
from bridge.plugins import Verified
from bridge.ports.health import Check
from channels.slack import doctor
from channels.slack.client import BotUser, Web
from channels.slack.config import API, ASKS
from channels.slack.manifest import COMMAND


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def verify(answers: Mapping[str, str]) -> Verified:
    """Return what Slack says of the answers. Raises `ConfigError` with every fault and its fix."""
    web = Web(
        "slack", answers.get("bot_token", "").strip(), answers.get("api_url") or API, _Clock()
    )
    app_token = answers.get("app_token", "").strip()
    if wrong := [each for each in ASKS if not _has_form(each.key, answers)]:
        raise ConfigError(*(f"{each.prompt}: {each.hint}" for each in wrong))
    async with web.connected():
        account, bot = await doctor.bot_token(web)
        greeting, socket = await doctor.app_level_token(web, app_token)
        checks = [bot, socket]
        if account is None:
            raise ConfigError(*_problems(checks))
        checks += doctor.scopes(account)
        checks += [each async for each in doctor.same_app(web, account, greeting)]
        if problems := _problems(checks):
            raise ConfigError(*problems)
        app = greeting.app if greeting is not None else ""
        with suppress(ChannelError):
            app = app or await doctor.app_of(web, account)
    return _verified(account, app)


def _has_form(key: str, answers: Mapping[str, str]) -> bool:
    """Say whether an answer is a token of Slack's at all; which one, Slack says."""
    return answers.get(key, "").strip().startswith(("xoxb-", "xoxp-", "xapp-"))


def _problems(checks: list[Check]) -> list[str]:
    return [f"{each.name}: {each.detail}. {each.fix}" for each in checks if not each.ok]


def _verified(account: BotUser, app: str) -> Verified:
    return Verified(
        account=f"@{account.name} in {account.team_name}",
        link=f"https://slack.com/app_redirect?app={app}&team={account.team}",
        steps=(
            "Open the link and write something in the Messages tab.",
            f"In a room: /invite @{account.name}, then mention it, or type {COMMAND}.",
            "Whom it serves is the config's `allow`; ids are in a profile, ⋮ → Copy member ID.",
        ),
    )
