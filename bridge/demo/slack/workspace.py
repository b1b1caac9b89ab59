"""A Slack workspace in memory: people, rooms, messages, files. What happens in it is told."""

import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

CONTROL = re.compile(r"<(?:!|@|#)[^>\u200b]*>")
BROADCAST = re.compile(r"(?<!\w)@(?:everyone|here|channel)\b")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


class Refusal(Exception):
    """`ok: false`, with this word."""

    def __init__(self, code: str, **more: str) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


@dataclass(slots=True, kw_only=True)
class File:
    """`connected`: from another workspace, so that a message names no more of it than its id."""

    id: str
    name: str
    mime: str
    content: bytes = b""
    owner: str = ""
    shares: dict[str, list[str]] = field(default_factory=dict)
    completed: bool = False
    connected: bool = False


@dataclass(slots=True, kw_only=True)
class Message:
    """`pings`: what in it would have called people. `edits` counts changes.

    `before`: what people read in it before each of them. `profile`: of the app that wrote it.
    """

    ts: str
    room: str
    user: str
    text: str
    thread: str = ""
    subtype: str = ""
    bot: str = ""
    profile: Json = field(default_factory=dict)
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    files: list[File] = field(default_factory=list)
    edited: str = ""
    edits: int = 0
    before: list[str] = field(default_factory=list)
    deleted: bool = False
    streaming: bool = False
    streamed: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    pings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return who is said to speak."""
        found = (block for block in self.blocks if block["type"] == "context")
        return next((block["elements"][0]["text"] for block in found), "")

    @property
    def shown(self) -> str:
        """Return what people read."""
        found = [block["text"] for block in self.blocks if block["type"] == "markdown"]
        return "\n".join(found) if self.blocks else self.text

    @property
    def buttons(self) -> list[Json]:
        rows = [block["elements"] for block in self.blocks if block["type"] == "actions"]
        return [button for row in rows for button in row]


@dataclass(slots=True, kw_only=True)
class AgentSession:
    """`said`: each status that it was given; `lines`: what stood beside the input of its thread."""

    status: str = ""
    title: str = ""
    said: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Room:
    """`kind`: im, channel, group or mpim."""

    id: str
    name: str
    kind: str
    members: set[str]
    messages: dict[str, Message] = field(default_factory=dict)
    ephemeral: list[tuple[str, Json]] = field(default_factory=list)
    archived: bool = False
    sessions: dict[str, AgentSession] = field(default_factory=dict)
    prompts: list[tuple[str, list[Json]]] = field(default_factory=list)

    def visible(self, thread: str = "") -> list[Message]:
        """Return the messages at the top, or the replies in a thread, oldest first."""
        found = [each for each in self.messages.values() if not each.deleted]
        return sorted((each for each in found if each.thread == thread), key=lambda each: each.ts)


@dataclass(slots=True, kw_only=True)
class Person:
    id: str
    name: str
    locale: str = "en-US"


class Workspace:
    """`tell` is called with each event."""

    def __init__(self, name: str = "Acme", number: int = 1) -> None:
        self.name = name
        self.team = f"T{number:04}ACME"
        self.app = f"A{number:04}APP"
        self.bot_user = f"U{number:04}BOT"
        self.bot = f"B{number:04}BOT"
        self.tell: Callable[[Json], object] = bool
        self.people: dict[str, Person] = {}
        self.rooms: dict[str, Room] = {}
        self.files: dict[str, File] = {}
        self._numbers = itertools.count(100 * number + 1)
        self._last_ts = 0

    def ts(self) -> str:
        """Return the present as a time stamp that there was not before."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"

    def number(self) -> int:
        return next(self._numbers)

    # -- who and where

    def person(self, name: str) -> Person:
        person = Person(id=f"U{self.number():04}{name.upper()[:4]}", name=name)
        self.people[person.id] = person
        return person

    def dm(self, person: Person) -> Room:
        members = {person.id, self.bot_user}
        known = (each for each in self.rooms.values() if each.kind == "im")
        found = next((each for each in known if each.members == members), None)
        return found or self._room(f"D{self.number():04}", "", "im", members)

    def channel(self, name: str, *members: Person, kind: str = "channel", bot: bool = True) -> Room:
        inside = {each.id for each in members} | ({self.bot_user} if bot else set())
        return self._room(f"C{self.number():04}", name, kind, inside)

    def _room(self, identity: str, name: str, kind: str, members: set[str]) -> Room:
        self.rooms[identity] = Room(id=identity, name=name, kind=kind, members=members)
        return self.rooms[identity]

    def invite(self, room: Room, by: Person | None) -> None:
        """Bring the bot into a room."""
        room.members.add(self.bot_user)
        event = {
            "type": "member_joined_channel",
            "user": self.bot_user,
            "channel": room.id,
            "channel_type": room.id[0],
            "team": self.team,
            "event_ts": self.ts(),
        }
        self.tell(event | ({"inviter": by.id} if by else {}))

    # -- what people do

    def say(
        self,
        person: Person,
        room: Room,
        text: str,
        *,
        thread: str = "",
        files: tuple[File, ...] = (),
        subtype: str = "",
        blocks: Sequence[Json] = (),
        attachments: Sequence[Json] = (),
    ) -> Message:
        """Write a message; `blocks` as Slack's own apps make them of what was typed."""
        message = Message(
            ts=self.ts(),
            room=room.id,
            user=person.id,
            text=text,
            thread=thread,
            subtype=subtype or ("file_share" if files else ""),
            files=list(files),
            blocks=list(blocks),
            attachments=list(attachments),
        )
        self.add(message)
        return message

    def app_says(
        self, app: str, room: Room, text: str = "", *, attachments: Sequence[Json] = ()
    ) -> Message:
        """Write a message as another app does, under the account of its bot.

        Source: https://docs.slack.dev/reference/events/message/bot_message
        """
        bot, number = self.person(app), self.number()
        profile = {"id": f"B{number:04}", "app_id": f"A{number:04}", "name": app}
        message = Message(
            ts=self.ts(),
            room=room.id,
            user=bot.id,
            text=text,
            bot=profile["id"],
            profile={**profile, "team_id": self.team, "deleted": False, "updated": 0, "icons": {}},
            attachments=list(attachments),
        )
        self.add(message)
        return message

    def add(self, message: Message) -> None:
        room = self.rooms[message.room]
        room.messages[message.ts] = message
        for file in message.files:
            file.shares.setdefault(room.id, []).append(message.ts)
        event = {**self.as_json(message), "channel": room.id, "channel_type": room.kind}
        self.tell({**event, "event_ts": message.ts})
        if f"<@{self.bot_user}>" in message.text and room.kind != "im":
            self.tell({**event, "type": "app_mention", "event_ts": message.ts})

    def change(self, message: Message, text: str, **content: Any) -> None:
        """Change a message; by people when there is no more `content` than the text."""
        before = self.as_json(message)
        message.before.append(message.shown)
        message.text = text
        message.edits += 1
        for name, value in content.items():
            setattr(message, name, value)
        if not content:
            message.edited = self.ts()
        self._hidden(message, "message_changed", message=self.as_json(message), previous=before)
        if not content:
            self._mention_again(message)

    def _mention_again(self, message: Message) -> None:
        """Tell of a mention in what was changed, which Slack does whether or not it is new."""
        room = self.rooms[message.room]
        if f"<@{self.bot_user}>" in message.text and room.kind != "im":
            again = {"type": "app_mention", "channel": room.id, "channel_type": room.kind}
            self.tell({**self.as_json(message), **again, "event_ts": message.edited})

    def unfurl(self, message: Message) -> None:
        """Slack itself changes a message, as it does for links."""
        now = self.as_json(message)
        self._hidden(message, "message_changed", message=now, previous=self.as_json(message))

    def delete(self, message: Message) -> None:
        before = self.as_json(message)
        message.deleted = True
        if list(self.replies(message)):
            tombstone = {**before, "subtype": "tombstone", "text": "This message was deleted."}
            self._hidden(message, "message_changed", message=tombstone, previous=before)
        else:
            self._hidden(message, "message_deleted", previous=before, deleted_ts=message.ts)

    def give(self, person: Person, message: Message, name: str, *, gone: bool) -> None:
        """Let a person put an emoji on a message, or take it off."""
        people = message.reactions.setdefault(name, [])
        (people.remove if gone else people.append)(person.id)
        self.tell(
            {
                "type": "reaction_removed" if gone else "reaction_added",
                "user": person.id,
                "reaction": name,
                "item": {"type": "message", "channel": message.room, "ts": message.ts},
                "item_user": message.user,
                "event_ts": self.ts(),
            }
        )

    def _hidden(self, about: Message, subtype: str, previous: Json, **more: Any) -> None:
        now = self.ts()
        self.tell(
            {
                "type": "message",
                "subtype": subtype,
                "hidden": True,
                "channel": about.room,
                "channel_type": self.rooms[about.room].kind,
                "previous_message": previous,
                "ts": now,
                "event_ts": now,
                **more,
            }
        )

    # -- an agent

    def stop(self, person: Person, room: Room, thread: str) -> None:
        """Press Slack's own button: what is streamed ends, the status stays as it is."""
        streaming = [each for each in room.visible(thread) if each.streaming]
        for each in streaming:
            each.streaming = False
        self.tell(
            {
                "type": "agent_session_stopped",
                "channel": room.id,
                "thread_ts": thread,
                "user": person.id,
                "streaming_message_ts": [each.ts for each in streaming],
                "event_ts": self.ts(),
            }
        )

    def open_messages(self, person: Person, tab: str = "messages") -> None:
        """Look at the conversation with the app."""
        room = self.dm(person)
        self.tell(
            {
                "type": "app_home_opened",
                "user": person.id,
                "channel": room.id,
                "tab": tab,
                "event_ts": self.ts(),
            }
        )

    def begin_assistant_thread(self, person: Person) -> str:
        """Open a thread as people do with an app of before, which is no agent."""
        room = self.dm(person)
        root = Message(ts=self.ts(), room=room.id, user=self.bot_user, text="New conversation")
        root.subtype, room.messages[root.ts] = "assistant_app_thread", root
        thread = {"user_id": person.id, "channel_id": room.id, "thread_ts": root.ts, "context": {}}
        self.tell(
            {
                "type": "assistant_thread_started",
                "assistant_thread": thread,
                "event_ts": self.ts(),
            }
        )
        return root.ts

    # -- as Slack writes it

    def replies(self, message: Message) -> Iterator[Message]:
        for each in self.rooms[message.room].messages.values():
            if each.thread == message.ts and not each.deleted:
                yield each

    def as_json(self, message: Message, *, metadata: bool = False) -> Json:
        found: Json = {"type": "message", "user": message.user, "text": message.text}
        found["ts"] = message.ts
        optional: Json = {
            "subtype": message.subtype,
            "bot_id": message.bot,
            "app_id": message.profile.get("app_id"),
            "bot_profile": message.profile,
            "blocks": message.blocks,
            "attachments": message.attachments,
            "thread_ts": message.thread,
            "files": [self._in_message(file) for file in message.files],
            "edited": message.edited and {"user": message.user, "ts": message.edited},
            "metadata": metadata and message.metadata,
        }
        found |= {name: value for name, value in optional.items() if value}
        if message.thread and message.thread in self.rooms[message.room].messages:
            found["parent_user_id"] = self.rooms[message.room].messages[message.thread].user
        if replies := sorted(each.ts for each in self.replies(message)):
            found |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "latest_reply": replies[-1],
            }
        return found

    base_url = ""

    def _in_message(self, file: File) -> Json:
        if not file.connected:
            return self.file_json(file)
        stub = {"created": 0, "timestamp": 0, "user": file.owner, "is_external": False}
        access = {"mode": "file_access", "file_access": "check_file_info"}
        return {"id": file.id, **stub, **access}

    def file_json(self, file: File) -> Json:
        shares = {room: [{"ts": ts} for ts in found] for room, found in file.shares.items()}
        url = f"{self.base_url}/files-pri/{self.team}-{file.id}/download/{file.name}"
        return {
            "id": file.id,
            "name": file.name,
            "title": file.name,
            "mimetype": file.mime,
            "size": len(file.content),
            "mode": "hosted",
            "is_external": False,
            "url_private": url,
            "url_private_download": url,
            "shares": {"public": shares} if shares else {},
        }

    def file(self, name: str, mime: str, content: bytes, owner: str = "") -> File:
        file = File(id=f"F{self.number():04}", name=name, mime=mime, content=content, owner=owner)
        self.files[file.id] = file
        return file


def pings(text: str, blocks: list[Json], *, links: bool = True) -> tuple[str, ...]:
    """Return what would call somebody; `links`: names do, for nobody said that they do not."""
    marked = [str(block.get("text", "")) for block in blocks if block["type"] == "markdown"]
    found = [each for words in (text, *marked) for each in CONTROL.findall(words)]
    for words in (text, *marked) if links else marked:
        found += BROADCAST.findall(CODE.sub("", words))
    return tuple(found)
