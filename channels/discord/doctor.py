"""What `bridge doctor` and `bridge add` find out about an account, live.

Every fault has a line of its own, which says where to click.
What the bot may do in a room is computed as Discord's documentation says (Permissions).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bridge.domain.errors import (
    ChannelError,
    ConfigError,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.plugins import Verified
from bridge.ports.clock import Clock
from bridge.ports.health import Check
from channels.discord import commands
from channels.discord.client import Wire
from channels.discord.config import API_URL, NO_TOKEN, PORTAL, TOKEN_SHAPE
from channels.discord.errors import UNKNOWN_ROOM, translated
from channels.discord.read_marks import Seen

CONTENT_INTENT = 1 << 18 | 1 << 19
"""Flags of an application that may read what people write; the second is of small ones."""

MOST_PLACES = 25
"""Places looked at one by one: those that were spoken in last."""

CLOSED = {
    "50007": (
        "the person takes no direct messages from this bot",
        "they open the menu of a server both are on > Privacy Settings > Direct Messages",
    ),
    "50278": (
        "the person shares no server with this bot any more",
        "invite the bot to a server they are on",
    ),
}


class _Now:
    """The clock of whoever has none yet."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotUser:
    """What Discord says of the account. `app` is its application's JSON."""

    id: str
    name: str
    app: Mapping[str, Any]

    @property
    def application(self) -> str:
        return str(self.app["id"])

    @property
    def page(self) -> str:
        return f"{PORTAL}/{self.application}"


async def diagnose(
    wire: Wire, clock: Clock, seen: Seen, refused: Mapping[str, str]
) -> Sequence[Check]:
    """Return a check of each thing that can be wrong, until one makes the others pointless."""
    try:
        account = await look(wire, clock)
    except ChannelError as error:
        return [_trouble(error, wire.token or "")]
    checks = [Check(name="token", ok=True, detail=f"accepted: {account.name}")]
    try:
        checks += _application(account)
        checks += [each async for each in _surroundings(wire, clock, account)]
        checks += [each async for each in _places(wire, clock, account, seen, refused)]
    except ChannelError as error:
        checks.append(_trouble(error, wire.token or ""))
    return checks


async def tried(wire: Wire, clock: Clock) -> Check | None:
    """Return what keeps the account from being used at all."""
    try:
        account = await look(wire, clock)
    except ChannelError as error:
        return _trouble(error, wire.token or "")
    return next((each for each in _application(account) if not each.ok), None)


async def verified(answers: Mapping[str, str]) -> Verified:
    """Try the answers. Raises `ConfigError`."""
    clock, token = _Now(), answers.get("token", "").strip()
    if not TOKEN_SHAPE.fullmatch(token):
        raise ConfigError(f"{NO_TOKEN}: {_refused(token).fix}")
    wire = Wire(answers.get("api_url") or API_URL, token, clock)
    try:
        account = await look(wire, clock)
    except ChannelError as error:
        check = _trouble(error, wire.token or "")
        raise ConfigError(f"{check.detail}: {check.fix}") from error
    faults = [f"{each.detail}: {each.fix}" for each in _application(account) if not each.ok]
    return Verified(
        account=account.name,
        link=invitation(account.application),
        steps=(
            *faults,
            "Open the link, choose your server and confirm.",
            "Write to the bot: mention it in a room, or send it a direct message.",
        ),
    )


async def look(wire: Wire, clock: Clock) -> BotUser:
    """Return what the token stands for. Raises a `ChannelError`."""
    with translated(clock.now()):
        user = await wire.static_login(wire.token or "")
        app = cast("Mapping[str, Any]", await wire.application_info())
    return BotUser(id=str(user["id"]), name=user["username"], app=app)


# -- one thing at a time --------------------------------------------------------------------------


def _trouble(error: ChannelError, token: str) -> Check:
    """Return the check that failed so badly that no other makes sense."""
    if isinstance(error, Unauthorized):
        return _refused(token)
    detail, fix = _unconnected(error)
    return Check(name="connection", ok=False, detail=detail, fix=fix)


def _refused(token: str) -> Check:
    if TOKEN_SHAPE.fullmatch(token):
        return Check(
            name="token",
            ok=False,
            detail="Discord refuses the bot token",
            fix=f"{PORTAL} > your application > Bot > Reset Token, and put the new one into the"
            " config",
        )
    return Check(
        name="token",
        ok=False,
        detail=NO_TOKEN,
        fix=f"it has three parts with dots between, from {PORTAL} > your application > Bot > Reset"
        " Token; the application id, public key and client secret are others",
    )


def _unconnected(error: ChannelError) -> tuple[str, str]:
    match error:
        case RateLimited(code="cloudflare", until=until):
            return "Cloudflare refuses this machine's address", (
                "too many invalid requests came from it; stop what sends them and wait until"
                f" {until:%H:%M} UTC"
            )
        case RateLimited(until=until):
            soon = until + timedelta(minutes=1)
            return "Discord asks to be called less often", f"wait until {soon:%H:%M} UTC"
        case Unreachable():
            return str(error), "check this machine's connection, its DNS and the config's api_url"
        case OutcomeUnknown():
            return str(error), (
                "see https://discordstatus.com; the bridge connects again by itself"
            )
        case _:
            return f"Discord does not answer as it should: {error}", (
                "check the config's api_url: it ends in /api/v10"
            )


def _application(account: BotUser) -> Sequence[Check]:
    flags = int(account.app.get("flags") or 0)
    endpoint = account.app.get("interactions_endpoint_url")
    return [
        _check(
            "message content intent",
            ok=bool(flags & CONTENT_INTENT),
            wrong="what people write in rooms is kept from the bot, and Discord refuses to connect",
            fix=f"{account.page}/bot > Privileged Gateway Intents > Message Content Intent",
        ),
        _check(
            "interactions endpoint",
            ok=not endpoint,
            wrong="buttons and commands go to an interactions endpoint URL instead of here",
            fix=f"{account.page}/information > Interactions Endpoint URL: empty it",
        ),
        _check(
            "code grant",
            ok=not account.app.get("bot_require_code_grant"),
            wrong="nobody can invite the bot: it requires a code grant",
            fix=f"{account.page}/bot > Requires OAuth2 Code Grant: switch it off",
        ),
    ]


async def _surroundings(wire: Wire, clock: Clock, account: BotUser) -> AsyncIterator[Check]:
    with translated(clock.now()):
        _, _, starts = await wire.get_bot_gateway()
        guilds = await wire.get_guilds(1, with_counts=False)
        found = await wire.commands(int(account.application))
    yield _check(
        "starts left",
        ok=starts["remaining"] > 0,
        wrong="the bot began as many sessions today as Discord allows",
        fix=f"wait {timedelta(milliseconds=starts['reset_after'])}; is another program running with"
        " this token?",
    )
    yield _check(
        "servers",
        ok=bool(guilds),
        wrong="the bot is on no server, so nobody can write to it",
        fix=f"open {invitation(account.application)}",
    )
    yield _check(
        "commands",
        ok=commands.is_registered(found),
        wrong="the slash commands in Discord's menu are not ours",
        fix="restart the bridge: it registers them when it connects; is another program running"
        " with this token?",
    )


async def _places(
    wire: Wire, clock: Clock, account: BotUser, seen: Seen, refused: Mapping[str, str]
) -> AsyncIterator[Check]:
    guilds: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for place in seen.latest(MOST_PLACES):
        if place in seen.direct:
            yield _direct(place, refused.get(place, ""))
            continue
        try:
            with translated(clock.now()):
                yield await _room(wire, account, place, guilds)
        except (Gone, Rejected) as error:
            if error.code == str(UNKNOWN_ROOM):
                await seen.forget(place)
                continue
            yield Check(
                name=f"room {place}",
                ok=False,
                detail="the bot cannot see this room any more",
                fix="its settings > Permissions: add the bot, allow View Channels",
            )


def _direct(place: str, code: str) -> Check:
    wrong, fix = CLOSED.get(code, (f"Discord refused the last message: {code}", "write to the bot"))
    return _check(f"direct messages {place}", ok=not code, wrong=wrong, fix=fix)


async def _room(
    wire: Wire,
    account: BotUser,
    place: str,
    guilds: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> Check:
    room = cast("Mapping[str, Any]", await wire.get_channel(int(place)))
    name, is_thread = f"#{room.get('name')}", room["type"] in THREAD_TYPES
    if is_thread:
        room = cast("Mapping[str, Any]", await wire.get_channel(int(room["parent_id"])))
    guild = str(room["guild_id"])
    if guild not in guilds:
        guilds[guild] = (
            cast("Mapping[str, Any]", await wire.get_guild(int(guild), with_counts=False)),
            cast("Mapping[str, Any]", await wire.get_member(int(guild), int(account.id))),
        )
    there, member = guilds[guild]
    lacking = ", ".join(missing(room, thread=is_thread, guild=there, member=member))
    return _check(
        f"room {name}",
        ok=not lacking,
        wrong=f"the bot lacks: {lacking}",
        fix=f"{name} > Edit Channel > Permissions: add {account.name}, allow {lacking}",
    )


def _check(name: str, *, ok: bool, wrong: str, fix: str) -> Check:
    return Check(name=name, ok=ok, detail="" if ok else wrong, fix="" if ok else fix)


# -- what the bot may do in a room ----------------------------------------------------------------

ADMINISTRATOR = 1 << 3
NEEDED: Mapping[str, int] = {
    "View Channels": 1 << 10,
    "Send Messages": 1 << 11,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Send Messages in Threads": 1 << 38,
}
"""By the names Discord shows, all that we ask for and no more."""

ALL = sum(NEEDED.values())

THREAD_TYPES = frozenset({10, 11, 12})


def invitation(application: str) -> str:
    """Return the address under which the bot is brought onto a server."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application}"
        f"&permissions={ALL}&scope=bot+applications.commands"
    )


def missing(
    room: Mapping[str, Any], *, thread: bool, guild: Mapping[str, Any], member: Mapping[str, Any]
) -> Sequence[str]:
    """Return the names of what the bot needs in a room and may not do there.

    `room` is the one whose overwrites count, a thread's parent for a thread.
    """
    allowed = _allowed(room, guild, member)
    needless = "Send Messages" if thread else "Send Messages in Threads"
    return [name for name, bit in NEEDED.items() if name != needless and not allowed & bit]


def _allowed(room: Mapping[str, Any], guild: Mapping[str, Any], member: Mapping[str, Any]) -> int:
    everyone = str(guild["id"])
    roles = {everyone, *map(str, member["roles"])}
    base = 0
    for role in guild["roles"]:
        if str(role["id"]) in roles:
            base |= int(role["permissions"])
    if base & ADMINISTRATOR:
        return -1
    overwrites = {str(each["id"]): each for each in room.get("permission_overwrites", ())}
    base = _overwritten(base, [overwrites[everyone]] if everyone in overwrites else [])
    base = _overwritten(
        base, [overwrites[role] for role in roles - {everyone} if role in overwrites]
    )
    me = str(member["user"]["id"])
    return _overwritten(base, [overwrites[me]] if me in overwrites else [])


def _overwritten(allowed: int, overwrites: Sequence[Mapping[str, Any]]) -> int:
    deny = allow = 0
    for each in overwrites:
        deny |= int(each["deny"])
        allow |= int(each["allow"])
    return allowed & ~deny | allow
