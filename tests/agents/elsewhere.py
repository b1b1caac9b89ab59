"""Agents that live elsewhere, for tests: a real server on the loopback, in a thread of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from agents.http.agent import Http, HttpConfig
from bridge.domain.errors import RunOver
from bridge.domain.events import Preview
from bridge.domain.ids import RunId
from bridge.ports.agent import Said, Turn
from tests.agents.outside import surroundings
from tests.agents.player import Json, play
from tests.waiting import PATIENCE

DATA = TemporaryDirectory()
SECRET = "a-secret-that-both-sides-know"
TOKEN = "token-of-the-agent-elsewhere"
LINES, JSON = "application/x-ndjson", "application/json"


@dataclass
class Asked:
    """A turn as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def turn(self) -> Json:
        turn: Json = json.loads(self.body)
        return turn


@dataclass
class Answer:
    """How to respond; `bits` are sent one by one."""

    status: int = 200
    kind: str = LINES
    bits: tuple[bytes, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def lines(*said: Json) -> Answer:
    return Answer(bits=tuple(json.dumps(each).encode() + b"\n" for each in said))


Answering = Callable[[Asked], Answer]


class Elsewhere:
    """A server that responds as `answering` says, by the first step of the path."""

    def __init__(self) -> None:
        self.answering: dict[str, Answering] = {}
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _speaker(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _speaker(elsewhere: Elsewhere) -> type[BaseHTTPRequestHandler]:
    class Speaker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.path, headers, body)
            elsewhere.asked.append(asked)
            answer = elsewhere.answering[self.path.split("/")[1]](asked)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                for bit in answer.bits:
                    self.wfile.write(bit)
                    self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            pass

    return Speaker


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    server = Elsewhere()
    try:
        yield server
    finally:
        server.close()


def http(url: str, public_url: str | None = None, **config: Any) -> Http:
    given = {"url": url, "secret": SECRET, "token": TOKEN, **config}
    section = HttpConfig.model_validate(given)
    return Http("helper", section, surroundings(Path(DATA.name), public_url))


# -- the player, elsewhere ------------------------------------------------------------------------


@cache
def theatre() -> Elsewhere:
    """A server that plays, as long as the tests go on."""
    server = Elsewhere()
    server.answering = {"stream": streaming, "once": at_once, "later": later}
    return server


def streaming(asked: Asked) -> Answer:
    return lines(*play(asked.turn))


def at_once(asked: Asked) -> Answer:
    return Answer(kind=JSON, bits=(json.dumps(list(play(asked.turn))).encode(),))


def later(asked: Asked) -> Answer:
    stage = STAGES[asked.path.rpartition("/")[2]]
    Thread(target=stage.perform, args=(asked.turn,), daemon=True).start()
    return Answer(status=202)


STAGES: dict[str, "Reporter"] = {}
"""The agents that wait for reports, by what their address ends with."""


class Reporter(Http):
    """An agent whose other side reports to it directly, in place of the bridge's HTTP side."""

    def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        self._loop = asyncio.get_running_loop()
        return super().run(turn)

    def perform(self, turn: Json) -> None:
        with suppress(RunOver, RuntimeError):  # or the loop is gone with its test
            performance = play(turn)
            answer: Json | None = None
            with suppress(StopIteration):
                while True:
                    answers = self._report(turn["run"], performance.send(answer))
                    answer = answers[0] if answers else None

    def _report(self, run: str, line: Json) -> list[Json]:
        reported = self.report(RunId(run), json.dumps(line).encode(), key="")
        taken = asyncio.run_coroutine_threadsafe(reported, self._loop).result(PATIENCE)
        answers: list[Json] = json.loads(taken)["answers"]
        return answers


def reporter() -> Reporter:
    stage = str(len(STAGES))
    section = {"url": theatre().url(f"/later/{stage}"), "secret": SECRET, "token": TOKEN}
    around = surroundings(Path(DATA.name))
    STAGES[stage] = Reporter("helper", HttpConfig.model_validate(section), around)
    return STAGES[stage]
