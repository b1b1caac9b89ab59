"""A whole session as a file, for the operator: `bridge.domain.session_file` has its form.

The log is read twice, page by page, up to where it ended at first: once for what it names, once to
send it. So however long it is, one page of it and one piece of a file are in memory.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime

from fastapi import APIRouter, Response

from bridge.domain.codec import rfc3339
from bridge.domain.errors import StoreError
from bridge.domain.events import Event
from bridge.domain.ids import START, MediaId, Seq, SessionId
from bridge.domain.session_file import (
    PIECE,
    Named,
    Seal,
    bytes_line,
    event_line,
    file_line,
    participant_line,
    place_line,
    session_line,
)
from bridge.http.dependencies import Operator, folded
from bridge.http.errors import failures
from bridge.http.streaming import Flow, Leash
from bridge.ports.blobs import Blobs
from bridge.ports.store import SessionRow, Store

router = APIRouter(tags=["operator"])

LINES = "application/x-ndjson"
PAGE = 100
"""Events read at a time."""

SENT = 65_536
"""Bytes that are gathered before they are sent."""


@router.get(
    "/v1/sessions/{session}/export",
    operation_id="export_session",
    response_class=Response,
    responses={
        200: {
            "description": "The session, one JSON object a line; the last line has `type` `end`.",
            "content": {LINES: {"schema": {"type": "string", "format": "binary"}}},
        },
        **failures(400, 401, 403, 404, 503),
    },
)
async def export_session(session: str, reach: Operator) -> Response:
    """Send a session, whole, as JSON lines; without its `end` line it was cut short."""
    found = await folded(reach, session)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", found.id)
    return Flow(
        _gathered(lines(reach.store, reach.blobs, found.id, at=reach.clock.now())),
        leash=Leash(),
        flows=reach.flows,
        drain=reach.limits.drain,
        media_type=LINES,
        headers={"Content-Disposition": f'attachment; filename="{name}.jsonl"'},
        whole=True,
    )


async def lines(
    store: Store, blobs: Blobs, session: SessionId, *, at: datetime
) -> AsyncGenerator[bytes]:
    """Yield the lines of a session's file. Raises `StoreError`, `NotFound`."""
    seal = Seal()
    row = await store.session(session)
    if row is None:
        raise StoreError("the session is gone")
    named = await _named(store, row)
    people = await store.participants(named.participants)
    places = [place for each in named.places if (place := await store.conversation(each))]
    yield seal.add(
        session_line(
            session=row.id,
            title=row.title,
            archived=row.archived,
            created_at=rfc3339(row.created_at),
            epoch=(await store.epoch()).id,
            exported_at=rfc3339(at),
            participants=len(people),
            places=len(places),
            events=row.head,
            files=len(named.files),
        )
    )
    for who in people.values():
        yield seal.add(participant_line(who.id, who.name, who.since))
    for place in places:
        yield seal.add(place_line(place))
    async for event in _events(store, session, row.head):
        yield seal.add(event_line(event))
    for media in named.files:
        async for line in _file(blobs, media):
            yield seal.add(line)
    yield seal.end()


async def _named(store: Store, row: SessionRow) -> Named:
    named = Named()
    async for event in _events(store, row.id, row.head):
        named.note(event.body)
    return named


async def _events(store: Store, session: SessionId, head: Seq) -> AsyncIterator[Event]:
    after = START
    while after < head:
        page = await store.read(session, after=after, limit=min(PAGE, head - after))
        if not page:
            raise StoreError(f"the log of {session} ends at {after}, before {head}")
        for event in page:
            yield event
        after = page[-1].seq


async def _file(blobs: Blobs, media: MediaId) -> AsyncIterator[bytes]:
    """Yield the lines of a file. What is forgotten while it is read ends the export."""
    size = await blobs.size(media)
    yield file_line(media, size)
    if size is None:
        return
    rest = b""
    async for chunk in blobs.open(media):
        rest += chunk
        while len(rest) >= PIECE:
            yield bytes_line(rest[:PIECE])
            rest = rest[PIECE:]
    if rest:
        yield bytes_line(rest)


async def _gathered(some: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield many lines at once: each sending has its cost."""
    waiting = bytearray()
    try:
        async for line in some:
            waiting += line
            if len(waiting) >= SENT:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting)
    finally:
        await some.aclose()
