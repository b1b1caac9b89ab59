"""The demo: one bridge, four chat apps that are not really there, all of them on one page.

`bridge demo` serves it. The bridge and the client libraries are real. The platforms are made up:
nothing leaves this machine, and no account is needed. The tests use the same ones.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from aiohttp import web

from bridge.demo.apps import App, Apps, four, shown
from bridge.demo.four import Four

PAGE = Path(__file__).with_name("page.html")
PERSON = "Ada"
QUESTION = "What is up?"
NO_STORE = {"Cache-Control": "no-store"}


class Demo:
    """What the page asks for. Requests from other pages are refused."""

    def __init__(self, apps: Apps, bridge: str) -> None:
        self._apps = {app.name: app for app in apps.all}
        self._bridge = bridge

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
            {"name": app.name, "title": app.title, "messages": [asdict(m) for m in app.seen()]}
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
    with TemporaryDirectory(prefix="bridgehead-demo-") as folder:
        async with (
            four(PERSON) as apps,
            Four(apps=apps, data=Path(folder) / "data").serving() as story,
        ):
            served = Demo(story.apps, story.page)
            runner = web.AppRunner(served.application(), shutdown_timeout=0.2)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", port).start()
                url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
                await _begin(story)
                yield url, story
            finally:
                await runner.cleanup()


async def _begin(story: Four) -> None:
    """Let the person begin in one app and take the session along to the others, as people do."""
    first, *others = story.apps.all
    first.says("/start")
    await story.until(lambda: story.count(first, "/stop"))
    for app in others:
        before = story.count(first, "/link ")
        first.says("/link")
        await story.until(lambda before=before: story.count(first, "/link ") > before)
        code = re.findall(r"/link (\w+-\w+)", "\n".join(shown(first)))[-1]
        app.says(f"/link {code}")
        await story.until(lambda app=app: story.count(app, "now follows"))


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
