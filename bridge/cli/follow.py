"""A session followed over HTTP: everything since an offset, then live, through any cut.

The rules: after a cut the next connection asks from the last offset; an offset that is gone means
starting over: the log was restored, and is read anew as a whole; only an answer that will not
change (no such session, token refused) ends it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError

from bridge.cli.exits import CommandError
from bridge.cli.server import Server, checked, unreachable
from bridge.cli.wire import LiveFrame, SessionView, events, parse
from bridge.events import Event
from bridge.ids import SessionId

BEGINNING = "-1"
SILENCE = 40.0
"""Seconds without even a keepalive (one comes every 15 s): the connection is dead."""

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
"""Seconds before trying again: doubled each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Events of the log; after them the reader stands at `offset`."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpsed:
    frame: LiveFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The connection is gone; it is being tried again. `why` is for people."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The log is another one than before: `events` is all of it."""

    events: tuple[Event, ...]


Signal = Heard | Glimpsed | Connected | Cut | Restored


async def history(server: Server, session: SessionId) -> tuple[list[Event], str]:
    """Return the whole log and the offset at its end. Raises `CommandError`."""
    read: list[Event] = []
    offset = BEGINNING
    try:
        async with server.client() as client:
            while True:
                path = f"/v1/stream/sessions/{session}"
                answer = checked(await client.get(path, params={"offset": offset}))
                read.extend(events(session, answer.json()))
                offset = answer.headers["Stream-Next-Offset"]
                if answer.headers.get("Stream-Up-To-Date") == "true":
                    return read, offset
    except httpx.HTTPError as error:
        raise unreachable(server.url, error) from error
    except (ValueError, KeyError) as error:
        raise CommandError(f"what answers at {server.url} is no bridge") from error


async def view(server: Server, session: SessionId) -> SessionView:
    """Return what the session is like just now. Raises `CommandError`."""
    try:
        async with server.client() as client:
            return parse(SessionView, checked(await client.get(f"/v1/sessions/{session}")).json())
    except httpx.HTTPError as error:
        raise unreachable(server.url, error) from error


async def follow(
    server: Server, session: SessionId, offset: str, *, place: str
) -> AsyncIterator[Signal]:
    """Yield what happens in a session after `offset`, for good. Raises `CommandError`."""
    tries = count()
    anew: list[Event] | None = None
    async with server.client(read=SILENCE) as client:
        while True:
            try:
                async for event in _connection(client, session, offset, place):
                    tries = count()
                    signal = Connected() if event is None else _signal(session, event)
                    if event is not None and event.event == "control":
                        moved = json.loads(event.data)
                        offset = moved["streamNextOffset"]
                        if anew is not None and moved.get("upToDate"):
                            signal, anew = Restored(events=tuple(anew)), None
                    elif anew is not None and isinstance(signal, Heard):
                        anew += signal.events
                        continue
                    if signal is not None:
                        yield signal
            except _Reload:
                offset, anew = BEGINNING, []
            except (httpx.HTTPError, SSEError, _Busy, ValueError, KeyError) as error:
                yield Cut(why=str(error) or type(error).__name__)
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
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise _Busy(f"the bridge answers {answer.status_code}")
        if not answer.is_success:
            await answer.aread()
        checked(answer)
        yield None
        async for event in EventSource(answer).aiter_sse():
            yield event


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
