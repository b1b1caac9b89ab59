"""Four chat platforms under trouble: the fakes, a wire to each, and the people who write there."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

from bridge.demo.discord.fake import FakeDiscord
from bridge.demo.discord.world import Bot as DiscordBot
from bridge.demo.discord.world import Room as DiscordRoom
from bridge.demo.discord.world import Server
from bridge.demo.slack.server import FakeSlack
from bridge.demo.slack.workspace import Room as SlackRoom
from bridge.demo.telegram.server import FakeTelegram
from bridge.demo.telegram.world import Bot as TelegramBot
from bridge.demo.telegram.world import Room as TelegramRoom
from bridge.demo.whatsapp.twilio import FakeTwilio
from bridge.demo.whatsapp.world import Person as WhatsAppPerson
from tests.chaos.ledger import Message
from tests.chaos.schedule import Blow
from tests.chaos.wire import Wire

CARD = "May I count?"
LATE = 1.5
"""Seconds that a late event comes late."""

Press = Callable[[str], object]
Section = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Somebody at a place. `mention` stands before what is meant for the bridge."""

    account: str
    address: str
    says: Callable[[str], object]
    room: bool = False
    mention: str = ""

    @property
    def place(self) -> str:
        return f"{self.account}:{self.address}"


class Platform(ABC):
    """`send`: how a request that shows something begins. `happened` counts what the fake did."""

    send: bytes

    def __init__(self, name: str) -> None:
        self.name = name
        self.wire = Wire(0)
        self.happened: Counter[str] = Counter()
        self.next: list[str] = []
        self._later: set[asyncio.TimerHandle] = set()

    @abstractmethod
    def sections(self) -> Mapping[str, Section]:
        """Return what the configuration says of each account here."""

    @abstractmethod
    def writers(self) -> Sequence[Writer]: ...

    @abstractmethod
    def shown(self, place: str) -> list[Message]:
        """Return what the bridge shows in a place."""

    @abstractmethod
    def refuse(self, blow: Blow) -> None:
        """Let the platform answer the next calls with an error."""

    @abstractmethod
    async def event(self, what: str, dice: Random) -> None:
        """Tell something twice or late, or lose a connection or a call on its way in."""

    def presses(self) -> Iterator[Press]:
        """Yield how to press a button of each card that is open here."""
        yield from ()

    def connected(self) -> bool:
        return True

    def complaints(self) -> list[str]:
        """Return what the bridge did that the platform does not allow, and forget it."""
        return []

    def tidy(self) -> None:
        """Forget what nobody will ask for."""
        self._later = {each for each in self._later if each.when() > time.monotonic()}

    def heal(self) -> None:
        self.next.clear()

    def later(self, work: Callable[..., object], *arguments: object) -> None:
        self._later.add(asyncio.get_running_loop().call_later(LATE, work, *arguments))

    def taken(self, what: str) -> bool:
        """Say whether the next thing that happens shall happen so."""
        if what not in self.next:
            return False
        self.next.remove(what)
        self.happened[what] += 1
        return True


class Telegram(Platform):
    send = b"/sendMessage"

    def __init__(self, fake: FakeTelegram) -> None:
        super().__init__("telegram")
        self.fake = fake
        self.wire = Wire(fake.port)
        self.bot = fake.bot("bridge_bot")
        self.rooms_bot = fake.bot("rooms_bot", privacy=False)
        self.people = [fake.person(name) for name in ("Ada", "Bob", "Cem")]
        self.group = fake.group("Builders", self.rooms_bot)
        self.rooms: dict[str, TelegramRoom] = {}

    def sections(self) -> Mapping[str, Section]:
        both = {"telegram": self.bot, "telegram-rooms": self.rooms_bot}
        return {
            name: {"type": "telegram", "token": bot.token, "api_url": self.wire.url}
            for name, bot in both.items()
        }

    def writers(self) -> Sequence[Writer]:
        places = [("telegram", self.bot.dm(each), each) for each in self.people[:2]]
        places += [("telegram-rooms", self.group, each) for each in self.people[1:]]
        found = []
        for account, room, person in places:
            writer = Writer(
                account=account,
                address=room.place,
                says=lambda text, room=room, person=person: person.says(room, text),
                room=room is self.group,
                mention="@rooms_bot " if room is self.group else "",
            )
            self.rooms[writer.place] = room
            found.append(writer)
        return found

    def shown(self, place: str) -> list[Message]:
        return [
            Message(text=each.text, before=each.before)
            for each in self.rooms[place].seen()
            if isinstance(each.author, TelegramBot)
        ]

    def presses(self) -> Iterator[Press]:
        for room in self.rooms.values():
            if any(CARD in each.text and each.keyboard for each in room.seen()):
                person = room.person or self.people[1]
                yield lambda label, room=room, person=person: person.presses(room, label)

    def refuse(self, blow: Blow) -> None:
        more: dict[str, Any] = {"status": 502, "page": True} if blow.what == "page" else {}
        if blow.what == "limited":
            seconds = int(blow.seconds)
            words = f"Too Many Requests: retry after {seconds}"
            more = {"status": 429, "words": words, "retry_after": seconds}
        method = "sendMessage" if blow.how == "send" else None
        self.fake.fault(method, times=blow.times, **more)

    async def event(self, what: str, dice: Random) -> None:
        self.happened[what] += 1
        if what == "drop":
            self.wire.trouble("cut after", b"/getUpdates")
            return
        for bot in (self.bot, self.rooms_bot):
            known = [*bot.confirmed[-5:], *bot.updates]
            if known:
                bot.redeliver(dice.choice(known))

    def complaints(self) -> list[str]:
        found = self.fake.problems
        for checker in self.fake.checkers:
            checker.problems.clear()
        return found

    def tidy(self) -> None:
        super().tidy()
        self.fake.requests.clear()
        for bot in (self.bot, self.rooms_bot):
            del bot.confirmed[:-50]

    def heal(self) -> None:
        super().heal()
        self.fake.recover()


class Discord(Platform):
    send = b"POST /api/v10/channels/"

    def __init__(self, fake: FakeDiscord) -> None:
        super().__init__("discord")
        self.fake = fake
        self.wire = Wire(fake.port)
        self.rooms_bot = fake.add_bot("Rooms")
        server = Server("Workshop", [self.rooms_bot])
        fake.servers.append(server)
        self.people = [fake.person(name) for name in ("Ada", "Cem")]
        self.room = fake.room("workshop", server=server)
        self.rooms: dict[str, DiscordRoom] = {}

    def sections(self) -> Mapping[str, Section]:
        self.fake.gateway.url = f"{self.wire.url.replace('http', 'ws')}/gateway"
        both = {"discord": self.fake.bot, "discord-rooms": self.rooms_bot}
        return {
            name: {"type": "discord", "token": bot.token, "api_url": f"{self.wire.url}/api/v10"}
            for name, bot in both.items()
        }

    def writers(self) -> Sequence[Writer]:
        places = [("discord", self.fake.direct(each), each) for each in self.people]
        places += [("discord-rooms", self.room, each) for each in self.people]
        found = []
        for account, room, person in places:
            writer = Writer(
                account=account,
                address=str(room.id),
                says=lambda text, room=room, person=person: self._says(person, room, text),
                room=room is self.room,
                mention=f"{self.rooms_bot.mention()} " if room is self.room else "",
            )
            self.rooms[writer.place] = room
            found.append(writer)
        return found

    def _says(self, person: Any, room: DiscordRoom, text: str) -> None:
        late = self.taken("late")
        message = person.says(room, text, untold=late, twice=self.taken("twice"))
        if late:
            self.later(self.fake.tell_message, "MESSAGE_CREATE", message)

    def shown(self, place: str) -> list[Message]:
        return [
            Message(text=each.content, before=each.before)
            for each in self.fake.messages(self.rooms[place])
            if isinstance(each.author, DiscordBot)
        ]

    def presses(self) -> Iterator[Press]:
        for room in self.rooms.values():
            person = self.people[1] if self.people[1].person in room.people else self.people[0]
            for message in self.fake.messages(room):
                if CARD in message.content and message.components:
                    yield lambda label, message=message, person=person: person.presses(
                        message, label
                    )

    def connected(self) -> bool:
        bots = {each.bot for each in self.fake.gateway.sessions.values() if each.socket is not None}
        return len(bots) == 2

    def refuse(self, blow: Blow) -> None:
        more: dict[str, Any] = {"html": True, "status": 502} if blow.what == "page" else {}
        if blow.what == "limited":
            more = {"status": 429, "retry_after": float(blow.seconds)}
        self.fake.fault("send" if blow.how == "send" else "*", times=blow.times, **more)

    async def event(self, what: str, dice: Random) -> None:
        gateway = self.fake.gateway
        if what != "drop":
            self.next.append(what)
            return
        self.happened[what] += 1
        match dice.randrange(4):
            case 0:
                work = gateway.close(dice.choice([1001, 4000, 4009]))
            case 1:
                work = gateway.ask_to_reconnect()
            case 2:
                work = gateway.invalidate(resumable=True)
            case _:
                work = gateway.invalidate(resumable=False)
        await asyncio.to_thread(self.fake.run, work)

    def complaints(self) -> list[str]:
        found = [str(each) for each in self.fake.checker.faults]
        self.fake.checker.faults.clear()
        return found

    def tidy(self) -> None:
        """Real sessions end when nobody resumes them for a while; so do these."""
        super().tidy()
        self.fake.exchanges.clear()
        sessions = self.fake.gateway.sessions
        for identity in list(sessions)[:-6]:
            if sessions[identity].socket is None:
                sessions.pop(identity, None)

    def heal(self) -> None:
        super().heal()
        self.fake.faults.clear()


class FarSlack(FakeSlack):
    """A workspace that is reached over a wire: it tells that address as its own."""

    front = ""

    @property
    def url(self) -> str:
        return self.front or super().url


class Slack(Platform):
    send = b"chat.postMessage"

    def __init__(self, fake: FarSlack, name: str, *, rooms: bool) -> None:
        super().__init__(name)
        self.fake = fake
        self.wire = Wire(urlsplit(fake.url).port or 0)
        self.people = [fake.person(each) for each in ("Ada", "Bob")]
        self.in_room = rooms
        self.rooms: dict[str, SlackRoom] = {}

    def sections(self) -> Mapping[str, Section]:
        self.fake.front = self.wire.url
        tokens = {"bot_token": self.fake.bot_token, "app_token": self.fake.app_token}
        api = {"api_url": self.fake.api_url, "threads": "never"}
        return {self.name: {"type": "slack", **tokens, **api}}

    def writers(self) -> Sequence[Writer]:
        room = self.fake.room("workshop", *self.people) if self.in_room else None
        found = []
        for person in self.people:
            here = room or self.fake.dm(person)
            writer = Writer(
                account=self.name,
                address=here.id,
                says=lambda text, here=here, person=person: person.says(here, text),
                room=self.in_room,
                mention=f"<@{self.fake.workspace.bot_user}> " if self.in_room else "",
            )
            self.rooms[writer.place] = here
            found.append(writer)
        return found

    def shown(self, place: str) -> list[Message]:
        return [
            Message(text=f"{each.label}\n{each.shown}", before=each.before)
            for each in self.fake.shown(self.rooms[place])
        ]

    def presses(self) -> Iterator[Press]:
        for room in self.rooms.values():
            person = next(each for each in self.people if each.id in room.members)
            for message in self.fake.shown(room):
                if CARD in message.shown and message.buttons:
                    labels = [each["text"]["text"] for each in message.buttons]
                    yield (
                        lambda label, message=message, person=person, labels=labels: person.presses(
                            message, labels.index(label)
                        )
                    )

    def connected(self) -> bool:
        return self.fake.sockets.connected > 0

    def refuse(self, blow: Blow) -> None:
        more: dict[str, Any] = {"status": 500}
        if blow.what == "page":
            more = {"status": 503, "html": True}
        if blow.what == "limited":
            more = {"status": 429, "retry_after": int(blow.seconds)}
        method = "chat.postMessage" if blow.how == "send" else "*"
        self.fake.fault(method, times=blow.times, **more)

    async def event(self, what: str, dice: Random) -> None:
        self.happened[what] += 1
        sockets = self.fake.sockets
        match what:
            case "twice":
                known = [each for each in sockets.deliveries if each.kind == "events_api"]
                if known:
                    sockets.again(dice.choice(known[-5:]))
            case "late":
                sockets.deaf = True
                self.later(self._hear_again)
            case _ if dice.random() < 0.5:
                sockets.cut()
            case _:
                await sockets.refresh()

    def _hear_again(self) -> None:
        self.fake.sockets.deaf = False

    def complaints(self) -> list[str]:
        found = [str(each) for each in self.fake.checks.problems]
        self.fake.checks.problems.clear()
        return found

    def heal(self) -> None:
        super().heal()
        self.fake.faults.clear()
        self.fake.sockets.deaf = False


class WhatsApp(Platform):
    """`calls` is the wire on which Twilio calls the bridge."""

    send = b"POST /2010-04-01"

    def __init__(self, fake: FakeTwilio, port: int) -> None:
        super().__init__("whatsapp")
        self.fake = fake
        self.wire = Wire(urlsplit(fake.base).port or 0)
        self.calls = Wire(port)
        self.port = port
        self.people: dict[str, WhatsAppPerson] = {}

    def sections(self) -> Mapping[str, Section]:
        bridge = f"http://127.0.0.1:{self.port}"
        self.fake.sender.webhook = f"{bridge}/channels/whatsapp"
        self.fake.postman.routes[bridge] = self.calls.url
        account = self.fake.account
        return {
            "whatsapp": {
                "type": "whatsapp",
                "account_sid": account.sid,
                "auth_token": account.token,
                "number": self.fake.sender.place,
                "api_url": self.wire.url,
                "poll_seconds": 10,
            }
        }

    def writers(self) -> Sequence[Writer]:
        found = []
        for name in ("Ada", "Dana"):
            person = self.fake.person(name)
            writer = Writer(
                account="whatsapp",
                address=person.place,
                says=lambda text, person=person: self._says(person, text),
            )
            self.people[writer.place] = person
            found.append(writer)
        return found

    def _says(self, person: WhatsAppPerson, text: str) -> None:
        lost, late = self.taken("drop"), self.taken("late")
        sid = self.fake.says(person, text, webhook=not lost and not late)
        if late:
            self.later(self.fake.redeliver, sid)
        if self.taken("twice"):
            self.fake.redeliver(sid)

    def shown(self, place: str) -> list[Message]:
        return [Message(text=each) for each in self.fake.shown(self.people[place])]

    def refuse(self, blow: Blow) -> None:
        more: dict[str, Any] = {"status": 500}
        if blow.what == "page":
            more = {"status": 502, "is_html": True}
        if blow.what == "limited":
            more = {"status": 429, "code": 20429, "retry_after": int(blow.seconds)}
        self.fake.fault("create" if blow.how == "send" else "*", times=blow.times, **more)

    async def event(self, what: str, dice: Random) -> None:
        self.next.append(what)

    def complaints(self) -> list[str]:
        found = [str(each) for each in self.fake.complaints]
        self.fake.complaints.clear()
        return found

    def tidy(self) -> None:
        super().tidy()
        self.fake.postman.posted.clear()

    def heal(self) -> None:
        super().heal()
        self.fake.faults.recover()
        self.calls.heal()


class Fleet:
    def __init__(self, *platforms: Platform) -> None:
        self.platforms = {each.name: each for each in platforms}
        self.writers = [writer for each in platforms for writer in each.writers()]

    @property
    def wires(self) -> Iterator[Wire]:
        for platform in self.platforms.values():
            yield platform.wire
            if isinstance(platform, WhatsApp):
                yield platform.calls

    def shown(self, place: str) -> list[Message]:
        name = place.partition(":")[0]
        known = self.platforms.get(name) or self.platforms[name.removesuffix("-rooms")]
        return known.shown(place)

    def sections(self) -> dict[str, Section]:
        """Return the configuration of every channel."""
        rooms = {each.account for each in self.writers if each.room}
        return {
            name: {
                "allow": ["*"],
                "welcome": False,
                "sessions": "per_place" if name in rooms else "shared",
                **section,
            }
            for platform in self.platforms.values()
            for name, section in platform.sections().items()
        }

    async def heal(self) -> None:
        """End all trouble."""
        for platform in self.platforms.values():
            platform.heal()
        for wire in self.wires:
            wire.heal()
            await wire.up()


@asynccontextmanager
async def fleet(port: int) -> AsyncIterator[Fleet]:
    """Serve every platform; the bridge will listen on `port`."""
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(FakeTelegram.open())
        slack = await stack.enter_async_context(FarSlack())
        rooms = await stack.enter_async_context(FarSlack("Workshop", 2))
        twilio = await stack.enter_async_context(FakeTwilio().running())
        discord = stack.enter_context(FakeDiscord.serving())
        served = Fleet(
            Telegram(telegram),
            Discord(discord),
            Slack(slack, "slack", rooms=False),
            Slack(rooms, "slack-rooms", rooms=True),
            WhatsApp(twilio, port),
        )
        for wire in served.wires:
            await wire.up()
            stack.push_async_callback(wire.close)
        yield served
