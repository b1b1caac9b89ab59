"""`bridge doctor`: each thing that can be wrong with a bot, asked of the live platform.

A complaint says in words for whoever runs the bridge why Telegram cannot be used, and what to do
about it. The set-up tries a token with the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from telegram import Bot, User, WebhookInfo
from telegram.error import TelegramError

from bridge.domain.errors import (
    ChannelError,
    ConfigError,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
)
from bridge.plugins import Verified
from bridge.ports.clock import Clock
from bridge.ports.health import Check
from channels.telegram.client import Client
from channels.telegram.config import TelegramConfig
from channels.telegram.errors import CONFLICT, PAGE, meaning
from channels.telegram.inbound import Poller, commands


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    detail: str
    fix: str


REVOKED = Complaint(
    detail="Telegram refuses the token: it was revoked, or the bot was deleted",
    fix="@BotFather → /mybots → the bot → API Token; put the new one under `token`",
)
MALFORMED = Complaint(
    detail="Telegram knows no bot of this token",
    fix="copy the whole token from @BotFather, digits, colon and all, and put it under `token`",
)
POLLER = Complaint(
    detail="another program asks for this bot's messages, so each gets only some of them",
    fix="stop the other program; if it is unknown, @BotFather → /revoke and use the new token",
)
HOOKED = Complaint(
    detail="a webhook was set, so Telegram gives the messages to somebody else",
    fix="stop the program that sets it; the bridge takes the webhook away when it starts",
)
WEB_PAGE = Complaint(
    detail="a web page answers instead of Telegram",
    fix="let this machine past the proxy or the sign-in page, or correct `api_url`",
)
CERTIFICATE = Complaint(
    detail="the certificate that Telegram's address shows is not trusted",
    fix="something reads along the way: add its certificate to this machine, or go around it",
)
NO_NAME = Complaint(
    detail="the name of Telegram's server cannot be found",
    fix="look at this machine's DNS and network, or correct `api_url`",
)
NO_ANSWER = Complaint(
    detail="Telegram's server does not answer",
    fix="a firewall may be in between: allow HTTPS to it, or set HTTPS_PROXY",
)
PROXY = Complaint(
    detail="the proxy refuses the connection to Telegram",
    fix="look at HTTPS_PROXY and at what the proxy allows",
)
REFUSED = Complaint(
    detail="nothing accepts a connection at Telegram's address",
    fix="look at the network, and at `api_url` if you run a Bot API server of your own",
)
FAILING = Complaint(
    detail="Telegram itself is failing just now",
    fix="wait; the bridge goes on by itself",
)
OTHER = Complaint(
    detail="Telegram refuses to answer",
    fix="look at the log, and at https://t.me/botnews",
)

WORDS = (
    ("certificate", CERTIFICATE),
    ("name or service not known", NO_NAME),
    ("name resolution", NO_NAME),
    ("getaddrinfo", NO_NAME),
    ("nodename nor servname", NO_NAME),
)
CODES = {
    PAGE: WEB_PAGE,
    "ConnectTimeout": NO_ANSWER,
    "ReadTimeout": NO_ANSWER,
    "ProxyError": PROXY,
    "ConnectError": REFUSED,
}


def complaint(error: ChannelError) -> Complaint:
    """Return what is wrong when a call failed like this."""
    words = str(error).lower()
    match error:
        case Unauthorized(code="404"):
            return MALFORMED
        case Unauthorized():
            return REVOKED
        case RateLimited(until=until):
            detail = f"Telegram asks to be left alone until {until:%H:%M:%S} UTC"
            return Complaint(detail=detail, fix="wait; the bridge goes on by itself")
        case ChannelError(code=code) if code == CONFLICT:
            return HOOKED if "webhook" in words else POLLER
        case _:
            pass
    for fragment, found in WORDS:
        if fragment in words:
            return found
    if error.code in CODES:
        return CODES[error.code]
    return FAILING if isinstance(error, OutcomeUnknown) else OTHER


SKEW = timedelta(seconds=60)
SERVER_ERROR = 500
NO_SUCH_FILE = "nothing"

NO_FILES = Complaint(
    detail="files cannot be fetched: their server cannot be reached",
    fix="allow HTTPS to it; a Bot API server of your own has to serve /file as well",
)
NO_GROUPS = Complaint(
    detail="the bot cannot be added to groups",
    fix="@BotFather → /setjoingroups → Enable, unless you want it in private chats only",
)
NO_MENU = Complaint(
    detail="the menu does not show the bridge's commands",
    fix="start the bridge again: it registers them; another program may set others",
)
PRIVACY = (
    "in groups the bot hears only commands, mentions and replies to it (privacy mode); "
    "for all of it: @BotFather → /setprivacy → Disable, then add the bot to the group anew"
)


async def examined(client: Client, line: Poller, clock: Clock) -> Sequence[Check]:
    """Return what was found, the most basic first; what cannot be asked is left out."""
    try:
        async with client.open() as bot:
            me = await bot.get_me()
            hook = await bot.get_webhook_info()
            return [
                Check(name="token", ok=True, detail=f"@{me.username}"),
                _webhook(hook),
                *([] if hook.url else [await _updates(bot, line, clock)]),
                *_groups(me),
                await _menu(bot),
                *await _server(client, clock),
            ]
    except ChannelError as error:
        return [_bad("token", complaint(error))]


async def tried(client: Client) -> Check | None:
    """Return what keeps the bot from being used at all."""
    try:
        async with client.open() as bot:
            await bot.get_me()
    except ChannelError as error:
        return _bad("token", complaint(error))
    return None


def _bad(name: str, found: Complaint) -> Check:
    return Check(name=name, ok=False, detail=found.detail, fix=found.fix)


def _webhook(hook: WebhookInfo) -> Check:
    if not hook.url:
        return Check(name="webhook", ok=True, detail="none, as it has to be")
    host = urlsplit(hook.url).hostname or "somewhere"
    return Check(name="webhook", ok=False, detail=f"{HOOKED.detail}: {host}", fix=HOOKED.fix)


async def _updates(bot: Bot, line: Poller, clock: Clock) -> Check:
    """Say whether messages come in. Asks only if nobody here does: two would disturb each other."""
    trouble = line.trouble
    if not line.listening:
        trouble = await _asked_once(bot, clock)
    if trouble is not None:
        return _bad("messages", complaint(trouble))
    return Check(name="messages", ok=True, detail="come in")


async def _asked_once(bot: Bot, clock: Clock) -> ChannelError | None:
    try:
        await bot.do_api_request("getUpdates", api_kwargs={"limit": 1, "timeout": 0})
    except TelegramError as error:
        return meaning(error, clock.now)
    return None


def _groups(me: User) -> list[Check]:
    if not me.can_join_groups:
        return [_bad("groups", NO_GROUPS)]
    if not me.can_read_all_group_messages:
        return [Check(name="groups", ok=True, detail=PRIVACY)]
    return [Check(name="groups", ok=True, detail="the bot hears everything said in its groups")]


async def _menu(bot: Bot) -> Check:
    known = {(each.command, each.description) for each in await bot.get_my_commands()}
    if set(commands()) - known:
        return _bad("commands", NO_MENU)
    return Check(name="commands", ok=True, detail="are in the menu")


async def _server(client: Client, clock: Clock) -> list[Check]:
    """Ask the server of files for one that is not there; its answer tells the time as well."""
    try:
        async with client.http() as http:
            answer = await http.get(client.file_url(NO_SUCH_FILE))
    except httpx.HTTPError:
        return [_bad("files", NO_FILES)]
    if answer.status_code >= SERVER_ERROR:
        return [_bad("files", NO_FILES)]
    return [Check(name="files", ok=True, detail="can be fetched"), *_time(answer, clock.now())]


def _time(answer: httpx.Response, now: datetime) -> list[Check]:
    try:
        there = parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return []
    skew = now - there
    if abs(skew) < SKEW:
        return [Check(name="clock", ok=True, detail="agrees with Telegram's")]
    seconds = f"{abs(skew).total_seconds():.0f} s {'ahead' if skew > timedelta(0) else 'behind'}"
    return [
        Check(
            name="clock",
            ok=False,
            detail=f"this machine's clock is {seconds}",
            fix="let it set its time by itself (NTP): schedules fire by this clock",
        )
    ]


# -- the set-up -----------------------------------------------------------------------------------

ONLY_TO_IT = (
    "in groups it hears only what is said to it; for all of it: "
    "@BotFather → /setprivacy → Disable, then add the bot to the group anew"
)
MAY_JOIN = "to let it into groups: @BotFather → /setjoingroups → Enable"
HOOK = "another program receives this bot's messages by a webhook; starting the bridge ends that"


async def verified(config: TelegramConfig) -> Verified:
    """Ask Telegram who the bot is. Raises `ConfigError` that says what to do."""
    client = Client(config, lambda: datetime.now(UTC))
    try:
        async with client.open() as bot:
            me = await bot.get_me()
            hook = await bot.get_webhook_info()
    except ChannelError as error:
        found = complaint(error)
        raise ConfigError(f"{found.detail}: {found.fix}") from error
    steps = [*_steps(me), *([HOOK] if hook.url else [])]
    return Verified(
        account=f"@{me.username}", link=f"https://t.me/{me.username}", steps=tuple(steps)
    )


def _steps(me: User) -> list[str]:
    steps = ["open the link and press Start"]
    if not me.can_join_groups:
        steps.append(MAY_JOIN)
    elif not me.can_read_all_group_messages:
        steps.append(ONLY_TO_IT)
    return steps
