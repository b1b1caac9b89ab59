"""The fields of what passes between a bot and Discord, from its documentation, and a checker.

Written by hand from the pages Message, Channel, Guild, User, Application, Interactions and Gateway
Events of the developer documentation. `"?"` after a name: may be absent. `"*"` in front of a type:
may be null.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    most: int | None = None
    least: int = 0
    digits: bool = False
    null: bool = False
    numbers: bool = False


@dataclass(frozen=True)
class Number:
    most: int | None = None
    among: frozenset[int] | None = None
    null: bool = False


@dataclass(frozen=True)
class Flag:
    null: bool = False


@dataclass(frozen=True)
class Many:
    of: Any
    most: int | None = None
    null: bool = False


@dataclass(frozen=True)
class One:
    of: Table
    null: bool = False


@dataclass(frozen=True)
class Anything:
    null: bool = True


SNOWFLAKE = Text(most=20, least=1, digits=True)

USER: Table = {
    "id": SNOWFLAKE, "username": Text(), "discriminator": Text(), "global_name": Text(null=True),
    "avatar": Text(null=True), "bot?": Flag(), "system?": Flag(), "public_flags?": Number(),
    "verified?": Flag(), "mfa_enabled?": Flag(), "email?": Text(null=True), "flags?": Number(),
    "primary_guild?": Anything(), "locale?": Text(),
}  # fmt: skip

MEMBER: Table = {
    "user?": One(USER), "nick?": Text(null=True), "roles": Many(SNOWFLAKE),
    "joined_at": Text(null=True),
    "deaf": Flag(), "mute": Flag(), "flags": Number(), "avatar?": Text(null=True),
    "premium_since?": Text(null=True), "pending?": Flag(), "permissions?": Text(digits=True),
    "banner?": Text(null=True), "communication_disabled_until?": Text(null=True),
}  # fmt: skip

ATTACHMENT: Table = {
    "id": SNOWFLAKE, "filename": Text(), "size": Number(), "url": Text(), "proxy_url": Text(),
    "content_type?": Text(), "flags?": Number(), "duration_secs?": Anything(), "waveform?": Text(),
    "height?": Number(null=True), "width?": Number(null=True),
}  # fmt: skip

BUTTON: Table = {
    "type": Number(among=frozenset({2})), "style": Number(among=frozenset(range(1, 7))),
    "label?": Text(most=80, null=True), "custom_id?": Text(most=100, least=1),
    "disabled?": Flag(), "id?": Number(), "emoji?": Anything(),
}  # fmt: skip

ROW: Table = {
    "type": Number(among=frozenset({1})), "components": Many(One(BUTTON), most=5), "id?": Number(),
}  # fmt: skip

ALLOWED_MENTIONS: Table = {
    "parse?": Many(Text()), "roles?": Many(SNOWFLAKE, most=100),
    "users?": Many(SNOWFLAKE, most=100),
    "replied_user?": Flag(),
}  # fmt: skip

REFERENCE: Table = {
    "type?": Number(among=frozenset({0, 1})), "message_id?": SNOWFLAKE, "channel_id?": SNOWFLAKE,
    "guild_id?": SNOWFLAKE, "fail_if_not_exists?": Flag(),
}  # fmt: skip

FILE: Table = {"id": Number(), "filename": Text(least=1), "description?": Text(most=1024)}

MESSAGE: Table = {
    "id": SNOWFLAKE, "channel_id": SNOWFLAKE, "author": One(USER), "content": Text(),
    "timestamp": Text(),
    "edited_timestamp": Text(null=True), "tts": Flag(), "mention_everyone": Flag(),
    "mentions": Many(One(USER | {"member?": Anything()})), "mention_roles": Many(SNOWFLAKE),
    "attachments": Many(One(ATTACHMENT)), "embeds": Many(Anything()), "pinned": Flag(),
    "type": Number(), "channel_type?": Number(),
    "nonce?": Text(most=25, numbers=True), "flags?": Number(),
    "components?": Many(One(ROW), most=5),
    "webhook_id?": SNOWFLAKE, "message_reference?": One(REFERENCE),
    "referenced_message?": Anything(),
    "sticker_items?": Many(One({"id": SNOWFLAKE, "name": Text(), "format_type": Number()})),
    "message_snapshots?": Many(Anything()), "thread?": Anything(), "application_id?": SNOWFLAKE,
    "guild_id?": SNOWFLAKE, "member?": One(MEMBER),
}  # fmt: skip

OVERWRITE: Table = {
    "id": SNOWFLAKE, "type": Number(among=frozenset({0, 1})), "allow": Text(digits=True),
    "deny": Text(digits=True),
}  # fmt: skip

CHANNEL: Table = {
    "id": SNOWFLAKE, "type": Number(), "guild_id?": SNOWFLAKE, "position?": Number(),
    "name?": Text(null=True),
    "permission_overwrites?": Many(One(OVERWRITE)),
    "last_message_id?": Text(null=True, digits=True), "parent_id?": Text(null=True),
    "recipients?": Many(One(USER)), "owner_id?": SNOWFLAKE, "nsfw?": Flag(),
    "topic?": Text(null=True),
    "rate_limit_per_user?": Number(), "thread_metadata?": Anything(), "message_count?": Number(),
    "member_count?": Number(), "flags?": Number(), "total_message_sent?": Number(),
}  # fmt: skip

ROLE: Table = {
    "id": SNOWFLAKE, "name": Text(), "color": Number(), "hoist": Flag(), "position": Number(),
    "permissions": Text(digits=True), "managed": Flag(), "mentionable": Flag(), "flags": Number(),
    "tags?": Anything(), "colors?": Anything(), "icon?": Text(null=True),
    "unicode_emoji?": Text(null=True),
}  # fmt: skip

APPLICATION: Table = {
    "id": SNOWFLAKE, "name": Text(), "icon": Text(null=True), "description": Text(),
    "bot_public": Flag(),
    "bot_require_code_grant": Flag(), "verify_key": Text(), "team": Anything(), "flags?": Number(),
    "type?": Number(null=True), "flags_new?": Text(digits=True), "redirect_uris?": Many(Text()),
    "role_connections_verification_url?": Text(null=True), "approximate_guild_count?": Number(),
    "approximate_user_install_count?": Number(), "explicit_content_filter?": Number(),
    "approximate_user_authorization_count?": Number(), "eligible_oauth2_scopes?": Many(Text()),
    "interactions_endpoint_url?": Text(null=True), "owner?": One(USER), "summary?": Text(),
    "bot?": One(USER),
}  # fmt: skip

OPTION: Table = {
    "type": Number(), "name": Text(most=32, least=1), "description": Text(most=100, least=1),
    "required?": Flag(), "description_localizations?": Anything(),
}  # fmt: skip

COMMAND: Table = {
    "name": Text(most=32, least=1), "description": Text(most=100),
    "name_localizations?": Anything(), "type?": Number(),
    "description_localizations?": Anything(),
    "options?": Many(One(OPTION), most=25), "contexts?": Many(Number()),
    "integration_types?": Many(Number()), "id?": SNOWFLAKE, "application_id?": SNOWFLAKE,
    "version?": SNOWFLAKE,
    "default_member_permissions?": Text(null=True), "nsfw?": Flag(),
}  # fmt: skip

CREATE: Table = {
    "content?": Text(null=True), "nonce?": Text(most=25, numbers=True), "tts?": Flag(),
    "enforce_nonce?": Flag(), "allowed_mentions?": One(ALLOWED_MENTIONS),
    "message_reference?": One(REFERENCE),
    "components?": Many(One(ROW), most=5), "attachments?": Many(One(FILE), most=10),
    "flags?": Number(),
}  # fmt: skip

EDIT: Table = {
    "content?": Text(null=True), "allowed_mentions?": One(ALLOWED_MENTIONS, null=True),
    "components?": Many(One(ROW), most=5), "attachments?": Many(One(FILE), most=10),
    "flags?": Number(), "tts?": Flag(),
}  # fmt: skip
"""`tts` is no parameter of an edit; the library sends it all the same and Discord ignores it."""

CALLBACK: Table = {
    "type": Number(among=frozenset({1, 4, 5, 6, 7, 8, 9})), "data?": One(CREATE),
}  # fmt: skip

WRITTEN: Table = {
    "type": Number(among=frozenset({4})), "custom_id": Text(most=100, least=1),
    "style": Number(among=frozenset({1, 2})), "label": Text(most=45, least=1), "required?": Flag(),
    "min_length?": Number(most=4000), "max_length?": Number(most=4000), "value?": Text(most=4000),
    "placeholder?": Text(most=100),
}  # fmt: skip

MODAL: Table = {
    "type": Number(among=frozenset({9})),
    "data": One({
        "custom_id": Text(most=100, least=1), "title": Text(most=45, least=1),
        "components": Many(One({
            "type": Number(among=frozenset({1})), "components": Many(One(WRITTEN), most=1),
        }), most=5),
    }),
}  # fmt: skip

INTERACTION: Table = {
    "id": SNOWFLAKE, "application_id": SNOWFLAKE, "type": Number(among=frozenset({2, 3, 5})),
    "token": Text(least=1),
    "version": Number(among=frozenset({1})), "data": Anything(), "channel_id": SNOWFLAKE,
    "channel": Anything(),
    "guild_id?": SNOWFLAKE, "member?": One(MEMBER), "user?": One(USER), "message?": One(MESSAGE),
    "app_permissions": Text(digits=True), "locale?": Text(), "guild_locale?": Text(),
    "entitlements": Many(Anything()),
    "authorizing_integration_owners": Anything(), "context?": Number(),
    "attachment_size_limit": Number(),
}  # fmt: skip

GUILD: Table = {
    "id": SNOWFLAKE, "name": Text(), "icon": Text(null=True), "owner_id": SNOWFLAKE,
    "roles": Many(One(ROLE)),
    "joined_at?": Text(), "large?": Flag(), "unavailable?": Flag(), "member_count?": Number(),
    "members?": Many(One(MEMBER)), "channels?": Many(One(CHANNEL)), "threads?": Many(One(CHANNEL)),
    "emojis": Many(Anything()), "features": Many(Text()), "voice_states?": Many(Anything()),
    "approximate_member_count?": Number(), "approximate_presence_count?": Number(),
    "presences?": Many(Anything()), "stage_instances?": Many(Anything()),
    "guild_scheduled_events?": Many(Anything()),
    "verification_level": Number(), "default_message_notifications": Number(),
    "explicit_content_filter": Number(),
    "mfa_level": Number(), "system_channel_id": Text(null=True), "system_channel_flags": Number(),
    "rules_channel_id": Text(null=True), "afk_channel_id": Text(null=True), "afk_timeout": Number(),
    "premium_tier": Number(), "preferred_locale": Text(), "nsfw_level": Number(),
    "stickers?": Many(Anything()),
    "premium_progress_bar_enabled": Flag(), "vanity_url_code": Text(null=True),
    "description": Text(null=True),
    "banner": Text(null=True), "splash": Text(null=True), "discovery_splash": Text(null=True),
    "application_id": Text(null=True), "public_updates_channel_id": Text(null=True),
    "safety_alerts_channel_id": Text(null=True),
    "soundboard_sounds?": Many(Anything()), "home_header?": Text(null=True), "region?": Text(),
    "widget_enabled?": Flag(), "widget_channel_id?": Text(null=True), "nsfw?": Flag(),
    "max_presences?": Number(null=True), "max_members?": Number(), "incidents_data?": Anything(),
    "max_stage_video_channel_users?": Number(), "max_video_channel_users?": Number(),
    "premium_subscription_count?": Number(),
}  # fmt: skip

READY: Table = {
    "v": Number(among=frozenset({10})), "user": One(USER), "session_id": Text(least=1),
    "guilds": Many(One({"id": SNOWFLAKE, "unavailable": Flag()})),
    "resume_gateway_url": Text(least=1),
    "application": One({"id": SNOWFLAKE, "flags": Number()}), "shard?": Many(Number()),
}  # fmt: skip

REACTION: Table = {
    "user_id": SNOWFLAKE, "channel_id": SNOWFLAKE, "message_id": SNOWFLAKE, "guild_id?": SNOWFLAKE,
    "member?": One(MEMBER), "emoji": Anything(), "type": Number(), "burst": Flag(),
}  # fmt: skip

DELETED: Table = {"id": SNOWFLAKE, "channel_id": SNOWFLAKE, "guild_id?": SNOWFLAKE}


@dataclass
class Checker:
    """Counts what was checked, by name, and keeps what was wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def check(self, name: str, table: Table, value: Any) -> None:
        self.counts[name] += 1
        self.faults += [f"{name}{each}" for each in _object(table, value, "")]


def _object(table: Table, value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is no object"]
    wrong = []
    for key, kind in table.items():
        name = key.removesuffix("?")
        if name in value:
            wrong += _value(kind, value[name], f"{at}.{name}")
        elif not key.endswith("?"):
            wrong.append(f"{at}.{name}: missing")
    known = {key.removesuffix("?") for key in table}
    return wrong + [f"{at}.{key}: unknown" for key in value if key not in known]


def _value(kind: Any, value: Any, at: str) -> list[str]:
    if value is None:
        return [] if kind.null else [f"{at}: null"]
    match kind:
        case Text():
            return _text(kind, value, at)
        case Number(most=most, among=among):
            is_number = isinstance(value, int) and not isinstance(value, bool)
            fits = is_number and (most is None or value <= most) and (not among or value in among)
            return [] if fits else [f"{at}: {value!r} is no such number"]
        case Flag():
            return [] if isinstance(value, bool) else [f"{at}: {value!r} is no boolean"]
        case Many(of=of, most=most):
            if not isinstance(value, list) or (most is not None and len(value) > most):
                return [f"{at}: no list, or too long"]
            return [each for n, one in enumerate(value) for each in _value(of, one, f"{at}[{n}]")]
        case One(of=of):
            return _object(of, value, at)
    return []


def _text(kind: Text, value: Any, at: str) -> list[str]:
    if kind.numbers and isinstance(value, int):
        value = str(value)
    if kind.digits and isinstance(value, int) and not isinstance(value, bool):
        return []  # Discord takes snowflakes as numbers too
    if not isinstance(value, str):
        return [f"{at}: {value!r} is no text"]
    if kind.most is not None and len(value) > kind.most:
        return [f"{at}: longer than {kind.most}"]
    if len(value) < kind.least or (kind.digits and not value.isdecimal()):
        return [f"{at}: {value!r} is not of that form"]
    return []
