"""A session read and followed over HTTP: its last events, then what comes, through any cut.

The rules: nobody reads a whole log to begin; after a cut the next connection asks from the last
offset; an offset that is gone means starting over: the log was restored, and its end is read anew;
only an answer that will not change (no such session, token refused) ends it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError

from bridge.cli.exits import CommandError
from bridge.cli.server import Server, checked, unreachable
from bridge.cli.wire import LiveFrame, Me, SessionView, events, parse
from bridge.domain.events import Event
from bridge.domain.ids import SessionId

BEGINNING = "-1"
LAST = 200
MOST_LAST = 1000
SILENCE = 40.0
"""Seconds without even a keepalive (one comes every 15 s): the connection is dead."""

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
"""Seconds before trying again: doubled each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Events of the log; after them the reader stands at `offset`, where that is known."""

    events: tuple[Event, ...]
    offset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpsed:
    frame: LiveFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The connection is gone; it is being tried again. `why` is for people."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The last events of a log, or the last before one; after them the reader stands at `offset`.

    `standing` is what still matters of what was before them; `more`: something was.
    """

    standing: tuple[Event, ...]
    events: tuple[Event, ...]
    offset: str
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The log is another one than before; this is its end."""

    stretch: Stretch


Signal = Heard | Glimpsed | Connected | Disconnected | Restored


@contextmanager
def _asking(server: Server) -> Iterator[None]:
    """Say in words what became of a call that failed. Raises `CommandError`."""
    try:
        yield
    except httpx.HTTPError as error:
        raise unreachable(server.url, error) from error
    except (ValueError, KeyError) as error:
        raise CommandError(f"something answers at {server.url}, but it is not a bridge") from error


async def last(
    server: Server, session: SessionId, *, limit: int = LAST, before: int | None = None
) -> Stretch:
    """Return the last events, or the last before one. Raises `CommandError`."""
    with _asking(server):
        async with server.client() as client:
            return _stretch(session, checked(await _last(client, session, limit, before)))


async def since(server: Server, session: SessionId, offset: str) -> AsyncIterator[Heard]:
    """Yield what there is after an offset by now, page by page. Raises `CommandError`."""
    path, done = f"/v1/stream/sessions/{session}", False
    with _asking(server):
        async with server.client() as client:
            while not done:
                answer = checked(await client.get(path, params={"offset": offset}))
                offset = answer.headers["Stream-Next-Offset"]
                done = answer.headers.get("Stream-Up-To-Date") == "true"
                yield Heard(events=events(session, answer.json()), offset=offset)


async def me(server: Server) -> Me:
    """Return who asks, and in which language they want to read. Raises `CommandError`."""
    with _asking(server):
        async with server.client() as client:
            return parse(Me, checked(await client.get("/v1/me")).json())


async def view(server: Server, session: SessionId) -> SessionView:
    """Return what the session is like just now. Raises `CommandError`."""
    with _asking(server):
        async with server.client() as client:
            return parse(SessionView, checked(await client.get(f"/v1/sessions/{session}")).json())


async def follow(
    server: Server, session: SessionId, offset: str, *, place: str
) -> AsyncIterator[Signal]:
    """Yield what happens in a session after `offset`, for good. Raises `CommandError`."""
    tries, is_gone = count(), False
    async with server.client(read=SILENCE) as client:
        while True:
            try:
                if is_gone:
                    answer = await _last(client, session, LAST, None)
                    stretch = _stretch(session, _good(answer))
                    offset, is_gone = stretch.offset, False
                    yield Restored(stretch=stretch)
                async for event in _connection(client, session, offset, place):
                    tries = count()
                    signal = Connected() if event is None else _signal(session, event)
                    if event is not None and event.event == "control":
                        offset = json.loads(event.data)["streamNextOffset"]
                    if signal is not None:
                        yield signal
            except _Reload:
                is_gone = True
            except (httpx.HTTPError, SSEError, _Busy, ValueError, KeyError) as error:
                yield Disconnected(why=str(error) or type(error).__name__)
            # an orderly end comes back at once; a bridge that is down is asked ever more rarely
            await asyncio.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** next(tries)))


class _Reload(Exception):
    """The offset belongs to a log that was rewritten."""


class _Busy(Exception):
    """The bridge is there but cannot answer just now."""


async def _connection(
    client: httpx.AsyncClient, session: SessionId, offset: str, place: str
) -> AsyncIterator[ServerSentEvent | None]:
    """Yield None once connected, then each frame until the connection ends."""
    path, asked = f"/v1/sessions/{session}/live", {"place": place, "offset": offset}
    async with client.stream("GET", path, params=asked) as answer:
        if answer.status_code == httpx.codes.GONE:
            raise _Reload
        if not answer.is_success:
            await answer.aread()
        _good(answer)
        yield None
        async for event in EventSource(answer).aiter_sse():
            yield event


def _good(answer: httpx.Response) -> httpx.Response:
    """Return a good response. Raises `_Busy` or `CommandError`."""
    if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise _Busy(f"the bridge answers {answer.status_code}")
    return checked(answer)


async def _last(
    client: httpx.AsyncClient, session: SessionId, limit: int, before: int | None
) -> httpx.Response:
    asked = {"limit": limit} if before is None else {"limit": limit, "before": before}
    return await client.get(f"/v1/sessions/{session}/events", params=asked)


def _stretch(session: SessionId, answer: httpx.Response) -> Stretch:
    read = answer.json()
    return Stretch(
        standing=events(session, read["standing"]),
        events=events(session, read["events"]),
        offset=read["offset"],
        more=read["more"],
    )


def _signal(session: SessionId, event: ServerSentEvent) -> Signal | None:
    match event.event:
        case "data":
            return Heard(events=events(session, _items(json.loads(event.data))))
        case "live":
            return Glimpsed(frame=parse(LiveFrame, json.loads(event.data)))
        case _:
            return None


def _items(payload: Any) -> list[Any]:
    return payload if isinstance(payload, list) else [payload]
