"""The log of a session as a stream: the read side of the Durable Streams protocol, JSON mode.

The rules:

- A reader has no state here but its offset. Nobody waits before having read: `Log.wait` returns
  at once when the head is past the offset, so nothing appended in between is missed.
- What is read is sent only after making sure once more that the reader may have it. Who may not
  read what was said before they came begins where they came, wherever they ask to begin.
- A stream that was woken for nothing pauses, one that was not woken looks anyway.
- Nobody reads a whole log to begin: the last page says from where the stream goes on, and what
  still matters of what was before it.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel

from bridge.domain.ids import Seq
from bridge.http import sse
from bridge.http.dependencies import Entry, enter
from bridge.http.errors import Fault, failures
from bridge.http.pages import (
    BEGINNING,
    SHAPE,
    TAIL,
    Page,
    Renderer,
    check_shape,
    cursor,
    position,
    read_back,
    read_page,
    standing,
)
from bridge.http.streaming import Flow, Leash

router = APIRouter(tags=["stream"])

JSON = "application/json"
UNBUFFERED = {"X-Accel-Buffering": "no", "Cache-Control": "private, no-store"}

Offset = Annotated[
    str,
    Query(
        alias="offset",
        description="`-1` (the start), `now`, or a token the server gave.",
        json_schema_extra={"pattern": f"^(-1|now|{SHAPE})$"},
    ),
]
LastEventId = Annotated[
    str,
    Header(
        description="Overrides `offset`.", json_schema_extra={"pattern": f"^(-1|now|{SHAPE})?$"}
    ),
]
FRAMES: dict[str, Any] = {
    sse.MEDIA_TYPE: {
        "schema": {
            "type": "object",
            "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
        }
    }
}

_EVENTS: dict[str, Any] = {
    "description": "Events, or a stream of them.",
    "content": {
        JSON: {"schema": {"type": "array", "items": {"type": "object"}}},
        **FRAMES,
    },
}


@router.get(
    "/v1/stream/sessions/{session}",
    operation_id="read_stream",
    response_class=Response,
    responses={
        200: _EVENTS,
        204: {"description": "Nothing new within the time of a long-poll."},
        304: {"description": "The client has this page already."},
        **failures(400, 401, 404, 410, 503),
    },
)
async def read_stream(
    *,
    entry: Annotated[Entry, Depends(enter)],
    request: Request,
    at: Offset = BEGINNING,
    live: Annotated[Literal["long-poll", "sse"] | None, Query()] = None,
    seen: Annotated[str, Query(alias="cursor", description="The last `Stream-Cursor`.")] = "",
    last_event_id: LastEventId = "",
) -> Response:
    """Read the log from an offset on: what is there, a long-poll, or server-sent events."""
    token = resume_at(request, at, last_event_id)
    if live is not None and not names_offset(request):
        raise Fault(400, "malformed", "say from where: offset is missing; -1 is the start")
    start = await start_of(entry, token)
    if live == "long-poll":
        return await _long_poll(entry, start, seen)
    if live == "sse" or sse.MEDIA_TYPE in request.headers.get("accept", ""):
        return _stream(entry, start, seen)
    return await _catch_up(entry, start, request, at_tail=token == TAIL)


@router.head(
    "/v1/stream/sessions/{session}",
    operation_id="head_stream",
    response_class=Response,
    responses={200: {"description": "Where the log ends."}, **failures(401, 404, 503)},
)
async def head_stream(entry: Annotated[Entry, Depends(enter)]) -> Response:
    """Say where the log ends."""
    head = await entry.reach.store.head(entry.session.id)
    return Response(media_type=JSON, headers={"Stream-Next-Offset": entry.offset(head)})


def names_offset(request: Request) -> bool:
    return "offset" in request.query_params or bool(request.headers.get("last-event-id"))


def resume_at(request: Request, at: str, last_event_id: str) -> str:
    """Return the offset a client asks for. Raises `Fault` when it names more than one, or none."""
    if len(request.query_params.getlist("offset")) > 1:
        raise Fault(400, "malformed", "the offset is given more than once")
    check_shape(at)
    return last_event_id or at


async def start_of(entry: Entry, token: str) -> Seq:
    """Return the seq to read after. The store is asked for the head: a fold may be behind it."""
    head = await entry.reach.store.head(entry.session.id)
    return max(position(token, head=head, epoch=entry.epoch), entry.hidden)


# -- the end, and what came before ----------------------------------------------------------------

LAST = 200
MOST = 1000


class EventsPage(BaseModel):
    """The last events, or the last before one.

    `standing` are events from before them that still matter: the questions that are open, or that
    were closed on this page, and the beginning of the run that is open. `offset` is the position
    after the last event: the stream goes on from there. `more`: there are events before the first.
    """

    events: list[dict[str, Any]]
    standing: list[dict[str, Any]]
    offset: str
    more: bool


@router.get(
    "/v1/sessions/{session}/events",
    operation_id="read_events",
    response_class=Response,
    responses={
        200: {"model": EventsPage, "description": "Events, the last ones."},
        **failures(400, 401, 404, 503),
    },
)
async def read_events(
    entry: Annotated[Entry, Depends(enter)],
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most.")] = LAST,
    before: Annotated[
        int | None, Query(ge=1, description="A `seq`: the last ones before it; else of all.")
    ] = None,
) -> Response:
    """Read the last events of the log, or the last before one: newest page first, for scrolling up.

    A page may have fewer events than `limit`, so that it begins where no run was under way.
    """
    reach, hidden = entry.reach, entry.hidden
    end = await reach.store.head(entry.session.id) + 1
    page = await read_back(
        reach.store,
        entry.session.id,
        before=end if before is None else min(before, end),
        events=limit,
        size=reach.limits.page,
        hidden=hidden,
    )
    matters, renderer = await standing(reach.store, entry.session, page, hidden), Renderer()
    lines = [await renderer.line(each) for each in matters]
    now = await entry.hidden_now(page.events)
    if now is None or now > hidden:
        raise _left()
    rest = {
        "offset": entry.offset(max(page.upto, hidden)),
        "more": page.first - 1 > hidden,
    }
    stands = b",".join(lines)
    body = b'{"events":%b,"standing":[%b],%b' % (page.json, stands, sse.dump(rest)[1:])
    return Response(body, media_type=JSON)


def _left() -> Fault:
    """Return what somebody is told who may not read any more what was just read for them."""
    return Fault(404, "not_found", "there is no such session here any more")


# -- catch-up and long-poll -----------------------------------------------------------------------


async def _catch_up(entry: Entry, start: Seq, request: Request, *, at_tail: bool) -> Response:
    if at_tail:
        page = Page(upto=start, at_tail=True)
        return Response(page.json, media_type=JSON, headers=_headers(entry, page))
    page = await _read(entry, start)
    await _check_again(entry, start, page)
    body = page.json
    etag = _etag(body, page)
    headers = {**_headers(entry, page), "ETag": etag}
    if etag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)


async def _long_poll(entry: Entry, start: Seq, seen: str) -> Response:
    reach = entry.reach
    leash = Leash(reach.limits.long_poll)
    with reach.flows.holding(leash, entry.asker.participant):
        page = await _read(entry, start)
        while not page.events and not leash.over:
            woken = await leash.wait(
                reach.store.wait(entry.session.id, after=start), reach.limits.keepalive
            )
            page = await _read(entry, start)
            if woken and not page.events:
                await leash.wait(asyncio.sleep(reach.limits.recheck), reach.limits.recheck)
    await _check_again(entry, start, page)
    headers = {**_headers(entry, page), "Stream-Cursor": cursor(reach.clock.now(), seen=seen)}
    if not page.events:
        return Response(status_code=204, headers=headers)
    return Response(page.json, media_type=JSON, headers=headers)


async def _check_again(entry: Entry, start: Seq, page: Page) -> None:
    """Raise `Fault` where what was read may not be told any more: they left while it was."""
    hidden = await entry.hidden_now(page.events)
    if hidden is None or hidden > start:
        raise _left()


async def _read(entry: Entry, after: Seq) -> Page:
    reach = entry.reach
    return await read_page(
        reach.store,
        entry.session.id,
        after=after,
        events=reach.limits.page_events,
        size=reach.limits.page,
        hidden=entry.hidden,
    )


def _headers(entry: Entry, page: Page) -> dict[str, str]:
    headers = {"Stream-Next-Offset": entry.offset(page.upto)}
    if page.at_tail:
        headers["Stream-Up-To-Date"] = "true"
    return headers


def _etag(body: bytes, page: Page) -> str:
    """Return a tag that also changes when the same page is no longer the last one."""
    tail = b"." if page.at_tail else b"+"
    return f'"{hashlib.sha256(body + tail).hexdigest()[:32]}"'


def _tags(header: str) -> Sequence[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


# -- server-sent events ---------------------------------------------------------------------------


def _stream(entry: Entry, start: Seq, seen: str) -> Response:
    leash = Leash(entry.reach.limits.stream)
    return flow(entry, log_frames(entry, leash, start, seen=seen), leash)


def flow(entry: Entry, frames: AsyncGenerator[bytes], leash: Leash) -> Response:
    """Return the response that sends these frames to someone in a session."""
    reach = entry.reach
    return Flow(
        frames,
        leash=leash,
        flows=reach.flows,
        drain=reach.limits.drain,
        media_type=sse.MEDIA_TYPE,
        headers=UNBUFFERED,
        whose=entry.asker.participant,
    )


async def log_frames(
    entry: Entry, leash: Leash, after: Seq, *, seen: str = ""
) -> AsyncGenerator[bytes]:
    """Yield the log from `after` on, as it grows, and keepalives; until the leash is over."""
    reach, session, limits = entry.reach, entry.session.id, entry.reach.limits
    first, quiet, hidden = True, False, entry.hidden
    while not leash.over:
        page = await (
            _first(entry, after) if first else reach.pages.after(session, after, hidden=hidden)
        )
        now = await entry.hidden_now(page.events)
        if now is None or now > after:  # nobody any more, or somebody who came anew
            return
        if page.events or first:
            seen = cursor(reach.clock.now(), seen=seen if first else "")
            yield _frame(page, entry.offset(page.upto), seen)
        elif quiet:
            yield sse.KEEPALIVE
        else:
            await leash.wait(asyncio.sleep(limits.recheck), limits.recheck)
        first, after = False, page.upto
        if page.at_tail:
            woken = await leash.wait(reach.store.wait(session, after=after), limits.keepalive)
            quiet = not woken


async def _first(entry: Entry, after: Seq) -> Page:
    """Return what there is now: a shared page may be a second old."""
    reach, limits = entry.reach, entry.reach.limits
    return await read_page(
        reach.store,
        entry.session.id,
        after=after,
        events=limits.page_events,
        size=limits.frame,
        hidden=entry.hidden,
    )


def _frame(page: Page, at: str, seen: str) -> bytes:
    control = sse.control(at=at, cursor=seen, up_to_date=page.at_tail)
    if not page.events:
        return control
    return sse.data(page.json, at=at) + control
