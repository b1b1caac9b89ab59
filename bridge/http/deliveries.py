"""What became of an event in each place, for whoever pushed it and may wait for it.

It has states and times, and nothing of what platforms say: that is for whoever runs the bridge
(`bridge.http.traces`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from bridge.delivery import deliveries
from bridge.delivery.deliveries import DeliveryState, Standing
from bridge.domain.commands import Push
from bridge.domain.errors import NotFound
from bridge.domain.events import Event, Pushed
from bridge.domain.ids import ConversationId, Seq
from bridge.domain.parts import Conversation
from bridge.http.dependencies import Entry, Operator, enter
from bridge.http.errors import Fault, failures
from bridge.http.streaming import Leash
from bridge.http.validators import Name
from bridge.session import permissions
from bridge.session.fold import Session

router = APIRouter(tags=["pushes"])

LARGEST = 2**53 - 1
LONGEST_WAIT = 600.0
LOOK_AGAIN = 2.0
"""Seconds after which a waiting answer looks by itself: a report of a platform wakes nobody."""

Until = Literal["shown", "settled"]
Timeout = Annotated[float, Query(alias="timeout", ge=0, le=LONGEST_WAIT, description="Seconds.")]


class DeliveryLine(BaseModel):
    """How an event stands in a place. `why` says what it waits for, or why it is not shown.

    `due_at`: when it is tried again. `seen`: the platform says that somebody has read it.
    """

    conversation: str
    label: str
    room: bool
    state: DeliveryState
    why: str
    at: datetime | None
    due_at: datetime | None
    seen: bool


class Delivered(BaseModel):
    """`reached`: it is shown somewhere. `may_reach`: it is, or will be if nothing goes wrong.

    `present` are those whom it is for and who have the session open in a page or a terminal, which
    read the log.
    """

    session: str
    seq: int
    reached: bool
    may_reach: bool
    present: list[str]
    places: list[DeliveryLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The places that an event concerns, and how it stands in each."""

    lanes: Sequence[Conversation]
    standings: Sequence[Standing]


@router.get(
    "/v1/sessions/{session}/deliveries/{seq}",
    operation_id="get_delivery",
    responses=failures(400, 401, 403, 404, 503),
)
async def get_delivery(
    entry: Annotated[Entry, Depends(enter)],
    seq: Annotated[int, Path(ge=1, le=LARGEST)],
    wait: Until | None = None,
    seconds: Timeout = LONGEST_WAIT,
) -> Delivered:
    """Say what each place has of an event, at once or as soon as it is shown, or all is settled.

    It waits as long as a long-poll at most; ask again if it is not so yet.
    """
    return await delivered(entry, await the_event(entry, Seq(seq)), wait, seconds)


async def the_event(entry: Entry, seq: Seq) -> Event:
    """Return an event of a session for somebody who may push there. Raises `Fault`."""
    _check_role(entry, entry.session)
    known = seq > entry.hidden
    found = await entry.reach.store.read(entry.session.id, after=seq - 1, limit=1) if known else ()
    if not found:
        raise Fault(404, "not_found", "there is no such event in this session")
    return found[0]


def _check_role(entry: Entry, session: Session) -> None:
    why = permissions.why_not(session, entry.asker.participant, Push)
    if why:
        raise Fault(403, "refused", why)


async def delivered(entry: Entry, event: Event, wait: Until | None, seconds: float) -> Delivered:
    """Return how an event stands, once it is as somebody waits for, or the time is over."""
    reach, found = entry.reach, await _found(entry, event)
    if wait is not None and not _is_done(wait, found):
        leash = Leash(min(seconds, reach.limits.long_poll))
        places = [each.id for each in found.lanes]
        with (
            reach.flows.holding(leash, entry.asker.participant),
            reach.deliveries.watching(places) as bell,
        ):
            while not _is_done(wait, found := await _found(entry, event)) and not leash.over:
                await leash.wait(_rung(bell), LOOK_AGAIN)
        if not await entry.still_open():
            raise Fault(404, "not_found", "there is no such session here any more")
        _check_role(entry, await reach.sessions.fold(entry.session.id))
    return _told(entry, event, found)


async def _rung(bell: asyncio.Event) -> None:
    await bell.wait()
    bell.clear()


def _is_done(wait: Until, found: _Found) -> bool:
    if wait == "settled":
        return deliveries.is_settled(found.standings)
    return deliveries.is_reached(found.standings) or not deliveries.may_reach(found.standings)


async def _found(entry: Entry, event: Event) -> _Found:
    reach, session = entry.reach, await entry.reach.sessions.fold(event.session)
    followers = await reach.store.conversations(event.session)
    lanes = [each for each in followers if deliveries.goes_to(event, each, session)]
    standings = []
    for lane in lanes:
        obstacle = await reach.deliveries.obstacle(lane, session)
        receipts = await reach.store.receipts(session.id, lane.id, sources=(event.seq,))
        standings.append(deliveries.standing(event.seq, lane, receipts, obstacle))
    return _Found(lanes=lanes, standings=standings)


def _told(entry: Entry, event: Event, found: _Found) -> Delivered:
    reach = entry.reach
    to = entry.session.people(event.body.to) if isinstance(event.body, Pushed) else ()
    here = {each.participant for each in reach.live.glimpse(event.session).present}
    present = here.intersection(to) if to else here
    lines = [
        DeliveryLine(
            conversation=lane.id,
            label=reach.label(lane.address),
            room=lane.room,
            state=known.state,
            why=known.why,
            at=known.at,
            due_at=known.due_at,
            seen=known.seen,
        )
        for lane, known in zip(found.lanes, found.standings, strict=True)
    ]
    return Delivered(
        session=event.session,
        seq=event.seq,
        reached=deliveries.is_reached(found.standings),
        may_reach=deliveries.may_reach(found.standings),
        present=sorted(present),
        places=lines,
    )


# -- for whoever runs the bridge ------------------------------------------------------------------


class LaneLine(BaseModel):
    """What a place is owed. `behind`: events that it has not been shown, of those up to `upto`.

    `parts`: messages that were begun and are not settled. `failed`: events of late of which it
    lacks something. `error`: what the platform said last.
    """

    conversation: str
    session: str
    title: str
    account: str
    label: str
    room: bool
    state: DeliveryState
    why: str
    upto: int
    behind: int
    parts: int
    failed: list[int]
    tries: int
    due_at: datetime | None
    error: str


class DeliveryReport(BaseModel):
    places: list[LaneLine]


class Dropped(BaseModel):
    """How many events the place had not been shown, and never will be."""

    dropped: int


@router.get("/v1/deliveries", operation_id="list_deliveries", responses=failures(401, 403, 503))
async def list_deliveries(reach: Operator) -> DeliveryReport:
    """Say what every place is owed and why, and what it lacks of late."""
    return DeliveryReport(
        places=[
            LaneLine(
                conversation=each.lane.id,
                session=each.lane.session or "",
                title=each.title,
                account=each.lane.address.channel,
                label=each.label or reach.label(each.lane.address),
                room=each.lane.room,
                state=each.standing.state,
                why=each.standing.why,
                upto=each.upto,
                behind=each.behind,
                parts=each.parts,
                failed=list(each.failed),
                tries=each.lane.tries,
                due_at=each.lane.due_at,
                error=each.error,
            )
            for each in await reach.deliveries.rows()
        ]
    )


@router.post(
    "/v1/deliveries/{conversation}/retry",
    operation_id="retry_delivery",
    status_code=204,
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def retry_delivery(reach: Operator, conversation: Name) -> None:
    """Try now whatever a place is owed, also where it was given up until somebody writes there."""
    try:
        await reach.deliveries.retry(ConversationId(conversation))
    except NotFound:
        raise Fault(404, "not_found", "no such place follows a session") from None


@router.post(
    "/v1/deliveries/{conversation}/drop",
    operation_id="drop_delivery",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def drop_delivery(
    reach: Operator,
    conversation: Name,
    upto: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
) -> Dropped:
    """Let a place be owed nothing of before now, or up to an event; the session keeps it all."""
    last = None if upto is None else Seq(upto)
    try:
        dropped = await reach.deliveries.drop(
            ConversationId(conversation), by=reach.operator, upto=last
        )
        return Dropped(dropped=dropped)
    except NotFound:
        raise Fault(404, "not_found", "no such place follows a session") from None
