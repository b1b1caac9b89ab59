"""Four chat apps in one person's hand: every fake platform behind the same few gestures.

Scenarios, benchmarks and `bridge demo` use it: what people do and see is the same everywhere.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from bridge.demo.discord.fake import FakeDiscord
from bridge.demo.discord.world import Bot as DiscordBot
from bridge.demo.slack.server import FakeSlack
from bridge.demo.telegram.server import FakeTelegram
from bridge.demo.telegram.world import Bot as TelegramBot
from bridge.demo.whatsapp.twilio import FakeTwilio


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A message as people see it. `who` is empty for the bridge's own.

    `marks`: where an app is sent formatting beside the words, its entities.
    """

    who: str
    text: str
    buttons: tuple[str, ...] = ()
    silent: bool = False
    edited: bool = False
    marks: tuple[Mapping[str, Any], ...] = ()


class App(Protocol):
    """One person's chat with the bridge's bot, in one app."""

    name: str
    title: str

    @property
    def typed(self) -> int:
        """Return how often the bot was seen typing so far."""

    def section(self) -> Mapping[str, str]:
        """Return what the bridge's configuration has to say of it."""

    def says(self, text: str) -> None: ...

    def presses(self, label: str) -> None:
        """Press the newest button of this label."""

    def seen(self) -> list[Look]:
        """Return every message that is visible, oldest first."""

    def hangs_up(self) -> None:
        """Take the next message, but never answer the call that brought it."""


def shown(app: App) -> list[str]:
    """Return the texts that the bridge shows, oldest first."""
    return [look.text for look in app.seen() if not look.who]


class Telegram:
    name, title = "telegram", "Telegram"

    def __init__(
        self, fake: FakeTelegram, person: str, *, bot: TelegramBot | None = None, name: str = ""
    ) -> None:
        self.fake = fake
        self.bot = bot or fake.bot("bridge_bot")
        self.person = fake.person(person)
        self.chat = self.bot.dm(self.person)
        self.name = name or self.name
        self.title = f"{person}'s Telegram" if name else self.title

    def another(self, person: str) -> "Telegram":
        """Return the chat that somebody else has with the same bot."""
        return Telegram(self.fake, person, bot=self.bot, name=person.lower())

    @property
    def typed(self) -> int:
        return self.chat.typed

    def section(self) -> Mapping[str, str]:
        return {"type": "telegram", "token": self.bot.token, "api_url": self.fake.url}

    def says(self, text: str) -> None:
        self.person.says(self.chat, text)

    def presses(self, label: str) -> None:
        self.person.presses(self.chat, label)

    def seen(self) -> list[Look]:
        drafts = [Look(who="", text=text, silent=True) for text in self.chat.drafts.values()]
        messages = [
            Look(
                who="" if isinstance(each.author, TelegramBot) else each.author.first,
                text=each.text,
                buttons=tuple(each.buttons),
                silent=each.silent,
                edited=each.edits > 0,
                marks=tuple(each.entities),
            )
            for each in self.chat.seen()
        ]
        return [*messages, *drafts]

    def hangs_up(self) -> None:
        self.fake.fault("sendMessage", applied=True, hang_up=True)


class Discord:
    name, title = "discord", "Discord"

    def __init__(self, fake: FakeDiscord, person: str) -> None:
        self.fake = fake
        self.person = fake.person(person)
        self.chat = fake.direct(self.person)

    @property
    def typed(self) -> int:
        return self.chat.typed

    def section(self) -> Mapping[str, str]:
        return {"type": "discord", "token": self.fake.bot.token, "api_url": self.fake.url}

    def says(self, text: str) -> None:
        self.person.says(self.chat, text)

    def presses(self, label: str) -> None:
        found = [each for each in self.fake.messages(self.chat) if label in each.buttons]
        self.person.presses(found[-1], label)

    def seen(self) -> list[Look]:
        return [
            Look(
                who="" if isinstance(each.author, DiscordBot) else each.author.name,
                text=each.content,
                buttons=tuple(each.buttons),
                silent=each.silent,
                edited=each.edits > 0,
            )
            for each in self.fake.messages(self.chat)
        ]

    def hangs_up(self) -> None:
        self.fake.fault("send", applied=True, hang_up=True)


class Slack:
    name, title = "slack", "Slack"

    def __init__(self, fake: FakeSlack, person: str) -> None:
        self.fake = fake
        self.person = fake.person(person)
        self.chat = fake.dm(self.person)

    @property
    def typed(self) -> int:
        return 0  # an app of Slack cannot be seen typing

    def section(self) -> Mapping[str, str]:
        tokens = {"bot_token": self.fake.bot_token, "app_token": self.fake.app_token}
        return {"type": "slack", **tokens, "api_url": self.fake.api_url}

    def says(self, text: str) -> None:
        self.person.says(self.chat, text)

    def presses(self, label: str) -> None:
        for message in reversed(self.chat.visible()):
            labels = [each["text"]["text"] for each in message.buttons]
            if label in labels:
                self.person.presses(message, labels.index(label))
                return
        raise LookupError(f"there is no button {label!r}")

    def seen(self) -> list[Look]:
        people = self.fake.workspace.people
        return [
            Look(
                who="" if each.bot else people[each.user].name,
                text="\n".join(part for part in (each.label, each.shown) if part),
                buttons=tuple(button["text"]["text"] for button in each.buttons),
                edited=each.edits > 0,
            )
            for each in self.chat.visible()
        ]

    def hangs_up(self) -> None:
        self.fake.fault("chat.postMessage", applied=True, hang_up=True)


class WhatsApp:
    name, title = "whatsapp", "WhatsApp"

    def __init__(self, fake: FakeTwilio, person: str) -> None:
        self.fake = fake
        self.person = fake.person(person)

    @property
    def typed(self) -> int:
        return len(self.fake.typed)

    def section(self) -> Mapping[str, str]:
        account = self.fake.account
        return {
            "type": "whatsapp",
            "account_sid": account.sid,
            "auth_token": account.token,
            "number": self.fake.sender.place,
            "api_url": self.fake.base,
        }

    def called_at(self, url: str) -> None:
        """Call the bridge at this address when someone writes."""
        self.fake.sender.webhook = url

    def says(self, text: str) -> None:
        self.fake.says(self.person, text)

    def presses(self, label: str) -> None:
        self.fake.presses(self.person, label)

    def seen(self) -> list[Look]:
        mine = self.person.place
        return [
            Look(
                who=self.person.name if each.sender == mine else "",
                text=each.body,
                buttons=tuple(title for title, _ in each.buttons),
            )
            for each in self.fake.messages
            if mine in {each.sender, each.to} and each.is_shown
        ]

    def hangs_up(self) -> None:
        self.fake.fault("create", applied=True, hangs_up=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apps:
    telegram: Telegram
    discord: Discord
    slack: Slack
    whatsapp: WhatsApp

    @property
    def all(self) -> tuple[App, ...]:
        return (self.telegram, self.discord, self.slack, self.whatsapp)


@contextmanager
def _discord(person: str):
    with FakeDiscord.serving() as fake:
        yield Discord(fake, person)


@asynccontextmanager
async def four(person: str = "Ada") -> AsyncIterator[Apps]:
    """Serve the four platforms on the loopback, with one person who has all of them."""
    async with (
        FakeTelegram.open() as telegram,
        FakeSlack() as slack,
        FakeTwilio().running() as twilio,
    ):
        with _discord(person) as discord:
            yield Apps(
                telegram=Telegram(telegram, person),
                discord=discord,
                slack=Slack(slack, person),
                whatsapp=WhatsApp(twilio, person),
            )
