"""What Slack documents of the methods and objects in use: names, types, needs, limits.

Written from https://docs.slack.dev/reference/methods, …/events and …/block-kit. Every request that
the client makes and every object that the fake emits is held against it; `Checks` counts them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TS = re.compile(r"\d{10}\.\d{6}")
ROOM = re.compile(r"[CDG][A-Z0-9]{2,}")
USER = re.compile(r"[UW][A-Z0-9]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`kind`: a type, or a shape that the text must have. `longest`: characters, or items."""

    kind: type | tuple[type, ...] | re.Pattern[str]
    required: bool = False
    longest: int = 0
    least: int = 0


def text(*, required: bool = False, longest: int = 0, least: int = 0) -> Field:
    return Field(kind=str, required=required, longest=longest, least=least)


def shape(pattern: re.Pattern[str], *, required: bool = False) -> Field:
    return Field(kind=pattern, required=required)


FLAG = Field(kind=(bool, str))
"""A boolean; in a query it is written 1 or 0."""

NUMBER = Field(kind=(int, str))
TOKEN = text()
Table = Mapping[str, Field]

PAGED: Table = {
    "cursor": text(),
    "limit": NUMBER,
    "latest": shape(TS),
    "oldest": shape(TS),
    "inclusive": FLAG,
    "include_all_metadata": FLAG,
}
MESSAGE: Table = {
    "text": text(longest=40_000),
    "blocks": Field(kind=list, longest=50),
    "metadata": Field(kind=dict),
    "markdown_text": text(longest=12_000),
    "attachments": Field(kind=list, longest=100),
    "link_names": FLAG,
    "parse": Field(kind=re.compile("none|full")),
}

REACTION: Table = {
    "channel": shape(ROOM, required=True),
    "name": text(required=True),
    "timestamp": shape(TS, required=True),
}

METHODS: Mapping[str, Table] = {
    "auth.test": {},
    "apps.connections.open": {},
    "bots.info": {"bot": Field(kind=re.compile("B[A-Z0-9]+"), required=True), "team_id": text()},
    "users.info": {"user": shape(USER, required=True), "include_locale": FLAG},
    "conversations.info": {
        "channel": shape(ROOM, required=True),
        "include_locale": FLAG,
        "include_num_members": FLAG,
    },
    "conversations.history": {"channel": shape(ROOM, required=True), **PAGED},
    "conversations.replies": {
        "channel": shape(ROOM, required=True),
        "ts": shape(TS, required=True),
        **PAGED,
    },
    "chat.postMessage": {
        "channel": shape(ROOM, required=True),
        **MESSAGE,
        "mrkdwn": FLAG,
        "thread_ts": shape(TS),
        "reply_broadcast": FLAG,
        "unfurl_links": FLAG,
        "unfurl_media": FLAG,
        "username": text(),
        "icon_emoji": text(),
        "icon_url": text(),
    },
    "chat.postEphemeral": {
        "channel": shape(ROOM, required=True),
        "user": shape(USER, required=True),
        **{name: each for name, each in MESSAGE.items() if name != "metadata"},
        "thread_ts": shape(TS),
    },
    "chat.update": {
        "channel": shape(ROOM, required=True),
        "ts": shape(TS, required=True),
        **MESSAGE,
        "text": text(longest=4_000),
        "reply_broadcast": FLAG,
        "file_ids": Field(kind=list),
    },
    "chat.startStream": {
        "channel": shape(ROOM, required=True),
        "thread_ts": shape(TS, required=True),
        "markdown_text": text(longest=12_000),
        "recipient_user_id": shape(USER),
        "recipient_team_id": text(),
        "task_display_mode": Field(kind=re.compile("plan|timeline")),
        "chunks": Field(kind=list),
    },
    "chat.appendStream": {
        "channel": shape(ROOM, required=True),
        "ts": shape(TS, required=True),
        "markdown_text": text(longest=12_000),
        "chunks": Field(kind=list),
    },
    "chat.stopStream": {
        "channel": shape(ROOM, required=True),
        "ts": shape(TS, required=True),
        "markdown_text": text(longest=12_000),
        "blocks": Field(kind=list, longest=50),
        "metadata": Field(kind=dict),
        "chunks": Field(kind=list),
        "session_status": Field(kind=re.compile("active|processing|suspended|closed")),
    },
    "agents.sessions.setStatus": {
        "channel_id": shape(ROOM),
        "thread_ts": shape(TS),
        "status": Field(kind=re.compile("active|processing|suspended|closed"), required=True),
        "title": text(longest=200),
        "initiator_user_id": shape(USER),
        "icon_emoji": text(),
        "icon_url": text(),
        "username": text(),
    },
    "agents.sessions.rename": {
        "channel_id": shape(ROOM, required=True),
        "thread_ts": shape(TS),
        "title": text(required=True, least=1, longest=200),
    },
    "assistant.threads.setStatus": {
        "channel_id": shape(ROOM, required=True),
        "thread_ts": shape(TS, required=True),
        "status": text(required=True),
        "loading_messages": Field(kind=list, longest=10),
    },
    "assistant.threads.setSuggestedPrompts": {
        "channel_id": shape(ROOM, required=True),
        "thread_ts": shape(TS),
        "title": text(),
        "prompts": Field(kind=list, required=True, least=1, longest=4),
    },
    "reactions.add": REACTION,
    "reactions.remove": REACTION,
    "conversations.open": {
        "users": text(),
        "channel": shape(ROOM),
        "return_im": FLAG,
        "prevent_creation": FLAG,
    },
    "chat.delete": {"channel": shape(ROOM, required=True), "ts": shape(TS, required=True)},
    "files.getUploadURLExternal": {
        "filename": text(required=True, least=1),
        "length": Field(kind=(int, str), required=True),
        "alt_txt": text(longest=1_000),
        "snippet_type": text(),
    },
    "files.completeUploadExternal": {
        "files": Field(kind=list, required=True, least=1),
        "channel_id": shape(ROOM),
        "channels": text(),
        "thread_ts": shape(TS),
        "initial_comment": text(),
        "blocks": Field(kind=list),
    },
    "files.info": {"file": Field(kind=re.compile("F[A-Z0-9]+"), required=True)},
    "files.delete": {"file": Field(kind=re.compile("F[A-Z0-9]+"), required=True)},
}

PLAIN: Table = {
    "type": Field(kind=re.compile("plain_text"), required=True),
    "text": text(required=True, least=1, longest=3_000),
    "emoji": Field(kind=bool),
}
BLOCKS: Mapping[str, Table] = {
    "markdown": {
        "type": text(required=True),
        "text": text(required=True, least=1, longest=12_000),
        "block_id": text(longest=255),
    },
    "rich_text": {
        "type": text(required=True),
        "elements": Field(kind=list, required=True, least=1),
        "block_id": text(longest=255),
    },
    "context": {
        "type": text(required=True),
        "elements": Field(kind=list, required=True, least=1, longest=10),
        "block_id": text(longest=255),
    },
    "actions": {
        "type": text(required=True),
        "elements": Field(kind=list, required=True, least=1, longest=25),
        "block_id": text(longest=255),
    },
}
BUTTON: Table = {
    "type": Field(kind=re.compile("button"), required=True),
    "text": Field(kind=dict, required=True),
    "action_id": text(longest=255),
    "value": text(longest=2_000),
    "style": text(),
    "url": text(longest=3_000),
}
METADATA: Table = {
    "event_type": text(required=True, least=1),
    "event_payload": Field(kind=dict, required=True),
}

GIVEN: Table = {
    "type": text(required=True),
    "user": shape(USER, required=True),
    "reaction": text(required=True),
    "item": Field(kind=dict, required=True),
    "item_user": shape(USER),
    "event_ts": shape(TS, required=True),
}

OBJECTS: Mapping[str, Table] = {
    "message": {
        "type": Field(kind=re.compile("message"), required=True),
        "subtype": text(),
        "channel": shape(ROOM, required=True),
        "channel_type": Field(kind=re.compile("im|channel|group|mpim"), required=True),
        "user": shape(USER),
        "text": text(),
        "ts": shape(TS, required=True),
        "event_ts": shape(TS, required=True),
        "thread_ts": shape(TS),
        "parent_user_id": shape(USER),
    },
    "app_mention": {
        "type": Field(kind=re.compile("app_mention"), required=True),
        "user": shape(USER, required=True),
        "text": text(required=True),
        "ts": shape(TS, required=True),
        "channel": shape(ROOM, required=True),
        "event_ts": shape(TS, required=True),
    },
    "member_joined_channel": {
        "type": text(required=True),
        "user": shape(USER, required=True),
        "channel": shape(ROOM, required=True),
        "channel_type": text(required=True),
        "team": text(required=True),
        "inviter": shape(USER),
    },
    "agent_session_stopped": {
        "type": text(required=True),
        "channel": shape(ROOM, required=True),
        "thread_ts": shape(TS),
        "user": shape(USER, required=True),
        "streaming_message_ts": Field(kind=list, required=True),
        "event_ts": shape(TS, required=True),
    },
    "app_home_opened": {
        "type": text(required=True),
        "user": shape(USER, required=True),
        "channel": shape(ROOM, required=True),
        "tab": Field(kind=re.compile("home|messages"), required=True),
        "event_ts": shape(TS, required=True),
    },
    "assistant_thread_started": {
        "type": text(required=True),
        "assistant_thread": Field(kind=dict, required=True),
        "event_ts": shape(TS, required=True),
    },
    "reaction_added": GIVEN,
    "reaction_removed": GIVEN,
    "event_callback": {
        "token": text(required=True),
        "team_id": text(required=True),
        "api_app_id": text(required=True),
        "event": Field(kind=dict, required=True),
        "type": text(required=True),
        "event_id": text(required=True),
        "event_time": Field(kind=int, required=True),
    },
    "block_actions": {
        "type": text(required=True),
        "user": Field(kind=dict, required=True),
        "api_app_id": text(required=True),
        "token": text(required=True),
        "container": Field(kind=dict, required=True),
        "trigger_id": text(required=True),
        "team": Field(kind=dict, required=True),
        "channel": Field(kind=dict, required=True),
        "message": Field(kind=dict),  # left out of a message that one person sees
        "response_url": text(required=True),
        "actions": Field(kind=list, required=True, least=1),
    },
    "slash_command": {
        "token": text(required=True),
        "team_id": text(required=True),
        "team_domain": text(required=True),
        "channel_id": shape(ROOM, required=True),
        "channel_name": text(required=True),
        "user_id": shape(USER, required=True),
        "user_name": text(required=True),
        "command": text(required=True),
        "text": text(required=True),
        "api_app_id": text(required=True),
        "response_url": text(required=True),
        "trigger_id": text(required=True),
    },
}

OPEN = frozenset(
    {
        "message", "app_mention", "member_joined_channel", "event_callback", "reaction_added",
        "reaction_removed", "agent_session_stopped", "app_home_opened", "assistant_thread_started",
    }
)  # fmt: skip
OPEN_OBJECTS = OPEN | {"block_actions", "slash_command"}
"""Slack adds fields to what it emits; what it takes may hold nothing else."""


@dataclass(slots=True)
class Checks:
    """Counts what was held against the tables, and keeps what did not hold."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def request(self, method: str, given: Mapping[str, Any]) -> None:
        self.counts[method] += 1
        if method not in METHODS:
            self.problems.append(f"{method} is in no table")
            return
        self.problems += problems(method, METHODS[method], given)
        for block in given.get("blocks") or ():
            self.problems += block_problems(block)
        if isinstance(given.get("metadata"), dict):
            self.problems += problems("metadata", METADATA, given["metadata"])

    def emitted(self, kind: str, given: Mapping[str, Any]) -> None:
        self.counts[kind] += 1
        self.problems += problems(kind, OBJECTS[kind], given, is_open=kind in OPEN_OBJECTS)


def problems(
    what: str, table: Table, given: Mapping[str, Any], *, is_open: bool = False
) -> Iterator[str]:
    for name in table:
        if table[name].required and name not in given:
            yield f"{what}: {name} is missing"
    for name, value in given.items():
        if name in table:
            yield from _value_problems(f"{what}: {name}", table[name], value)
        elif not is_open:
            yield f"{what}: there is no {name}"


def _value_problems(what: str, known: Field, value: Any) -> Iterator[str]:
    if isinstance(known.kind, re.Pattern):
        if not isinstance(value, str) or not known.kind.fullmatch(value):
            yield f"{what} is {value!r}"
        return
    if not isinstance(value, known.kind):
        yield f"{what} is a {type(value).__name__}"
    elif known.longest and len(value) > known.longest:
        yield f"{what} is longer than {known.longest}"
    elif known.least and len(value) < known.least:
        yield f"{what} is empty"


def block_problems(block: Mapping[str, Any]) -> Iterator[str]:
    kind = str(block.get("type"))
    if kind not in BLOCKS:
        yield f"block: {kind} is in no table"
        return
    yield from problems(kind, BLOCKS[kind], block)
    if kind == "rich_text":
        yield from (
            f"rich_text: {each.get('type')} is in no table"
            for each in block.get("elements", ())
            if each.get("type") != "rich_text_preformatted"
        )
        return
    for element in block.get("elements", ()):
        if element.get("type") == "button":
            yield from problems("button", BUTTON, element)
            yield from problems("button text", PLAIN, element["text"])
            yield from _label_problems(element)
        else:
            yield from problems("text", PLAIN, element)


def _label_problems(button: Mapping[str, Any]) -> Iterator[str]:
    if len(button["text"]["text"]) > 75:
        yield "button text is longer than 75"
