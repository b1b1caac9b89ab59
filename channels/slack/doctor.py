"""What is wrong with an account: each fault one line, with where to click.

Source: https://docs.slack.dev/reference/methods/auth.test, ….apps.connections.open
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

from bridge.domain.errors import ChannelError, Gone, OutcomeUnknown, RateLimited, Unauthorized
from bridge.ports.health import Check
from channels.slack.client import BotUser, Web
from channels.slack.conversation_ids import Spot
from channels.slack.manifest import APP_SCOPE, EVENTS, SCOPES
from channels.slack.read_marks import Sources
from channels.slack.socket import SOCKET_MODE_OFF

MOST_ROOMS = 20
"""Rooms that are looked at, those heard of last first."""

HELLO_SECONDS = 5.0

COPY_BOT_TOKEN = "Install App → copy the Bot User OAuth Token (xoxb-…) into bot_token"  # noqa: S105
COPY_APP_TOKEN = (
    f"Basic Information → App-Level Tokens → Generate, with {APP_SCOPE} → copy it into app_token"
)
ADD_SCOPE = "OAuth & Permissions → Bot Token Scopes → Add, then Install App → Reinstall"
SWAP = "bot_token begins with xoxb-, app_token with xapp-: put each in its place"

TOKEN_FIXES = {
    "invalid_auth": ("Slack does not know this token", COPY_BOT_TOKEN),
    "not_authed": ("there is no token", COPY_BOT_TOKEN),
    "token_revoked": ("the token was revoked, or the app removed", f"reinstall: {COPY_BOT_TOKEN}"),
    "token_expired": (
        "the token has expired",
        "OAuth & Permissions → switch token rotation off and make a new app from the manifest",
    ),
    "account_inactive": (
        "the app was removed from the workspace, or the workspace is gone",
        f"Install App → Install to Workspace: {COPY_BOT_TOKEN}",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What Slack said as the socket opened: whose app the app token is."""

    app: str


async def diagnose(web: Web, app_token: str, sources: Sources) -> Sequence[Check]:
    """Look at both tokens, the scopes, the socket and the rooms that are known."""
    account, bot = await bot_token(web)
    greeting, socket = await app_level_token(web, app_token)
    checks = [bot, socket]
    if account is not None:
        checks += scopes(account)
        checks += [each async for each in same_app(web, account, greeting)]
        await sources.load()
        checks += [each async for each in known_rooms(web, sources)]
    checks.append(events())
    return checks


# -- the tokens -----------------------------------------------------------------------------------


async def bot_token(web: Web) -> tuple[BotUser | None, Check]:
    name, token = "bot token", web.client.token or ""
    if token.startswith("xapp-"):
        return None, _wrong(name, "this is the app-level token: the two are swapped", SWAP)
    if token.startswith("xoxp-"):
        return None, _wrong(name, "this is a person's token, not the bot's", COPY_BOT_TOKEN)
    try:
        account = await web.account()
    except ChannelError as error:
        return None, _refused(name, error)
    if not account.bot:
        return None, _wrong(name, "this token belongs to no bot", COPY_BOT_TOKEN)
    return account, Check(name=name, ok=True, detail=f"{account.name} in {account.team_name}")


async def app_level_token(web: Web, token: str) -> tuple[Greeting | None, Check]:
    name = "app token"
    if token.startswith(("xoxb-", "xoxp-")):
        return None, _wrong(name, "this is not an app-level token: the two are swapped", SWAP)
    try:
        opened = await web.ask(web.client.apps_connections_open(app_token=token))
        greeting = await _greeting(web, str(opened["url"]))
    except Unauthorized as error:
        return None, _app_token_refused(error)
    except ChannelError as error:
        return None, _refused("socket", error)
    return greeting, Check(name=name, ok=True, detail="Socket Mode answers")


def _app_token_refused(error: Unauthorized) -> Check:
    match error.code:
        case "link_disabled":
            return _wrong("socket", "Socket Mode is switched off", SOCKET_MODE_OFF)
        case "missing_scope":
            detail = f"the app-level token lacks {APP_SCOPE}"
            return _wrong("app token", detail, COPY_APP_TOKEN)
        case "not_allowed_token_type":
            return _wrong("app token", "this is not an app-level token", COPY_APP_TOKEN)
        case code:
            return _wrong("app token", f"Slack refuses it: {code}", COPY_APP_TOKEN)


async def _greeting(web: Web, url: str) -> Greeting:
    """Connect for a moment. What is delivered meanwhile is not acknowledged, so it comes again."""
    try:
        async with (
            web.session() as session,
            session.ws_connect(url, proxy=web.client.proxy) as socket,
        ):
            said = json.loads(await socket.receive_str(timeout=HELLO_SECONDS))
    except (aiohttp.ClientError, TimeoutError, TypeError, ValueError) as error:
        raise OutcomeUnknown("the socket does not open", code=type(error).__name__) from error
    if said.get("reason") == "link_disabled":
        raise Unauthorized(SOCKET_MODE_OFF, code="link_disabled")
    return Greeting(app=str((said.get("connection_info") or {}).get("app_id") or ""))


def _refused(name: str, error: ChannelError) -> Check:
    match error:
        case RateLimited(until=until):
            detail = f"Slack asks to wait until {until:%H:%M:%S} UTC"
            return _wrong(name, detail, "wait, and look for another program using this token")
        case Unauthorized():
            detail, fix = TOKEN_FIXES.get(error.code, (str(error), COPY_BOT_TOKEN))
            return _wrong(name, detail, fix)
        case OutcomeUnknown(code="not_json"):
            return _wrong(name, "what answers is not Slack: no JSON", "is api_url right? a proxy?")
        case _:
            fix = "try again later; see https://slack-status.com and this machine's network"
            return _wrong(name, str(error), fix)


# -- what the tokens may --------------------------------------------------------------------------


def scopes(account: BotUser) -> list[Check]:
    if account.scopes is None:
        return [Check(name="scopes", ok=True, detail="Slack does not say which there are")]
    missing = [scope for scope in SCOPES if scope.name not in account.scopes]
    if not missing:
        return [Check(name="scopes", ok=True, detail=f"all {len(SCOPES)} are there")]
    return [
        _wrong(f"scope {scope.name}", f"without it the bot cannot {scope.purpose}", ADD_SCOPE)
        for scope in missing
    ]


async def same_app(web: Web, account: BotUser, greeting: Greeting | None) -> AsyncIterator[Check]:
    """Compare whose app the two tokens are of, where Slack tells both."""
    if greeting is None or not greeting.app:
        return
    with suppress(ChannelError):
        app = await app_of(web, account)
        if app and app != greeting.app:
            detail = f"bot_token is of the app {app}, app_token of {greeting.app}"
            yield _wrong("same app", detail, "copy both from one app at https://api.slack.com/apps")


async def app_of(web: Web, account: BotUser) -> str:
    """Return the id of the app that the bot belongs to. Raises a `ChannelError`."""
    answer = await web.ask(web.client.bots_info(bot=account.bot))
    return str((answer.get("bot") or {}).get("app_id") or "")


def events() -> Check:
    detail = f"Slack does not tell which events the app hears; there must be {', '.join(EVENTS)}"
    fix = "Event Subscriptions → Subscribe to bot events"
    return Check(name="events", ok=True, detail=detail, fix=fix)


# -- where it is used -----------------------------------------------------------------------------


async def known_rooms(web: Web, sources: Sources) -> AsyncIterator[Check]:
    """Look at the rooms heard of last; only those with something wrong are told."""
    rooms = [each for each in sources.rooms() if not Spot(room=each).is_direct]
    for room in rooms[:MOST_ROOMS]:
        try:
            answer = await web.ask(web.client.conversations_info(channel=room))
        except Gone:
            yield _wrong(f"room {room}", "it is gone, or private and closed to the bot", INVITE)
            continue
        except ChannelError:
            return
        there = answer.get("channel") or {}
        name = f"room #{there.get('name') or room}"
        if there.get("is_archived"):
            yield _wrong(name, "it is archived", "unarchive it, or ask the bot elsewhere")
        elif there.get("is_member") is False:
            yield _wrong(name, "the bot is not in it any more", INVITE)


INVITE = "write /invite @bridge there"


def _wrong(name: str, detail: str, fix: str) -> Check:
    return Check(name=name, ok=False, detail=detail, fix=fix)
