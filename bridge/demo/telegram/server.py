"""A fake Telegram: one loopback server that speaks the Bot API, with the faults one arranges.

Every request and every answer is checked against tables of fields (`checking`); what does not fit
is in `problems`.
"""

import asyncio
import inspect
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bridge.demo.telegram import checking
from bridge.demo.telegram.checking import PLAIN, Checker, Uploaded
from bridge.demo.telegram.methods import METHODS, Refusal
from bridge.demo.telegram.world import JSON, Bot, World

NAMES = {name.lower(): name for name in METHODS}
"""Telegram does not care how the name of a method is spelt."""

ATTACHED = "attach://"
PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass
class Fault:
    """What happens to the next calls. `applied`: it was done. `hang_up`: there is no answer.

    `times` None: until `recover`. `body`: a page instead of JSON.
    """

    method: str | None
    times: int | None
    status: int
    words: str
    parameters: dict[str, int]
    page: bool
    applied: bool
    hang_up: bool
    delay: float
    chat: int | None

    def fits(self, method: str, asked: JSON) -> bool:
        return (
            self.times != 0
            and self.method in {None, method}
            and self.chat in {None, asked.get("chat_id")}
        )


class FakeTelegram(World):
    """`calls`: how often each method was called. `requests`: what each call asked for."""

    def __init__(self, specs: Path | None = None) -> None:
        super().__init__()
        self.port = 0
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, JSON]] = []
        self.files_broken = False
        self.checkers: list[Checker] = [checking.own()]
        if specs is not None and (official := checking.official(specs)) is not None:
            self.checkers.append(official)
        self._faults: list[Fault] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def problems(self) -> list[str]:
        return [problem for checker in self.checkers for problem in checker.problems]

    # -- running

    async def up(self) -> None:
        """Serve; on the same port as before."""
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.*}", self._file)
        app.router.add_route("*", "/{path:.*}", _nothing)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def down(self) -> None:
        """Refuse every connection; what there is in the world stays."""
        if self._runner is not None:
            for bot in self.bots.values():
                bot.rang.set()
            await self._runner.cleanup()
            self._runner = None

    @classmethod
    @asynccontextmanager
    async def open(cls, specs: Path | None = None) -> AsyncIterator["FakeTelegram"]:
        fake = cls(specs)
        await fake.up()
        try:
            yield fake
        finally:
            await fake.down()

    # -- faults

    def fault(
        self,
        method: str | None = None,
        *,
        status: int = 500,
        words: str = "Internal Server Error",
        times: int | None = 1,
        page: bool = False,
        applied: bool = False,
        hang_up: bool = False,
        delay: float = 0.0,
        chat: int | None = None,
        **parameters: int,
    ) -> None:
        """Arrange what happens to the next calls."""
        self._faults.append(
            Fault(method, times, status, words, parameters, page, applied, hang_up, delay, chat)
        )

    def recover(self) -> None:
        self._faults.clear()

    def _fault(self, method: str, asked: JSON) -> Fault | None:
        for fault in self._faults:
            if fault.fits(method, asked):
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    # -- serving

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = NAMES.get(request.match_info["method"].lower(), request.match_info["method"])
        bot = self.bots.get(request.match_info["token"])
        if bot is None:
            return _refused(Refusal(404, "Not Found"))
        if bot.revoked:
            return _refused(Refusal(401, "Unauthorized"))
        asked = await self._asked(method, request)
        fault = self._fault(method, asked)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.applied:
            answer = await self._answered(method, bot, asked)
            if fault is None:
                return answer
        if fault.hang_up:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.page:
            return web.Response(status=fault.status, text=PAGE, content_type="text/html")
        return _refused(Refusal(fault.status, fault.words, **fault.parameters))

    async def _answered(self, method: str, bot: Bot, asked: JSON) -> web.Response:
        if method not in METHODS:
            return _refused(Refusal(404, "Not Found"))
        try:
            result = METHODS[method](bot, asked)
            if inspect.isawaitable(result):
                result = await result
        except Refusal as refusal:
            return _refused(refusal)
        for checker in self.checkers:
            checker.answer(method, _without_poison(result))
        return web.json_response({"ok": True, "result": result})

    async def _asked(self, method: str, request: web.Request) -> JSON:
        asked = dict(request.query)
        if request.content_type == "application/json":
            asked |= _without_nothing(await request.json() if request.can_read_body else {})
        else:
            asked = dict(self._decoded(method, {**asked, **await request.post()}))
        self.calls[method] += 1
        self.requests.append((method, asked))
        for checker in self.checkers:
            checker.request(method, _as_sent(asked))
        return asked

    def _decoded(self, method: str, form: JSON) -> Iterator[tuple[str, Any]]:
        """Yield the fields as what the tables say they are; files in place of their names."""
        known = self.checkers[0].methods.get(method, {})
        uploads = {
            name: _uploaded(value)
            for name, value in form.items()
            if isinstance(value, web.FileField)
        }
        for name, value in form.items():
            if name in uploads:
                if name in known:
                    yield name, uploads[name]
                continue
            types = known[name].types if name in known else ("String",)
            decoded = value if types == ("String",) else _json(value, types)
            yield name, _attached(decoded, uploads)

    async def _file(self, request: web.Request) -> web.Response:
        stored = self.files.get(request.match_info["path"].removeprefix("documents/"))
        if self.files_broken:
            return web.Response(status=502, text=PAGE, content_type="text/html")
        if request.match_info["token"] not in self.bots or stored is None:
            return _refused(Refusal(404, "Not Found"))
        return web.Response(body=stored.body)


def _refused(refusal: Refusal) -> web.Response:
    body: JSON = {"ok": False, "error_code": refusal.status, "description": refusal.words}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.status)


def _json(value: str, types: tuple[str, ...]) -> Any:
    if "String" in types and not value.lstrip("-").isdecimal():
        return value
    decoded = json.loads(value)
    plain = [kind for name in types for kind in PLAIN.get(name, ())]
    return decoded if not plain or isinstance(decoded, tuple(plain)) else value


def _uploaded(given: web.FileField) -> Uploaded:
    upload = Uploaded(given.file.read())
    upload.name, upload.mime = given.filename, given.content_type
    return upload


def _attached(value: Any, uploads: dict[str, Uploaded]) -> Any:
    """Return a value with the files that it names, wherever it names them."""
    match value:
        case dict():
            return {name: _attached(each, uploads) for name, each in value.items()}
        case list():
            return [_attached(each, uploads) for each in value]
        case str() if value.startswith(ATTACHED):
            return uploads.get(value.removeprefix(ATTACHED), value)
        case _:
            return value


def _without_nothing(asked: JSON) -> JSON:
    """Leave out what is null: it is as if it were not there."""
    return {name: value for name, value in asked.items() if value is not None}


async def _nothing(request: web.Request) -> web.Response:
    return _refused(Refusal(404, "Not Found"))


def _as_sent(asked: JSON) -> JSON:
    """Return the request as it came: the files of an album are named in it, not contained."""
    if "media" not in asked:
        return asked
    return asked | {"media": [each | {"media": "attach://file"} for each in asked["media"]]}


def _without_poison(result: Any) -> Any:
    """Leave out updates that a test broke on purpose."""
    if isinstance(result, list):
        return [each for each in result if not (isinstance(each, dict) and "poison" in each)]
    return result
