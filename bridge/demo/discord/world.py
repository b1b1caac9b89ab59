"""What is on the fake Discord: people, servers, rooms, messages; and how Discord writes them.

Nothing here knows of HTTP or sockets. Whoever calls holds the fake's lock.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EPOCH = 1_420_070_400_000
TEXT, DIRECT, THREAD = 0, 1, 11
STARTER = 21
SILENT, EPHEMERAL, VOICE = 1 << 12, 1 << 6, 1 << 13

PERMISSIONS = {
    "view": 1 << 10, "send": 1 << 11, "attach": 1 << 15, "history": 1 << 16,
    "send in threads": 1 << 38,
}  # fmt: skip

_numbers = 0


def snowflake(at: float | None = None) -> int:
    """Return a fresh id, greater than any before it of the same or an earlier millisecond."""
    global _numbers  # noqa: PLW0603 - ids are unique over all fakes of a process
    _numbers += 1
    milliseconds = int((time.time() if at is None else at) * 1000) - EPOCH
    return (milliseconds << 22) + (_numbers & 0x3FFFFF)


@dataclass(eq=False)
class Person:
    name: str
    id: int = field(default_factory=snowflake)
    bot: bool = False
    display: str = ""

    def mention(self) -> str:
        return f"<@{self.id}>"

    def as_user(self) -> dict[str, Any]:
        user: dict[str, Any] = {
            "id": str(self.id),
            "username": self.name.lower().replace(" ", "_"),
            "discriminator": "0",
            "global_name": self.display or self.name,
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }
        return user | ({"bot": True} if self.bot else {})


@dataclass(eq=False)
class Bot(Person):
    """A bot account and its application. `content`: the Message Content Intent is on."""

    token: str = ""
    app: int = field(default_factory=snowflake)
    content: bool = True
    endpoint: str | None = None
    code_grant: bool = False
    commands: list[dict[str, Any]] = field(default_factory=list)

    def flags(self) -> int:
        return 1 << 18 if self.content else 0

    def as_application(self) -> dict[str, Any]:
        return {
            "id": str(self.app), "name": self.name, "icon": None, "description": "", "summary": "",
            "bot_public": True, "bot_require_code_grant": self.code_grant, "verify_key": "0" * 64,
            "team": None, "flags": self.flags(), "interactions_endpoint_url": self.endpoint,
            "type": None, "flags_new": str(self.flags()), "redirect_uris": [],
            "role_connections_verification_url": None, "approximate_guild_count": 1,
            "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0, "eligible_oauth2_scopes": [],
            "bot": self.as_user(), "owner": Person("Owner", 1).as_user(),
        }  # fmt: skip


@dataclass(eq=False)
class Server:
    """What Discord calls a guild. `allowed`: what everyone may do, by the names in PERMISSIONS."""

    name: str
    bots: list[Bot]
    id: int = field(default_factory=snowflake)
    joined: float = field(default_factory=time.time)
    allowed: set[str] = field(default_factory=lambda: set(PERMISSIONS))
    rooms: list["Room"] = field(default_factory=list)
    bot_roles: dict[int, int] = field(default_factory=dict)
    members: int = 3

    def __post_init__(self) -> None:
        self.bot_roles = {bot.id: snowflake() for bot in self.bots}

    def as_guild(self) -> dict[str, Any]:
        everyone = sum(PERMISSIONS[name] for name in self.allowed)
        roles = [_role(self.id, "@everyone", everyone, None)]
        roles += [_role(self.bot_roles[bot.id], bot.name, 0, bot.id) for bot in self.bots]
        return {
            "id": str(self.id), "name": self.name, "icon": None, "owner_id": "1", "roles": roles,
            "emojis": [], "features": [], "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0, "mfa_level": 0, "system_channel_id": None,
            "system_channel_flags": 0, "rules_channel_id": None, "afk_channel_id": None,
            "afk_timeout": 300, "premium_tier": 0, "preferred_locale": "en-US", "nsfw_level": 0,
            "stickers": [], "premium_progress_bar_enabled": False, "vanity_url_code": None,
            "description": None, "banner": None, "splash": None, "discovery_splash": None,
            "application_id": None, "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "home_header": None, "region": "deprecated", "widget_enabled": False,
            "widget_channel_id": None, "max_presences": None, "max_members": 250_000,
            "max_stage_video_channel_users": 50, "max_video_channel_users": 25,
            "premium_subscription_count": 0, "nsfw": False, "incidents_data": None,
        }  # fmt: skip

    def as_created(self, bot: Bot) -> dict[str, Any]:
        """Return it as the gateway tells a bot of it."""
        seen = [room for room in self.rooms if room.readable()]
        return self.as_guild() | {
            "joined_at": moment(self.joined), "large": False, "unavailable": False,
            "member_count": 2, "members": [self.as_member(bot)], "voice_states": [],
            "channels": [room.as_channel() for room in seen if room.kind == TEXT],
            "threads": [room.as_channel() for room in seen if room.kind == THREAD],
            "presences": [], "stage_instances": [], "guild_scheduled_events": [],
        }  # fmt: skip

    def as_member(self, person: Person) -> dict[str, Any]:
        roles = [str(self.bot_roles[person.id])] if person.id in self.bot_roles else []
        return {
            "user": person.as_user(), "nick": None, "roles": roles, "flags": 0,
            "joined_at": moment(self.joined), "deaf": False, "mute": False, "avatar": None,
            "banner": None, "communication_disabled_until": None, "pending": False,
            "premium_since": None,
        }  # fmt: skip


@dataclass(eq=False)
class Message:
    """`whole` is the text; `file` bytes stand beside their attachments. `only`: who may see it.

    `before`: the texts that it had before it was edited.
    """

    room: "Room"
    author: Person
    content: str
    id: int = field(default_factory=snowflake)
    kind: int = 0
    edited: float | None = None
    deleted: bool = False
    flags: int = 0
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    files: dict[int, bytes] = field(default_factory=dict)
    reply_to: "Message | None" = None
    nonce: str = ""
    mentions: list[Person] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    pinged: list[Person] = field(default_factory=list)
    edits: int = 0
    before: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    only: Person | None = None
    reactions: dict[str, list[Person]] = field(default_factory=dict)

    @property
    def silent(self) -> bool:
        return bool(self.flags & SILENT)

    @property
    def buttons(self) -> dict[str, str]:
        """The values of its buttons by their labels."""
        each = [button for row in self.components for button in row["components"]]
        return {button["label"]: button["custom_id"] for button in each}

    def as_message(self, *, content: bool = True) -> dict[str, Any]:
        message: dict[str, Any] = {
            "id": str(self.id), "channel_id": str(self.room.id), "author": self.author.as_user(),
            "content": self.content if content else "", "timestamp": moment(stamp(self.id)),
            "edited_timestamp": moment(self.edited) if self.edited else None, "tts": False,
            "mention_everyone": False, "mentions": [each.as_user() for each in self.mentions],
            "mention_roles": [str(each) for each in self.roles],
            "attachments": self.attachments if content else [], "embeds": [], "pinned": False,
            "type": self.kind, "flags": self.flags, "components": self.components,
        }  # fmt: skip
        if self.reply_to is not None:
            reference = {"type": 0, "message_id": str(self.reply_to.id)}
            reference["channel_id"] = str(self.reply_to.room.id)
            there = None if self.reply_to.deleted else self.reply_to.as_message()
            message |= {"message_reference": reference, "referenced_message": there}
        return message | self.extra


@dataclass(eq=False)
class Room:
    """`denied`: what the bots may not do here. `closed`: the person refuses direct messages."""

    name: str
    kind: int
    server: Server | None = None
    parent: "Room | None" = None
    people: list[Person] = field(default_factory=list)
    id: int = field(default_factory=snowflake)
    messages: dict[int, Message] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    gone: bool = False
    closed: bool = False
    typed: int = 0

    def may(self, name: str) -> bool:
        above = self.parent.may(name) if self.parent is not None else True
        everywhere = self.server is None or name in self.server.allowed
        return above and everywhere and name not in self.denied

    def readable(self) -> bool:
        return self.may("view") and not self.gone

    def present(self) -> Sequence[Message]:
        return [each for each in self.messages.values() if not each.deleted]

    def as_channel(self) -> dict[str, Any]:
        newest = max((each.id for each in self.messages.values()), default=None)
        channel: dict[str, Any] = {
            "id": str(self.id), "type": self.kind, "flags": 0,
            "last_message_id": str(newest) if newest else None,
        }  # fmt: skip
        if self.server is None:
            people = [each.as_user() for each in self.people if not isinstance(each, Bot)]
            return channel | {"recipients": people}
        channel |= {"name": self.name, "guild_id": str(self.server.id)}
        if self.parent is not None:
            return channel | {
                "parent_id": str(self.parent.id), "owner_id": "1", "message_count": 0,
                "total_message_sent": 0,
                "member_count": 1, "rate_limit_per_user": 0,
                "thread_metadata": {
                    "archived": False, "auto_archive_duration": 1440, "locked": False,
                    "archive_timestamp": moment(time.time()),
                },
            }  # fmt: skip
        deny = sum(PERMISSIONS[name] for name in self.denied)
        overwrites = [
            {"id": str(bot.id), "type": 1, "allow": "0", "deny": str(deny)}
            for bot in self.server.bots
            if deny
        ]
        return channel | {
            "position": 0, "permission_overwrites": overwrites, "nsfw": False, "topic": None,
            "rate_limit_per_user": 0, "parent_id": None,
        }  # fmt: skip


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def stamp(number: int) -> float:
    """Return when an id was made."""
    return ((number >> 22) + EPOCH) / 1000


def _role(number: int, name: str, permissions: int, bot: int | None) -> dict[str, Any]:
    role = {
        "id": str(number), "name": name, "color": 0, "hoist": False, "position": 0,
        "permissions": str(permissions), "managed": bot is not None, "mentionable": False,
        "flags": 0, "icon": None, "unicode_emoji": None,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
    }  # fmt: skip
    return role | ({"tags": {"bot_id": str(bot)}} if bot is not None else {})
