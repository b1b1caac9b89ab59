"""What works in the background of one session: listed, and stopped.

Each is a session of its own, read by its id like any other: by whoever may read where it began.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from bridge import background_texts
from bridge.domain.commands import StopBackground
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import BackgroundStarted
from bridge.domain.ids import SessionId
from bridge.domain.usage import NOTHING
from bridge.http.dependencies import Entry, enter
from bridge.http.errors import failures
from bridge.http.schedules import Done, Spoken
from bridge.session import background, permissions
from bridge.session.state import Work

router = APIRouter(tags=["background"])

Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class WorkUsed(BaseModel):
    """What it used so far: `cost` in US dollars, `unpriced` are the tokens without a price."""

    tokens: int
    cost: float
    unpriced: int


class WorkLine(BaseModel):
    """`id` is its session; `called` the word by which people call it in a chat.

    `state`: `waits` for an answer that is asked in this session, `reported` to it, was `stopped`.
    `by` is for whom it works; null: for nobody in particular. `ended` is null while it works.
    """

    id: str
    called: str
    task: str
    agent: str
    by: str | None
    state: Literal["works", "waits", "reported", "stopped"]
    began: datetime
    ended: datetime | None
    used: WorkUsed


class WorkList(BaseModel):
    """What works, and the last that did, the oldest first. `may_stop`: the asker may stop it."""

    background: list[WorkLine]
    may_stop: bool


@router.get(
    "/v1/sessions/{session}/background",
    operation_id="list_background",
    responses=failures(401, 404, 503),
)
async def list_background(entry: Annotated[Entry, Depends(enter)]) -> WorkList:
    """List what works in the background of a session."""
    may_stop = permissions.may_do(entry.session, entry.asker.participant, StopBackground)
    lines = [
        await _line(entry, word, child, entry.session.background[child])
        for word, child in background.called(entry.session).items()
        if entry.session.background[child].started > entry.hidden
    ]
    return WorkList(background=lines, may_stop=may_stop)


@router.delete(
    "/v1/sessions/{session}/background/{work}",
    operation_id="stop_background",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def stop_background(
    entry: Annotated[Entry, Depends(enter)], work: Id, language: Spoken
) -> Done:
    """Stop what works in the background, by its id or its word; it reports nothing."""
    child = background.meant(entry.session, work)
    if child is None:
        raise NotFound(language.says(background_texts.NO_SUCH_WORK))
    command = StopBackground(by=entry.asker.participant, child=child)
    try:
        await entry.reach.sessions.submit(entry.session.id, command)
    except Refused as refused:
        raise type(refused)(language.says(str(refused))) from refused
    return Done(text=language.says(background_texts.STOPPED))


async def _line(entry: Entry, word: str, child: SessionId, work: Work) -> WorkLine:
    store, after = entry.reach.store, work.started - 1
    (began,) = await store.read(entry.session.id, after=after, limit=1)
    state: background.State = "stopped" if work.stopped else "works"
    used = NOTHING
    try:
        session = await entry.reach.sessions.fold(child)
    except NotFound:  # it is about to begin
        pass
    else:
        state, used = background.state_of(work, session), background.used_by(session)
    return WorkLine(
        id=child,
        called=word,
        task=began.body.task if isinstance(began.body, BackgroundStarted) else "",
        agent=work.agent,
        by=work.by,
        state=state,
        began=work.at,
        ended=work.ended_at,
        used=WorkUsed(tokens=used.tokens, cost=used.cost, unpriced=used.unpriced),
    )
