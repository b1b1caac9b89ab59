"""`bridge doctor`: each thing that can be wrong with a bot, asked of the live platform."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from telegram import Bot, User, WebhookInfo
from telegram.error import TelegramError

from bridge.errors import ChannelError
from bridge.ports import Check, Clock
from channels.telegram.client import Client
from channels.telegram.complaints import HOOKED, Complaint, complaint
from channels.telegram.errors import meaning
from channels.telegram.line import Line, commands

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


async def examined(client: Client, line: Line, clock: Clock) -> Sequence[Check]:
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


def _bad(name: str, found: Complaint) -> Check:
    return Check(name=name, ok=False, detail=found.detail, fix=found.fix)


def _webhook(hook: WebhookInfo) -> Check:
    if not hook.url:
        return Check(name="webhook", ok=True, detail="none, as it has to be")
    host = urlsplit(hook.url).hostname or "somewhere"
    return Check(name="webhook", ok=False, detail=f"{HOOKED.detail}: {host}", fix=HOOKED.fix)


async def _updates(bot: Bot, line: Line, clock: Clock) -> Check:
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
