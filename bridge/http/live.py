"""What passes beside the log: previews, typing, presence; and the log too, where asked for.

A frame is the newest value when it is sent, never one of a queue: whoever reads slowly misses
what was replaced meanwhile, and nothing else.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from bridge.http import sse
from bridge.http.dependencies import Entry, enter
from bridge.http.errors import failures
from bridge.http.pages import BEGINNING
from bridge.http.streaming import Leash
from bridge.http.streams import (
    FRAMES,
    LastEventId,
    Offset,
    flow,
    log_frames,
    names_offset,
    resume_at,
    start_of,
)
from bridge.ports.engine import Glimpse, Presence

router = APIRouter(tags=["live"])

Place = Literal["web", "terminal", "api"]
NEVER_SEEN = -1


@router.get(
    "/v1/sessions/{session}/live",
    operation_id="watch_live",
    response_class=Response,
    responses={
        200: {
            "description": "Frames, each replacing the one before.",
            "content": FRAMES,
        },
        **failures(400, 401, 404, 410, 503),
    },
)
async def watch_live(
    entry: Annotated[Entry, Depends(enter)],
    request: Request,
    at: Offset = BEGINNING,
    place: Annotated[Place, Query(description="Where one is.")] = "api",
    last_event_id: LastEventId = "",
) -> Response:
    """Watch previews, typing and presence; with an offset, the log as well."""
    token = resume_at(request, at, last_event_id)
    leash = Leash(entry.reach.limits.stream)
    frames = live_frames(entry, leash, place)
    if names_offset(request):
        after = await start_of(entry, token)
        frames = merged(log_frames(entry, leash, after), frames)
    return flow(entry, frames, leash)


async def live_frames(entry: Entry, leash: Leash, place: str) -> AsyncGenerator[bytes]:
    """Yield the newest glimpse whenever there is one, and keepalives; until the leash is over."""
    live, session, limits = entry.reach.live, entry.session.id, entry.reach.limits
    seen = NEVER_SEEN
    with _present(entry, place):
        while not leash.over:
            changed = await leash.wait(live.changed(session, after=seen), limits.keepalive)
            if leash.over or not await entry.still_open():
                return
            if not changed:
                yield sse.KEEPALIVE
                continue
            glimpse = live.glimpse(session)
            yield sse.live(sse.dump(to_json(glimpse)))
            seen = glimpse.revision
            await leash.wait(asyncio.sleep(limits.live_interval), limits.live_interval)


@contextmanager
def _present(entry: Entry, place: str) -> Iterator[None]:
    """Show someone as present, a little longer than they are: clients come back every minute."""
    presence = Presence(participant=entry.asker.participant, place=place)
    shown = ExitStack()
    shown.enter_context(entry.reach.live.present(entry.session.id, presence))
    try:
        yield
    finally:
        asyncio.get_running_loop().call_later(entry.reach.limits.linger, shown.close)


def to_json(glimpse: Glimpse) -> dict[str, Any]:
    return {
        "previews": [
            {
                "run": preview.run,
                "revision": preview.revision,
                "text": preview.text,
                "activity": preview.activity,
            }
            for preview in glimpse.previews
        ],
        "typing": list(glimpse.typing),
        "present": [
            {"participant": each.participant, "place": each.place} for each in glimpse.present
        ],
    }


async def merged(*streams: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield from each stream as it comes, at most one item ahead; ends when one of them does."""
    coming = {asyncio.ensure_future(anext(stream, None)): stream for stream in streams}
    try:
        while True:
            done, _ = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
            for each in sorted(done, key=lambda task: streams.index(coming[task])):
                item, stream = each.result(), coming.pop(each)
                if item is None:
                    return
                yield item
                coming[asyncio.ensure_future(anext(stream, None))] = stream
    finally:
        for each in coming:
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each
        for stream in streams:
            await stream.aclose()
