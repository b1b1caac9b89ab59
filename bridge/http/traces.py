"""The way of one event, for the operator: heard where, read by which runs, shown in which places.

It is made from the log and the receipts each time, so it says the same after any restart. It has
ids, times and states, and no words.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from bridge.domain.codec import to_json
from bridge.domain.events import Event, RunFinished, RunStarted
from bridge.domain.ids import MessageId, Seq, SessionId, trace_of
from bridge.domain.parts import Conversation, Receipt
from bridge.http.dependencies import Operator, Reach, folded
from bridge.http.errors import Fault, failures
from bridge.http.validators import Name
from bridge.session.way import ReadingRun, readers

router = APIRouter(tags=["operator"])

PAGE = 500
FARTHEST = 5000
"""Events after the one that is traced in which its runs are looked for."""

LARGEST = 2**53 - 1


class HeardLine(BaseModel):
    """Where it was heard, and as which of the platform's messages; null: nobody told."""

    conversation: str
    label: str
    message: str | None


class RunLine(BaseModel):
    """A run that read it. `ended` null: it is open. `dealt_with`: no later run reads it again."""

    run: str
    agent: str
    node: str
    started: int
    started_at: datetime
    ended: int | None
    ended_at: datetime | None
    outcome: str
    reason: str
    dealt_with: bool
    said: list[int]


class ReceiptLine(BaseModel):
    part: str
    state: str
    tries: int
    why: str
    code: str
    at: datetime
    message: str | None


class LaneLine(BaseModel):
    """What a place has of an event. `passed`: its cursor is at it or after it."""

    conversation: str
    label: str
    account: str
    room: bool
    passed: bool
    suspended: bool
    due_at: datetime | None
    last_error: str
    receipts: list[ReceiptLine]


class ShownLine(BaseModel):
    seq: int
    type: str
    at: datetime
    places: list[LaneLine]


class Trace(BaseModel):
    """`shown`: the event itself, then everything that the runs which read it said."""

    trace: str
    seq: int
    type: str
    at: datetime
    participant: str | None
    heard: HeardLine | None
    runs: list[RunLine]
    shown: list[ShownLine]


@router.get(
    "/v1/sessions/{session}/trace",
    operation_id="trace_event",
    responses=failures(400, 401, 403, 404, 503),
)
async def trace_event(
    reach: Operator,
    session: str,
    seq: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    message: Annotated[Name | None, Query()] = None,
) -> Trace:
    """Say what became of an event, or of the platform's message that it was heard as."""
    found = (await folded(reach, session)).id
    if (seq is None) is (message is None):
        raise Fault(400, "malformed", "name either `seq` or `message`")
    lanes = await reach.store.conversations(found)
    number = seq or await _number(reach, lanes, MessageId(message or ""))
    read = await reach.store.read(found, after=number - 1, limit=1) if number else ()
    if not read:
        raise Fault(404, "not_found", "there is no such event in this session")
    return await _trace(reach, read[0], lanes)


async def _number(reach: Reach, lanes: Sequence[Conversation], message: MessageId) -> Seq | None:
    for lane in lanes:
        found = await reach.store.source_of(lane.id, message)
        if found is not None:
            return found
    return None


async def _trace(reach: Reach, event: Event, lanes: Sequence[Conversation]) -> Trace:
    later = [each async for each in _later(reach, event)]
    runs = readers(event.seq, later)
    said = [each for run in runs for each in run.said]
    return Trace(
        trace=trace_of(event.session, event.seq),
        seq=event.seq,
        type=_type(event),
        at=event.at,
        participant=getattr(event.body, "participant", None),
        heard=await _heard(reach, event),
        runs=[_run(each, event.seq) for each in runs],
        shown=[await _shown(reach, each, lanes) for each in (event, *said)],
    )


async def _later(reach: Reach, event: Event) -> AsyncIterator[Event]:
    after = event.seq
    while after < event.seq + FARTHEST:
        page = await reach.store.read(event.session, after=after, limit=PAGE)
        for each in page:
            yield each
        if len(page) < PAGE:
            return
        after = page[-1].seq


async def _heard(reach: Reach, event: Event) -> HeardLine | None:
    where = getattr(event.body, "conversation", None)
    if where is None:
        return None
    lane = await reach.store.conversation(where)
    if lane is None:
        return HeardLine(conversation=where, label=where, message=None)
    known = await _receipts(reach, event.session, lane, event.seq)
    message = next((each.message for each in known if each.why == "origin"), None)
    return HeardLine(conversation=lane.id, label=reach.label(lane.address), message=message)


async def _shown(reach: Reach, event: Event, lanes: Sequence[Conversation]) -> ShownLine:
    places = [
        LaneLine(
            conversation=lane.id,
            label=reach.label(lane.address),
            account=lane.address.channel,
            room=lane.room,
            passed=lane.cursor >= event.seq,
            suspended=lane.suspended,
            due_at=lane.due_at,
            last_error=lane.last_error,
            receipts=[
                _receipt(each) for each in await _receipts(reach, event.session, lane, event.seq)
            ],
        )
        for lane in lanes
    ]
    return ShownLine(seq=event.seq, type=_type(event), at=event.at, places=places)


async def _receipts(
    reach: Reach, session: SessionId, lane: Conversation, seq: Seq
) -> Sequence[Receipt]:
    found = await reach.store.receipts(session, lane.id, sources=(seq,))
    return sorted((each for each in found if each.source == seq), key=lambda each: each.span.start)


def _receipt(receipt: Receipt) -> ReceiptLine:
    return ReceiptLine(
        part=receipt.part,
        state=receipt.state,
        tries=receipt.tries,
        why=receipt.why,
        code=receipt.code,
        at=receipt.at,
        message=receipt.message,
    )


def _run(reader: ReadingRun, seq: Seq) -> RunLine:
    began, ended = reader.began.body, reader.ended.body if reader.ended is not None else None
    return RunLine(
        run=reader.run,
        agent=reader.agent,
        node=began.node if isinstance(began, RunStarted) else "",
        started=reader.began.seq,
        started_at=reader.began.at,
        ended=reader.ended.seq if reader.ended is not None else None,
        ended_at=reader.ended.at if reader.ended is not None else None,
        outcome=reader.outcome,
        reason=ended.reason if isinstance(ended, RunFinished) else "",
        dealt_with=reader.deals_with(seq),
        said=[each.seq for each in reader.said],
    )


def _type(event: Event) -> str:
    return str(to_json(event)["type"])
