"""What the bot may do in a room, computed as Discord's documentation says (Permissions)."""

from collections.abc import Mapping, Sequence
from typing import Any

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
