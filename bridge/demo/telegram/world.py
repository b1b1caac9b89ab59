"""What there is on the fake Telegram: people, bots, rooms and what was said in them.

Tests and demonstrations play the people, and look at what is shown; the bots are played by whoever
calls the server. Objects go out in the Bot API's form.
"""

import asyncio
import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.demo.waiting import PATIENCE

JSON = dict[str, Any]
AUTOMATIC = re.compile(
    r"(?P<mention>(?<!\w)@\w{3,32})|(?P<bot_command>(?<![\w/])/[a-z]\w*(?:@\w+)?)"
)
BOT_CHAT_INSTANCE = "4711"


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def automatic(text: str) -> list[JSON]:
    """Return the entities that Telegram finds by itself."""
    return [
        {
            "type": str(found.lastgroup),
            "offset": utf16(text[: found.start()]),
            "length": utf16(found[0]),
        }
        for found in AUTOMATIC.finditer(text)
    ]


def entity(text: str, words: str, kind: str, **more: Any) -> JSON:
    """Return an entity over the first occurrence of some words."""
    start = text.index(words)
    return {"type": kind, "offset": utf16(text[:start]), "length": utf16(words), **more}


UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of updates that a bot gets only if it names them."""


@dataclass(eq=False)
class Stored:
    """A file on Telegram's servers. `kind` is the message's field: photo, voice, document…"""

    kind: str
    id: str
    name: str
    mime: str
    body: bytes

    def json(self) -> Any:
        known = {"file_id": self.id, "file_unique_id": f"u{self.id}", "file_size": len(self.body)}
        named = {"file_name": self.name, "mime_type": self.mime}
        box = {"width": 640, "height": 480}
        match self.kind:
            case "photo":
                thumbnail = {**known, "file_id": f"{self.id}-s", "file_size": 1, "width": 90}
                return [{**thumbnail, "height": 60}, {**known, **box}]
            case "voice":
                return {**known, "duration": 2, "mime_type": self.mime}
            case "audio":
                return {**known, "duration": 2, "title": "A song", **named}
            case "video" | "animation":
                return {**known, **box, "duration": 2, **named}
            case "video_note":
                return {**known, "length": 240, "duration": 2}
            case _:
                return {**known, **named}


@dataclass(eq=False)
class Message:
    """A message as people see it. `more` are further fields of the Bot API's form.

    `before`: the texts that it had before it was edited. `receiver`: who alone sees it, if anyone.
    """

    id: int
    room: "Room"
    author: "Person | Bot"
    date: int
    text: str = ""
    entities: list[JSON] = field(default_factory=list)
    file: Stored | None = None
    album: str = ""
    thread: int | None = None
    reply_to: int | None = None
    keyboard: list[list[JSON]] = field(default_factory=list)
    silent: bool = False
    edits: int = 0
    before: list[str] = field(default_factory=list)
    edit_date: int | None = None
    deleted: bool = False
    receiver: int | None = None
    reactions: dict[int, list[str]] = field(default_factory=dict)
    given: dict[int, list[str]] = field(default_factory=dict)
    more: JSON = field(default_factory=dict)

    @property
    def buttons(self) -> list[str]:
        return [button["text"] for row in self.keyboard for button in row]

    def json(self, *, nested: bool = False) -> JSON:
        form: JSON = {
            "message_id": self.id,
            "date": self.date,
            "chat": self.room.json(),
            "from": self.author.json(),
            **self._content(),
            **self.more,
        }
        if self.thread is not None:
            form |= {"message_thread_id": self.thread, "is_topic_message": True}
        if self.album:
            form["media_group_id"] = self.album
        if self.edit_date is not None:
            form["edit_date"] = self.edit_date
        if self.keyboard:
            form["reply_markup"] = {"inline_keyboard": self.keyboard}
        if not nested:
            form |= self._answered()
        return form

    def _content(self) -> JSON:
        words, marks = (
            ("text", "entities") if self.file is None else ("caption", "caption_entities")
        )
        form: JSON = {}
        if self.text:
            form[words] = self.text
        if self.entities:
            form[marks] = self.entities
        if self.file is not None:
            form[self.file.kind] = self.file.json()
        return form

    def _answered(self) -> JSON:
        """Every message of a topic answers the one that began it, unless it answers another."""
        number = self.reply_to if self.reply_to is not None else self.thread
        answered = self.room.messages.get(number) if number is not None else None
        return {"reply_to_message": answered.json(nested=True)} if answered is not None else {}


@dataclass(eq=False)
class Room:
    """A chat. `drafts`: what bots are seen writing, by draft. `typed`: how often one typed."""

    world: "World"
    id: int
    kind: str
    title: str = ""
    person: "Person | None" = None
    bots: list["Bot"] = field(default_factory=list)
    forum: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    drafts: dict[int, str] = field(default_factory=dict)
    drafted: int = 0
    stoppable: int | None = None
    typed: int = 0
    moved_to: "Room | None" = None
    people: int = 2

    @property
    def place(self) -> str:
        return str(self.id)

    def json(self) -> JSON:
        form: JSON = {"id": self.id, "type": self.kind}
        if self.person is not None:
            return form | self.person.names()
        return form | {"title": self.title} | ({"is_forum": True} if self.forum else {})

    def add(self, author: "Person | Bot", **known: Any) -> Message:
        message = Message(
            id=next(self.world.message_ids),
            room=self,
            author=author,
            date=int(time.time()),
            **known,
        )
        self.messages[message.id] = message
        self.world.changed()
        return message

    # -- what people see

    def seen(self, thread: int | None = None) -> list[Message]:
        """Return every message that is visible, oldest first."""
        return [
            each
            for each in self.messages.values()
            if not each.deleted and (thread is None or each.thread == thread)
        ]

    def shown(self, thread: int | None = None) -> list[str]:
        """Return what bots show, oldest first."""
        return [each.text for each in self.seen(thread) if isinstance(each.author, Bot)]

    def notified(self) -> list[str]:
        """Return what people were notified of: new messages that were not silent."""
        bots = [each for each in self.messages.values() if isinstance(each.author, Bot)]
        return [each.text for each in bots if not each.silent]

    # -- what happens

    def topic(self, name: str, by: "Person") -> int:
        """Open a topic; returns its thread."""
        created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        begun = self.add(by, more=created)
        begun.thread = begun.id
        self.hear(begun)
        return begun.id

    def hear(self, message: Message, kind: str = "message") -> None:
        """Let the bots in here hear of a message, as far as their privacy lets them."""
        for bot in self.bots:
            if bot is not message.author and bot.may_hear(message):
                bot.push(kind, message.json())

    def upgrade(self) -> "Room":
        """Make a group a supergroup: it gets a new id, and both are told."""
        new = self.world.group(self.title, *self.bots, kind="supergroup")
        self.moved_to = new
        someone = self.world.people[0]
        self.hear(self.add(someone, more={"migrate_to_chat_id": new.id}))
        new.hear(new.add(someone, more={"migrate_from_chat_id": self.id}))
        return new


@dataclass(eq=False)
class Person:
    world: "World"
    id: int
    first: str
    last: str = ""
    username: str = ""
    has_blocked: set[int] = field(default_factory=set)
    language: str = ""

    def names(self) -> JSON:
        given = {"first_name": self.first, "last_name": self.last, "username": self.username}
        return {key: value for key, value in given.items() if value}

    def json(self) -> JSON:
        told = {"language_code": self.language} if self.language else {}
        return {"id": self.id, "is_bot": False, **self.names(), **told}

    def says(
        self,
        room: Room,
        text: str,
        *,
        entities: Sequence[JSON] = (),
        reply_to: Message | None = None,
        thread: int | None = None,
        **more: Any,
    ) -> Message:
        """Write a message. Mentions and commands are found as Telegram finds them."""
        answered = reply_to.id if reply_to is not None else None
        marks = sorted([*automatic(text), *entities], key=lambda each: each["offset"])
        message = room.add(
            self, text=text, entities=marks, reply_to=answered, thread=thread, more=more
        )
        room.hear(message)
        return message

    def sends(
        self,
        room: Room,
        *files: tuple[str, bytes],
        caption: str = "",
        name: str = "file.bin",
        mime: str = "application/octet-stream",
    ) -> list[Message]:
        """Send files, each with its kind; several are an album. The first has the caption."""
        album = f"{next(self.world.album_ids)}" if len(files) > 1 else ""
        sent = []
        for number, (kind, body) in enumerate(files):
            text = caption if number == 0 else ""
            stored = self.world.store(kind, name, mime, body)
            message = room.add(self, text=text, entities=automatic(text), file=stored, album=album)
            sent.append(message)
        for message in sent:
            room.hear(message)
        return sent

    def sends_something(self, room: Room, **more: Any) -> Message:
        """Send what is neither text nor a file: a location, a contact…"""
        message = room.add(self, more=more)
        room.hear(message)
        return message

    def corrects(self, message: Message, text: str) -> None:
        message.text, message.entities = text, automatic(text)
        message.edits += 1
        message.edit_date = int(time.time())
        self.world.changed()
        message.room.hear(message, "edited_message")

    def reacts(self, message: Message, *emoji: str) -> None:
        """Let these be all of a person's emoji on a message; bots in the room are told."""
        old = message.given.get(self.id, [])
        message.given[self.id] = [*emoji]
        given = {
            "chat": message.room.json(),
            "message_id": message.id,
            "user": self.json(),
            "date": int(time.time()),
            "old_reaction": [{"type": "emoji", "emoji": each} for each in old],
            "new_reaction": [{"type": "emoji", "emoji": each} for each in emoji],
        }
        for bot in message.room.bots:
            bot.push("message_reaction", given)

    def stops(self, room: Room) -> None:
        """Press the button below what a bot is seen writing; Telegram stops to show it."""
        assert room.stoppable is not None, "there is no such button"
        draft = room.stoppable
        room.drafts.pop(draft, None)
        for bot in room.bots:
            told = {"chat": room.json(), "draft_id": draft}
            bot.push("stopped_message_generation", told)

    def presses(self, room: Room, label: str, *, too_old: bool = False) -> str:
        """Press the newest button of this label; returns the query's id."""
        found = [
            (each, button)
            for each in room.seen()
            for row in each.keyboard
            for button in row
            if button["text"] == label
        ]
        message, button = found[-1]
        bot = message.author
        assert isinstance(bot, Bot)
        query = str(next(self.world.query_ids))
        old = {"chat": room.json(), "message_id": message.id, "date": 0}
        bot.queries[query] = None
        bot.push(
            "callback_query",
            {
                "id": query,
                "from": self.json(),
                "message": old if too_old else message.json(),
                "chat_instance": BOT_CHAT_INSTANCE,
                "data": button["callback_data"],
            },
        )
        return query

    def adds(self, bot: "Bot", room: Room) -> None:
        room.bots.append(bot)
        bot.member(room, self, "left", "member")

    def removes(self, bot: "Bot", room: Room) -> None:
        room.bots.remove(bot)
        bot.member(room, self, "member", "kicked")

    def blocks(self, bot: "Bot") -> None:
        self.has_blocked.add(bot.id)
        bot.member(bot.dm(self), self, "member", "kicked")

    def unblocks(self, bot: "Bot") -> None:
        self.has_blocked.discard(bot.id)
        bot.member(bot.dm(self), self, "kicked", "member")


@dataclass(eq=False)
class Bot:
    """A bot's account. `privacy`: in groups it hears only what is meant for it.

    `confirmed`: what Telegram has been told is in, in that order. `queries`: presses, and the
    alert each was answered with (None: not answered; empty: without words).
    """

    world: "World"
    id: int
    username: str
    token: str
    first: str = "Bridge"
    privacy: bool = True
    joins: bool = True
    revoked: bool = False
    webhook: str = ""
    commands: list[JSON] = field(default_factory=list)
    commands_in: dict[str, list[JSON]] = field(default_factory=dict)
    updates: list[JSON] = field(default_factory=list)
    confirmed: list[JSON] = field(default_factory=list)
    queries: dict[str, str | None] = field(default_factory=dict)
    allowed: list[str] | None = None
    rang: asyncio.Event = field(default_factory=asyncio.Event)
    poll: "asyncio.Future[None] | None" = None
    dms: dict[int, Room] = field(default_factory=dict)

    def json(self) -> JSON:
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.first,
            "username": self.username,
        }

    def me(self) -> JSON:
        return self.json() | {
            "can_join_groups": self.joins,
            "can_read_all_group_messages": not self.privacy,
            "supports_inline_queries": False,
        }

    def dm(self, person: Person) -> Room:
        """Return the private chat with a person; its id is theirs."""
        if person.id not in self.dms:
            room = Room(self.world, person.id, "private", person=person, bots=[self])
            self.dms[person.id] = room
        return self.dms[person.id]

    def room(self, chat: int) -> Room | None:
        return self.dms.get(chat) or self.world.groups.get(chat)

    def may_hear(self, message: Message) -> bool:
        if message.room.kind == "private" or not self.privacy or message.more:
            return True
        answered = message.room.messages.get(message.reply_to or 0)
        is_answer = answered is not None and answered.author is self
        is_meant = any(
            each["type"] == "bot_command" or self._is_named(message, each)
            for each in message.entities
        )
        return is_answer or is_meant

    def _is_named(self, message: Message, mark: JSON) -> bool:
        return mark["type"] == "mention" and f"@{self.username}".lower() in message.text.lower()

    def member(self, room: Room, by: Person, was: str, became: str) -> None:
        def status(word: str) -> JSON:
            banned = {"until_date": 0} if word == "kicked" else {}
            return {"status": word, "user": self.json(), **banned}

        self.push(
            "my_chat_member",
            {
                "chat": room.json(),
                "from": by.json(),
                "date": int(time.time()),
                "old_chat_member": status(was),
                "new_chat_member": status(became),
            },
        )

    def push(self, kind: str, payload: JSON) -> JSON:
        """Let something wait for the bot, unless it does not ask for such things."""
        update = {"update_id": next(self.world.update_ids), kind: payload}
        wanted = kind not in UNASKED if self.allowed is None else kind in self.allowed
        if wanted:
            self.redeliver(update)
        return update

    def redeliver(self, update: JSON) -> None:
        """Let an update wait, once more if it was confirmed already, under a new number."""
        if update in self.confirmed:
            update = update | {"update_id": next(self.world.update_ids)}
        self.updates.append(update)
        self.rang.set()

    def confirm(self, before: int) -> None:
        done = [each for each in self.updates if each["update_id"] < before]
        self.confirmed += done
        self.updates = [each for each in self.updates if each not in done]
        if done:
            self.world.changed()


class World:
    """Everything, with the ids that are handed out."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.bots: dict[str, Bot] = {}
        self.groups: dict[int, Room] = {}
        self.files: dict[str, Stored] = {}
        self.message_ids = itertools.count(11)
        self.update_ids = itertools.count(700_000_001)
        self.album_ids = itertools.count(13_000_000_000_000_001)
        self.query_ids = itertools.count(5_000_000_000_000_001)
        self._ids = itertools.count(1001)
        self._changed = asyncio.Event()
        self.whispers = True

    def person(self, first: str, last: str = "", username: str = "") -> Person:
        made = Person(self, next(self._ids), first, last, username)
        self.people.append(made)
        return made

    def bot(self, username: str, **more: Any) -> Bot:
        number = next(self._ids) + 7_000_000_000
        token = f"{number}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw{number % 100}"
        self.bots[token] = Bot(self, number, username, token, **more)
        return self.bots[token]

    def group(self, title: str, *bots: Bot, kind: str = "supergroup", forum: bool = False) -> Room:
        number = -next(self._ids) - (1_000_000_000_000 if kind == "supergroup" else 0)
        room = Room(self, number, kind, title=title, bots=list(bots), forum=forum)
        self.groups[number] = room
        return room

    def rooms(self) -> Iterator[Room]:
        for bot in self.bots.values():
            yield from bot.dms.values()
        yield from self.groups.values()

    def store(self, kind: str, name: str, mime: str, body: bytes) -> Stored:
        stored = Stored(kind, f"F{len(self.files) + 1}", name, mime, body)
        self.files[stored.id] = stored
        return stored

    # -- waiting for what is shown

    def changed(self) -> None:
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    async def until(self, condition: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait until a condition holds. Raises `TimeoutError` that says what was shown."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    waiting = asyncio.ensure_future(self._changed.wait())
                    await asyncio.wait({waiting}, timeout=0.02)
                    waiting.cancel()
        except TimeoutError:
            shown = {f"{room.id} {room.title}": room.shown() for room in self.rooms()}
            raise TimeoutError(f"not within {within:g} s; shown: {shown}") from None
