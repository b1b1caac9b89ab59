"""The demo: one bridge, four chat apps that are not really there, all of them on one page.

`bridge demo` serves it. The bridge and the client libraries are real. The platforms are made up:
nothing leaves this machine, and no account is needed. The tests use the same ones.
"""

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import aiohttp
from aiohttp import web

from bridge.app import running
from bridge.config import load
from bridge.demo.apps import App, Apps, four, shown
from bridge.demo.waiting import PATIENCE
from bridge.domain.errors import ConfigError
from bridge.ports.clock import Clock

SECRETS = frozenset({"token", "bot_token", "app_token", "auth_token"})


@dataclass
class Four:
    """`more` are further settings of the bridge, by section; `each`, of every app's own section.

    `only`: the apps it has; all of them if left out.
    """

    apps: Apps
    data: Path
    more: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[str, Any] = field(default_factory=dict)
    only: Sequence[str] | None = None
    port: int = 0
    environ: dict[str, str] = field(default_factory=dict)
    page: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.apps.whatsapp.called_at(f"{self.url}/channels/whatsapp")
        self.file = self.data.with_suffix(".yaml")
        self.file.write_text(json.dumps(self._settings()), encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _settings(self) -> dict[str, Any]:
        return {
            "data": str(self.data),
            "http": {"port": self.port, "public_url": self.url},
            "grace": 1,
            "agents": {"echo": {"type": "echo", "delay": 0.02}},
            "channels": {app.name: self._section(app) for app in self.mine},
            **self.more,
        }

    def _section(self, app: App) -> dict[str, Any]:
        section: dict[str, Any] = {"allow": ["*"], "welcome": False, **self.each}
        for key, value in app.section().items():
            name = f"{app.name}_{key}".upper()
            if key in SECRETS:
                self.environ[name] = value
            section[key] = f"${{{name}}}" if key in SECRETS else value
        return section

    @property
    def mine(self) -> Sequence[App]:
        return [app for app in self.apps.all if self.only is None or app.name in self.only]

    # -- in this process

    @asynccontextmanager
    async def serving(self, clock: Clock | None = None) -> AsyncIterator[Self]:
        async with running(load(self.file, self.environ), clock) as bridge:
            self.page, self.code = f"{bridge.url}/#token={bridge.token}", bridge.code
            yield self

    # -- what a story waits for

    async def until(self, condition: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            seen = {app.name: shown(app)[-4:] for app in self.apps.all}
            raise TimeoutError(f"not within {PATIENCE:g} s; shown last: {seen}") from None

    async def until_everywhere(self, words: str) -> None:
        await self.until(lambda: all(self.count(app, words) for app in self.apps.all))

    def count(self, app: App, words: str) -> int:
        """Return in how many of the bridge's messages these words stand."""
        return sum(words in text for text in shown(app))


PAGE = Path(__file__).with_name("page.html")
PERSON, OTHER = "Ada", "Bob"
QUESTION = "What is up?"
CONVERSATION = (
    ("telegram", "Good morning from Telegram."),
    ("whatsapp", "I go on in WhatsApp: it is the same conversation."),
    (OTHER.lower(), "Bob here, with one app: I read what Ada reads."),
)
"""What stands there when the page is opened, and in which app it was said."""

TYPING_SECONDS = 6.0
NO_STORE = {"Cache-Control": "no-store"}


@dataclass
class Typing:
    """Whether the bot is seen typing: for a while after it said so, and until it writes."""

    typed: int = 0
    written: int = 0
    until: float = 0.0

    def is_seen(self, app: App) -> bool:
        now, typed, written = time.monotonic(), app.typed, len(app.seen())
        if typed != self.typed:
            self.until = now + TYPING_SECONDS
        if written != self.written:  # of both since the last look, the words came last
            self.until = 0.0
        self.typed, self.written = typed, written
        return now < self.until


class Demo:
    """What the page asks for. Requests from other pages are refused."""

    def __init__(self, apps: Sequence[App], bridge: str) -> None:
        self._apps = {app.name: app for app in apps}
        self._bridge = bridge
        self._before: dict[str, int] = {}
        self._typing = {app.name: Typing() for app in apps}

    def begin_here(self) -> None:
        """Leave out what was said so far: how the apps were linked is no conversation."""
        self._before = {name: len(app.seen()) for name, app in self._apps.items()}

    def application(self) -> web.Application:
        app = web.Application(middlewares=[_same_page])
        app.router.add_get("/", self._page)
        app.router.add_get("/state", self._state)
        app.router.add_post("/says", self._says)
        app.router.add_post("/presses", self._presses)
        return app

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE, headers=NO_STORE)

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self.state(), headers=NO_STORE)

    def state(self) -> dict[str, Any]:
        apps = [
            {
                "name": app.name,
                "title": app.title,
                "typing": self._typing[app.name].is_seen(app),
                "messages": [asdict(each) for each in app.seen()[self._before.get(app.name, 0) :]],
            }
            for app in self._apps.values()
        ]
        return {"bridge": self._bridge, "apps": apps}

    async def _says(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if text := str(asked["text"]).strip():
            self._app(asked).says(text)
        return web.json_response({})

    async def _presses(self, request: web.Request) -> web.Response:
        asked = await request.json()
        try:
            self._app(asked).presses(str(asked["label"]))
        except LookupError as error:
            raise web.HTTPGone from error
        return web.json_response({})

    def _app(self, asked: dict[str, Any]) -> App:
        app = self._apps.get(str(asked["app"]))
        if app is None:
            raise web.HTTPNotFound
        return app


@web.middleware
async def _same_page(
    request: web.Request, handler: Callable[[web.Request], Any]
) -> web.StreamResponse:
    """Refuse what another site's page might send to a loopback address."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin != f"http://{request.host}":
        raise web.HTTPForbidden
    if request.url.host not in {"127.0.0.1", "localhost"}:
        raise web.HTTPForbidden
    return await handler(request)


@asynccontextmanager
async def demo(port: int = 0) -> AsyncIterator[tuple[str, Four]]:
    """Serve the demo for as long as the context is open; yields the page's address."""
    with TemporaryDirectory(prefix="bridgehead-demo-") as folder, _bound(port) as listening:
        async with (
            four(PERSON) as apps,
            Four(apps=apps, data=Path(folder) / "data").serving() as story,
        ):
            bob = story.apps.telegram.another(OTHER)
            served = Demo([*story.apps.all, bob], story.page)
            runner = web.AppRunner(served.application(), shutdown_timeout=0.2)
            await runner.setup()
            try:
                await web.SockSite(runner, listening).start()
                url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
                await _begin(story)
                served.begin_here()
                await _talk(story, [*story.apps.all, bob])
                yield url, story
            finally:
                await runner.cleanup()


def _bound(port: int) -> socket.socket:
    """Take the port before anything else is started, so that one in use is told at once."""
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or str(error)
        said = f"port {port} cannot be used ({why}; another demo?): choose another with --port"
        raise ConfigError(said) from error
    return listening


async def _begin(story: Four) -> None:
    """Let the person begin in one app and take the session along to the others, as people do."""
    first, *others = story.apps.all
    first.says(story.code)  # so the browser, which is the owner's, is hers as well
    await story.until(lambda: story.count(first, "owner"))
    first.says(f"/me {PERSON}")
    await story.until(lambda: story.count(first, f"call you {PERSON}"))
    for app in others:
        before = story.count(first, "/link ")
        first.says("/link")
        await story.until(lambda before=before: story.count(first, "/link ") > before)
        code = re.findall(r"/link (\w+-\w+)", "\n".join(shown(first)))[-1]
        app.says(f"/link {code}")
        await story.until(lambda app=app: story.count(app, "now follows"))
    await story.until(lambda: story.count(first, ") joined as you") == len(others))


async def _talk(story: Four, apps: Sequence[App]) -> None:
    """Let the person say something in one app, go on in another, and somebody else join in."""
    for name, words in CONVERSATION:
        next(app for app in apps if app.name == name).says(words)
        await story.until_everywhere(f"said: {words}")


def serve(port: int, announce: Callable[[str], None]) -> None:
    """Serve the demo until Ctrl-C."""

    async def forever() -> None:
        async with demo(port) as (url, _):
            announce(url)
            await asyncio.Event().wait()

    asyncio.run(forever())


def play(port: int, tell: Callable[[str], None]) -> None:
    """Ask one question in one app, tell that each app and the page show the answer, and end."""
    asyncio.run(_played(port, tell))


async def _played(port: int, tell: Callable[[str], None]) -> None:
    async with demo(port) as (url, story), aiohttp.ClientSession(base_url=url) as page:
        async with page.get("/") as got:
            got.raise_for_status()
        asker = story.apps.telegram
        origin = {"Origin": url.rstrip("/")}
        asked = {"app": asker.name, "text": QUESTION}
        async with page.post("/says", json=asked, headers=origin) as got:
            got.raise_for_status()
        tell(f"{PERSON} asks in {asker.title}: {QUESTION}")
        await story.until_everywhere(f"said: {QUESTION}")
        async with page.get("/state") as got:
            state = await got.json()
        for app in state["apps"]:
            last = [each["text"] for each in app["messages"] if not each["who"]][-1]
            tell(f"{app['title']} shows: {last}")
