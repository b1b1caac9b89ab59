"""A whole session as a file: for the operator, and what somebody may read of it for them.

`bridge.exports` has what is in it.
"""

import re
from collections.abc import AsyncGenerator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from bridge.domain.ids import SessionId
from bridge.exports import lines, markdown
from bridge.http.dependencies import Entry, Operator, Reach, enter, folded
from bridge.http.errors import failures
from bridge.http.streaming import Flow, Leash

router = APIRouter(tags=["operator"])
own = APIRouter(tags=["sessions"])

LINES, MARKDOWN = "application/x-ndjson", "text/markdown"

SENT = 65_536
"""Bytes that are gathered before they are sent."""

_BYTES = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/v1/sessions/{session}/export",
    operation_id="export_session",
    response_class=Response,
    responses={
        200: {
            "description": "The session, one JSON object a line; the last line has `type` `end`.",
            "content": {LINES: _BYTES},
        },
        **failures(400, 401, 403, 404, 503),
    },
)
async def export_session(session: str, reach: Operator) -> Response:
    """Send a session, whole, as JSON lines; without its `end` line it was cut short."""
    found = await folded(reach, session)
    told = lines(reach.store, reach.blobs, found.id, at=reach.clock.now())
    return _sent(reach, found.id, told, "jsonl")


@own.get(
    "/v1/sessions/{session}/copy",
    operation_id="copy_session",
    response_class=Response,
    responses={
        200: {
            "description": "What whoever asks may read of the session, as a file.",
            "content": {LINES: _BYTES, MARKDOWN: _BYTES},
        },
        **failures(400, 401, 404, 503),
    },
)
async def copy_session(
    entry: Annotated[Entry, Depends(enter)],
    form: Annotated[Literal["markdown", "json"], Query(description="Of the file.")] = "markdown",
) -> Response:
    """Send what somebody may read of a session, as Markdown or as JSON lines."""
    reach, fold, at = entry.reach, entry.session, entry.reach.clock.now()
    if form == "json":
        told = lines(reach.store, reach.blobs, fold.id, at=at, hidden=entry.hidden, addresses=False)
        return _sent(reach, fold.id, told, "jsonl")
    written = markdown(reach.store, fold.id, at=at, hidden=entry.hidden)
    return _sent(reach, fold.id, written, "md")


def _sent(reach: Reach, session: SessionId, told: AsyncGenerator[bytes], ending: str) -> Response:
    name = re.sub(r"[^A-Za-z0-9_-]", "_", session)
    return Flow(
        _gathered(told),
        leash=Leash(),
        flows=reach.flows,
        drain=reach.limits.drain,
        media_type=LINES if ending == "jsonl" else MARKDOWN,
        headers={"Content-Disposition": f'attachment; filename="{name}.{ending}"'},
        whole=True,
    )


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
