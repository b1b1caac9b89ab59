"""A real bridge and real browser pages, driven from tests that are not coroutines themselves.

The bridge runs on a loop in a thread of its own. Its store and its chat platform outlive it, so
that a test may stop it in the middle of an answer and start it again on the same port.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

from agents.echo import Echo
from bridge.domain.commands import Change, Join, Push, Say
from bridge.domain.content import Content, Option, ours
from bridge.domain.events import Body, Draft, Event, MessageReceived, Role, Source
from bridge.domain.ids import START, ChannelName, ConversationId, ParticipantId, SessionId
from bridge.engine.clock import SystemClock
from bridge.engine.engine import Connected, Engine
from bridge.http.app import create_app
from bridge.http.auth import digest
from bridge.http.limits import Limits
from bridge.http.links import Links
from bridge.http.server import HttpServer
from bridge.http.web_push import WebPush
from bridge.ports.agent import Agent
from bridge.ports.health import Check
from bridge.ports.push import Pushing
from bridge.session.admission import EVERYONE, Account
from bridge.session.invitations import Inviting
from bridge.session.routing import SHARED
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs
from tests.feeding import feeding
from tests.waiting import PATIENCE

ADA, BOB = ParticipantId("p_ada"), ParticipantId("p_bob")
CHAT = ChannelName("chat")
CHAT_LABEL = "Telegram"
WORD_SECONDS = 0.02
MOST = 2_000_000
"""Bytes of one file."""

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {configurable: true, get: () => Boolean(hidden)});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Makes a page believe that it went to the background (a word), or came back (none)."""

OUTBOXES = """() => Object.keys(localStorage)
  .filter(key => key.startsWith("bridgehead.outbox."))
  .map(key => Object.values(JSON.parse(localStorage[key])).flatMap(each => each.entries).length)"""
"""How many entries wait in each of this browser's outboxes."""

T = TypeVar("T")


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Pace(SystemClock):
    """The agent's clock: as long as it is `held`, nothing that the agent waits for comes."""

    held = False

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        while self.held:
            await super().sleep(WORD_SECONDS)


def token_of(person: ParticipantId) -> str:
    return f"token-of-{person}-0123456789abcdef"


@dataclass
class Bridge:
    """Ada owns the shared session; Bob is a member; Cy writes from a chat app."""

    loop: Loop
    limits: Limits = field(default_factory=Limits)
    store: MemoryStore = field(default_factory=MemoryStore)
    chat: MemoryPlatform = field(default_factory=MemoryPlatform)
    clock: SystemClock = field(default_factory=SystemClock)
    blobs: MemoryBlobs = field(
        default_factory=lambda: MemoryBlobs(clock=SystemClock(), max_bytes=MOST)
    )
    agent: Agent | None = None
    pace: Pace = field(default_factory=Pace)
    channels: Mapping[ChannelName, str] = field(default_factory=lambda: {CHAT: CHAT_LABEL})
    word_seconds: float = WORD_SECONDS
    port: int = 0
    links: Links = field(default_factory=lambda: Links(b"key", base=None, clock=SystemClock()))
    web_push: WebPush | None = None

    # -- its life

    def start(self) -> None:
        self.loop.run(self._start())

    def stop(self) -> None:
        self.loop.run(self._stop())

    async def _start(self) -> None:
        agent = self.agent or Echo(delay=self.word_seconds, clock=self.pace)
        account = Account(allow=frozenset({EVERYONE}))
        name = type(agent).__name__.lower()
        self.core = Engine(
            blobs=MemoryBlobs(clock=self.clock),
            store=self.store,
            clock=self.clock,
            agents={name: agent},
            agent=name,
            channels=[
                Connected(
                    channel=MemoryChannel(each, self.chat, feeding()), account=account, label=label
                )
                for each, label in self.channels.items()
            ]
            + [Connected(channel=each, account=None, label="browser") for each in self.pushes()],
        )
        for each in self.pushes():
            each.browsers = self.core.sessions.browser_places
        for person, name in ((ADA, "Ada"), (BOB, "Bob")):
            await self._enrol(person, name)
        await self.core.sessions.create(SHARED, title="Main", owner=ADA)
        await self.core.sessions.submit(SHARED, Join(participant=BOB, role="member"))
        self.server = HttpServer(self._app(), host="127.0.0.1", port=self.port)
        self.port = await self.server.start()
        self.core.sessions.people.browser_guests.page = self.url
        await self.core.start()

    def _app(self) -> Any:
        return create_app(
            store=self.store,
            sessions=self.core.sessions,
            blobs=self.blobs,
            links=self.links,
            live=self.core.live,
            clock=self.clock,
            checks=_no_checks,
            ready=self.core.faults,
            label=lambda address: self.core.names.label(address.channel),
            operator=ADA,
            people=self.core.sessions.people,
            deliveries=self.core.deliveries,
            subscriptions=self.core.subscribing,
            limits=self.limits,
            pushing=self._pushing(),
        )

    def pushes(self) -> list[WebPush]:
        return [] if self.web_push is None else [self.web_push]

    def _pushing(self) -> Pushing | None:
        if self.web_push is None:
            return None
        return Pushing(
            browsers=self.core.sessions.browser_places,
            deeds=self.core.browser_deeds,
            key=self.web_push.signing,
            secure=self.web_push.is_secure,
        )

    async def _stop(self) -> None:
        await self.core.stop(0)
        await self.server.stop()

    async def _enrol(self, person: ParticipantId, name: str) -> None:
        now = self.clock.now()
        await self.store.enrol(person, name=name, realm="test", user=person, at=now)
        await self.store.issue_token(digest(token_of(person)), person, label="test", at=now)

    # -- what happens in it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self, person: ParticipantId = ADA) -> str:
        return f"{self.url}/#token={token_of(person)}"

    def enrol(self, person: ParticipantId, name: str, role: Role = "member") -> None:
        async def enrol() -> None:
            await self._enrol(person, name)
            await self.core.sessions.submit(SHARED, Join(participant=person, role=role))

        self.loop.run(enrol())

    def invite(self, *, role: Role = "member", earlier: bool = False) -> str:
        """Return the link by which a browser comes in, of Ada's making."""

        async def invite() -> str:
            fold = await self.core.sessions.fold(SHARED)
            wanted = Inviting(role=role, earlier=earlier, browser=True)
            made = await self.core.sessions.people.browser_guests.invite(fold, ADA, wanted)
            return made.links[0]

        return self.loop.run(invite())

    def asks(self, text: str) -> None:
        """Let Ada write something in a terminal."""
        place = ConversationId("http:terminal")
        say = Say(by=ADA, conversation=place, content=Content(text=text))
        self.loop.run(self.core.sessions.hear(SHARED, say))

    def push(self, text: str, *buttons: Option, own: bool = False) -> None:
        """Push something: as a program does, or as the bridge does."""
        source = Source(kind="background", name="bridge") if own else Source(kind="api")
        push = Push(source=source, content=ours(text), buttons=buttons, by=ADA)
        self.loop.run(self.core.sessions.submit(SHARED, push))

    def say_in_chat(self, text: str, user: str = "Cy") -> None:
        async def say() -> None:
            self.chat.say("dm", user, text)

        self.loop.run(say())

    def append(self, *bodies: Body) -> None:
        """Put history into the log while nobody looks; the bridge must not be running."""
        drafts = [Draft(body=body) for body in bodies]
        self.loop.run(self.store.append(SHARED, drafts, at=self.clock.now()))

    def log(self, session: SessionId = SHARED) -> Sequence[Event]:
        return self.loop.run(self.store.read(session, after=START, limit=100_000))

    def said(self) -> list[str]:
        """Return what people said, in the order of the log."""
        bodies = [event.body for event in self.log()]
        return [body.content.text for body in bodies if isinstance(body, MessageReceived)]

    def files(self) -> list[tuple[str, ...]]:
        """Return the names of the files of each message that people sent."""
        bodies = [event.body for event in self.log()]
        heard = [body for body in bodies if isinstance(body, MessageReceived)]
        return [tuple(each.name for each in body.content.attachments) for body in heard]

    def forget_files(self) -> None:
        async def forget() -> None:
            for media in list(self.blobs._files):
                await self.blobs.forget(media)

        self.loop.run(forget())

    def rename(self, title: str) -> None:
        change = Change(scope="session", name="title", value=title, by=ADA)
        self.loop.run(self.core.sessions.submit(SHARED, change))


async def _no_checks() -> Sequence[Check]:
    return ()


@dataclass
class Pages:
    """Opens pages, each in a browser profile of its own, and remembers what went wrong in them."""

    browser: Browser
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    excused: tuple[str, ...] = ("Failed to load resource",)

    def open(self, link: str, **context: Any) -> Page:
        return self.tab(self.browser.new_context(**context), link)

    def tab(self, context: BrowserContext, link: str, *, agreeing: bool = False) -> Page:
        """Open a link; `agreeing` to be someone else in this browser from now on."""
        page = context.new_page()
        if agreeing:
            page.on("dialog", lambda dialog: dialog.accept())
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heard)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(link)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(self.excused):
            self.faults.append(message.text)

    def close(self) -> None:
        for context in self.browser.contexts:
            context.close()


def is_typing(route: Route) -> bool:
    """Say whether a request to the inbox is not about what is kept."""
    return "producer-id" not in route.request.headers


def say(page: Page, text: str) -> None:
    """Write something, in whatever language the page is."""
    page.locator("#text").fill(text)
    page.keyboard.press("Enter")


def of_each(page: Page, selector: str, what: str) -> list[Any]:
    """Return what a function says of each element that is there now.

    In one look: an element that is found in one and asked in the next may be gone by then.
    """
    script = f"selector => Array.from(document.querySelectorAll(selector), {what})"
    return list(page.evaluate(script, selector))


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for something that the page does not show."""
    end = monotonic() + seconds
    while not true():
        assert monotonic() < end, "it did not become so in time"
        sleep(0.02)
