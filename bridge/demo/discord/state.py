"""Who and what there is on the made-up Discord, and what people do there."""

import asyncio
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bridge.demo.discord.fields import Checker
from bridge.demo.discord.sockets import Gateway
from bridge.demo.discord.world import (
    DIRECT,
    EPHEMERAL,
    STARTER,
    TEXT,
    THREAD,
    VOICE,
    Bot,
    Message,
    Person,
    Room,
    Server,
    snowflake,
)
from bridge.demo.waiting import PATIENCE

T = TypeVar("T")


@dataclass(kw_only=True)
class Fault:
    """`operation` goes wrong `times` times: answered so, or (`hang_up`) not at all.

    `applied`: what was asked for is done all the same. `html`: the answer is no JSON, as from a
    proxy. `via` False: the answer comes from before Discord. `delay`: seconds before that.
    """

    operation: str
    status: int = 500
    code: int = 0
    html: bool = False
    applied: bool = False
    hang_up: bool = False
    retry_after: float = 0.0
    everywhere: bool = False
    via: bool = True
    delay: float = 0.0
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request that was answered, as Discord's own description of its API would have it."""

    operation: str
    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any
    status: int
    answer: Any


@dataclass(eq=False)
class Interaction:
    """What became of one. `answers`: the types of the answers; `whispers`: what its person sees."""

    id: int
    token: str
    bot: Bot
    person: Person
    room: Room
    answers: list[int] = field(default_factory=list)
    original: str | None = None
    followed: list[str] = field(default_factory=list)
    too_late: bool = False
    form: dict[str, Any] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def buttons(self) -> dict[str, str]:
        """The values of the buttons below what was whispered, by their labels."""
        return {each["label"]: each["custom_id"] for row in self.rows for each in row["components"]}

    @property
    def whispers(self) -> list[str]:
        return [*([self.original] if self.original else []), *self.followed]


class DiscordState:
    """What there is on this Discord and what happens there; it runs in a loop of its own."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.checker = Checker()
        self.gateway = Gateway(self.checker)
        self.gateway.servers_of = self._servers_of  # type: ignore[method-assign]
        self.bots: dict[str, Bot] = {}
        self.bot = self.add_bot("Bridge")
        self.server = Server("Home", [self.bot])
        self.servers = [self.server]
        self.rooms: dict[int, Room] = {}
        self.faults: list[Fault] = []
        self.calls: Counter[str] = Counter()
        self.interactions: list[Interaction] = []
        self.exchanges: list[Exchange] = []
        self.port = 0
        self.expired: set[int] = set()
        self._loop = asyncio.new_event_loop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the fake's own loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    # -- who and what there is

    def add_bot(self, name: str) -> Bot:
        token = (
            f"{secrets.token_urlsafe(18)}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
        )
        bot = Bot(name, bot=True, token=token)
        self.bots[token] = bot
        return bot

    def person(self, name: str) -> "Actor":
        return Actor(self, Person(name))

    def room(self, name: str = "general", *, server: Server | None = None) -> Room:
        server = server or self.server
        room = Room(name, TEXT, server)
        server.rooms.append(room)
        return self._add(room)

    def rename(self, room: Room, name: str) -> None:
        """Call a room or a thread otherwise."""
        room.name = name
        what = "THREAD_UPDATE" if room.kind == THREAD else "CHANNEL_UPDATE"
        self._tell(room, what, room.as_channel())

    def thread(self, name: str, parent: Room) -> Room:
        room = Room(name, THREAD, parent.server, parent)
        assert parent.server is not None
        parent.server.rooms.append(room)
        self._add(room)
        self._tell(room, "THREAD_CREATE", room.as_channel())
        return room

    def thread_under(self, message: Message, name: str) -> Room:
        """Begin a thread under a message: it has its id, and begins with a pointer to it.

        Source: https://docs.discord.com/developers/topics/threads
        """
        room = Room(name, THREAD, message.room.server, message.room, id=message.id)
        assert room.server is not None
        room.server.rooms.append(room)
        self._add(room)
        self._tell(room, "THREAD_CREATE", room.as_channel())
        self.post(Message(room, message.author, "", kind=STARTER, reply_to=message))
        return room

    def direct(self, actor: "Actor", bot: Bot | None = None) -> Room:
        """Return the direct messages of a person and a bot."""
        people = [actor.person, bot or self.bot]
        for room in self.rooms.values():
            if room.kind == DIRECT and room.people == people:
                return room
        return self._add(Room(actor.person.name, DIRECT, people=people))

    def _add(self, room: Room) -> Room:
        self.rooms[room.id] = room
        return room

    def _servers_of(self, bot: Bot) -> list[Server]:
        return [server for server in self.servers if bot in server.bots]

    # -- what people see

    def messages(self, room: Room) -> list[Message]:
        """Return what stands in a room for all to see, oldest first."""
        with self.lock:
            return [each for each in room.present() if each.only is None]

    def shown(self, room: Room) -> list[str]:
        """Return the texts of the bots' messages in a room."""
        return [each.content for each in self.messages(room) if isinstance(each.author, Bot)]

    def age(self, message: Message, seconds: int) -> None:
        """Make a message one of so long ago, as its id says."""
        with self.lock:
            del message.room.messages[message.id]
            message.id -= seconds * 1000 << 22
            messages = {**message.room.messages, message.id: message}
            message.room.messages = dict(sorted(messages.items()))

    def expire(self, message: Message) -> None:
        """Make the addresses of a message's files expire; it is told fresh ones from now on."""
        self.expired |= set(message.files)
        for attached in message.attachments:
            attached["url"] = attached["proxy_url"] = attached["url"].replace("?ex=1", "?ex=2")

    # -- trouble

    def fault(self, operation: str, **what: Any) -> Fault:
        """Arrange trouble; see `Fault`. The operations are those in `calls`."""
        fault = Fault(operation=operation, **what)
        self.faults.append(fault)
        return fault

    def take_fault(self, operation: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation in {operation, "*"} and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    # -- what happens

    def post(self, message: Message, *, untold: bool = False, twice: bool = False) -> Message:
        """Put a message into its room and tell the bots who can read there."""
        with self.lock:
            message.room.messages[message.id] = message
        if not untold:
            self.tell_message("MESSAGE_CREATE", message, twice=twice)
        return message

    def tell_message(self, event: str, message: Message, *, twice: bool = False) -> None:
        def told(bot: Bot) -> dict[str, Any]:
            room = message.room
            called = bot in message.mentions or message.author is bot
            content = bot.content or called or room.server is None
            whole = message.as_message(content=content) | {"channel_type": room.kind}
            if message.nonce and message.author is bot:
                whole["nonce"] = message.nonce
            if room.server is not None:
                member = room.server.as_member(message.author) | {}
                del member["user"]
                whole |= {"guild_id": str(room.server.id), "member": member}
            return whole

        self._tell(message.room, event, told, twice=twice)

    def forget(self, message: Message) -> None:
        """Delete a message and tell the bots."""
        message.deleted = True
        gone = {"id": str(message.id), "channel_id": str(message.room.id)}
        if message.room.server is not None:
            gone["guild_id"] = str(message.room.server.id)
        self._tell(message.room, "MESSAGE_DELETE", gone)

    def give(self, message: Message, person: Person, emoji: str, *, gone: bool) -> None:
        """Let a person put an emoji on a message, and tell the bots; of a DM not who it is."""
        people = message.reactions.setdefault(emoji, [])
        (people.remove if gone else people.append)(person)
        given: dict[str, Any] = {
            "user_id": str(person.id),
            "channel_id": str(message.room.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "type": 0,
            "burst": False,
        }
        if message.room.server is not None:
            given["guild_id"] = str(message.room.server.id)
            if not gone:
                given["member"] = message.room.server.as_member(person)
        event = "MESSAGE_REACTION_REMOVE" if gone else "MESSAGE_REACTION_ADD"
        self._tell(message.room, event, given)

    def whisper(
        self, interaction: Interaction, content: str, event: str = "MESSAGE_CREATE"
    ) -> None:
        """Tell a bot of what only one person sees: as if it were said in a chat of these two.

        Source: https://github.com/discord/discord-api-docs/issues/4557
        """
        message = Message(interaction.room, interaction.bot, content, flags=EPHEMERAL)
        whole = message.as_message() | {"channel_type": interaction.room.kind}
        self._loop.call_soon_threadsafe(self._told, interaction.bot, event, whole)

    def raw(self, room: Room, event: str, data: dict[str, Any]) -> None:
        """Tell the bots something that Discord would not."""
        self._tell(room, event, data | {"_poison": True})

    def _tell(
        self,
        room: Room,
        event: str,
        data: dict[str, Any] | Callable[[Bot], dict[str, Any]],
        *,
        twice: bool = False,
    ) -> None:
        bots = room.server.bots if room.server is not None else room.people
        for bot in bots:
            if isinstance(bot, Bot) and room.readable():
                whole = data(bot) if callable(data) else data
                self._loop.call_soon_threadsafe(self._told, bot, event, whole, 2 if twice else 1)

    def _told(self, bot: Bot, event: str, data: dict[str, Any], times: int = 1) -> None:
        for _ in range(times):
            self.gateway.tell(bot, event, data)

    def interact(self, interaction: Interaction, kind: int, **more: Any) -> Interaction:
        self.interactions.append(interaction)
        room, person = interaction.room, interaction.person
        whole: dict[str, Any] = {
            "id": str(interaction.id), "application_id": str(interaction.bot.app), "type": kind,
            "token": interaction.token, "version": 1, "channel_id": str(room.id),
            "channel": room.as_channel(), "app_permissions": "0", "locale": "en-US",
            "entitlements": [], "authorizing_integration_owners": {},
            "attachment_size_limit": 10_485_760, **more,
        }  # fmt: skip
        if room.server is not None:
            member = room.server.as_member(person) | {"permissions": "0"}
            whole |= {"guild_id": str(room.server.id), "member": member, "context": 0}
        else:
            whole |= {"user": person.as_user(), "context": 1}
        bot = interaction.bot
        self._loop.call_soon_threadsafe(self._told, bot, "INTERACTION_CREATE", whole)
        return interaction


MENTION = re.compile(r"<@!?(\d+)>")
ROLE_MENTION = re.compile(r"<@&(\d+)>")


@dataclass(eq=False)
class Actor:
    """A person, and what they can do."""

    fake: DiscordState
    person: Person

    @property
    def id(self) -> str:
        return str(self.person.id)

    def says(
        self,
        room: Room,
        text: str = "",
        *,
        reply_to: Message | None = None,
        files: dict[str, tuple[str, bytes]] | None = None,
        voice: bool = False,
        untold: bool = False,
        twice: bool = False,
        **extra: Any,
    ) -> Message:
        """Write a message. `files`: MIME type and bytes by name. `untold`: no event tells it."""
        message = Message(room, self.person, text, kind=19 if reply_to else 0, reply_to=reply_to)
        everyone = [*self.fake.bots.values(), *extra.pop("others", ())]
        ids = {int(each) for each in MENTION.findall(text)}
        message.mentions = [each for each in everyone if each.id in ids]
        message.roles = [int(each) for each in ROLE_MENTION.findall(text)]
        message.extra = extra
        message.flags = VOICE if voice else 0
        for name, (mime, content) in (files or {}).items():
            attach(self.fake, message, name, mime, content)
        return self.fake.post(message, untold=untold, twice=twice)

    def brings_in(self, room: Room, who: Person) -> Message:
        """Add somebody to a thread."""
        message = Message(room, self.person, "", kind=1, mentions=[who])
        return self.fake.post(message)

    def reacts(self, message: Message, emoji: str, *, gone: bool = False) -> None:
        """Put an emoji on a message, or take it off."""
        self.fake.give(message, self.person, emoji, gone=gone)

    def corrects(self, message: Message, text: str) -> None:
        message.content, message.edited = text, time.time()
        self.fake.tell_message("MESSAGE_UPDATE", message)

    def unsays(self, message: Message) -> None:
        self.fake.forget(message)

    def presses(self, message: Message, label: str) -> Interaction:
        """Press one of a bot's buttons."""
        bot = next(each for each in self.fake.bots.values() if each is message.author)
        return self.fake.interact(
            self._interaction(message.room, bot),
            3,
            data={"custom_id": message.buttons[label], "component_type": 2},
            message=message.as_message(),
        )

    def commands(self, room: Room, name: str, argument: str = "") -> Interaction:
        """Choose a slash command from the menu."""
        options = [{"type": 3, "name": "argument", "value": argument}] if argument else []
        data = {"id": str(snowflake()), "name": name, "type": 1, "options": options}
        return self.fake.interact(self._interaction(room, self.fake.bot), 2, data=data)

    def asks_about(self, message: Message, name: str = "Ask about this") -> Interaction:
        """Choose an entry in the menu of a message."""
        data = {
            "id": str(snowflake()),
            "name": name,
            "type": 3,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): message.as_message()}},
        }
        return self.fake.interact(self._interaction(message.room, self.fake.bot), 2, data=data)

    def writes(self, opened: Interaction, words: str) -> Interaction:
        """Write into the window that an interaction was answered with, and send it."""
        assert opened.form is not None, "no window was opened"
        (row,) = opened.form["components"]
        (line,) = row["components"]
        assert line.get("min_length", 0) <= len(words) <= line.get("max_length", 4000)
        written = {"type": 4, "custom_id": line["custom_id"], "value": words}
        data = {
            "custom_id": opened.form["custom_id"],
            "components": [{"type": 1, "components": [written]}],
        }
        return self.fake.interact(self._interaction(opened.room, opened.bot), 5, data=data)

    def _interaction(self, room: Room, bot: Bot) -> Interaction:
        return Interaction(snowflake(), secrets.token_urlsafe(24), bot, self.person, room)


def attach(fake: DiscordState, message: Message, name: str, mime: str, content: bytes) -> None:
    number = snowflake()
    base = fake.url.removesuffix("/api/v10")
    url = f"{base}/cdn/{message.room.id}/{message.id}/{number}/{name}?ex=1"
    message.files[number] = content
    message.attachments.append(
        {
            "id": str(number),
            "filename": name,
            "size": len(content),
            "url": url,
            "proxy_url": url,
            "content_type": mime,
        }
    )


def is_whisper(flags: int) -> bool:
    return bool(flags & EPHEMERAL)
