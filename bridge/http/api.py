"""Sessions, as a client that opens one needs to see them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bridge import slash, texts
from bridge.display_names import clean_name, told_apart
from bridge.http.faults import Fault, failures
from bridge.http.inbox import ACCOUNT
from bridge.http.offsets import offset
from bridge.http.reach import Entry, Reach, TheAsker, TheReach, enter
from bridge.http.words import sound
from bridge.ids import ParticipantId, SessionId, mint
from bridge.ports import SessionMark, SessionRow
from bridge.session import Session

router = APIRouter(tags=["sessions"])

CLIENTS = {"web": texts.BROWSER, "terminal": texts.TERMINAL, "api": texts.API}
LONGEST_TITLE = 200
MOST_LISTED = 1000
ROWS_LOOKED_AT, PAGES_LOOKED_AT = 200, 10
"""Sessions, whoever is in them, that one answer looks at: the next goes on from there."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = re.compile(r"[0-9]{1,17}")


class Me(BaseModel):
    participant: str
    name: str
    max_file_bytes: int


class SessionLine(BaseModel):
    id: str
    title: str
    head: int
    archived: bool
    created_at: datetime
    touched_at: datetime


class SessionList(BaseModel):
    """`next` is where to go on, as `after`; null: that was all. A page may be empty before that."""

    sessions: list[SessionLine]
    next: str | None = None


class Person(BaseModel):
    id: str
    name: str
    role: Literal["owner", "member", "viewer"]


class PlaceLine(BaseModel):
    id: str
    label: str
    room: bool = False


class CommandLine(BaseModel):
    name: str
    text: str


class SessionView(BaseModel):
    """A session as it stands; `offset` is the log's end, `run` the one that is open."""

    id: str
    title: str
    state: Literal["idle", "running", "waiting"]
    archived: bool
    offset: str
    run: str | None
    participants: list[Person]
    places: list[PlaceLine]
    questions: list[str]
    commands: list[CommandLine]


def _cleaned(title: str) -> str:
    return " ".join(sound(title).split())


class NewSession(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, AfterValidator(_cleaned), Field(max_length=LONGEST_TITLE)]


@router.get("/v1/me", operation_id="get_me", responses=failures(401, 503))
async def get_me(reach: TheReach, asker: TheAsker) -> Me:
    """Say whom the token names, and how large the files may be that they send."""
    names = await _names(reach, [asker.participant])
    return Me(
        participant=asker.participant,
        name=names[asker.participant],
        max_file_bytes=reach.blobs.max_bytes,
    )


@router.get("/v1/sessions", operation_id="list_sessions", responses=failures(400, 401, 503))
async def list_sessions(
    reach: TheReach,
    asker: TheAsker,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    after: Annotated[str, Query(max_length=100)] = "",
) -> SessionList:
    """List the sessions the asker is in, last touched first, page by page."""
    lines: list[SessionLine] = []
    mark = _mark(after) if after else None
    for _ in range(PAGES_LOOKED_AT):
        rows = await reach.store.sessions(limit=ROWS_LOOKED_AT, after=mark)
        for row in rows:
            mark = SessionMark(touched_at=row.touched_at, id=row.id)
            session = await reach.sessions.fold(row.id)
            if asker.participant in session.participants:
                lines.append(_line(row))
            if len(lines) == limit:
                return SessionList(sessions=lines, next=_written(mark))
        if len(rows) < ROWS_LOOKED_AT:
            return SessionList(sessions=lines)
    return SessionList(sessions=lines, next=_written(mark) if mark else None)


def _written(mark: SessionMark) -> str:
    return f"{(mark.touched_at - EPOCH) // timedelta(microseconds=1)}.{mark.id}"


def _mark(after: str) -> SessionMark:
    """Return where a page ended. Raises `Fault` 400."""
    at, _, session = after.partition(".")
    if not _MICROSECONDS.fullmatch(at) or not session:
        raise Fault(400, "malformed", "`after` is what `next` of the page before was")
    return SessionMark(touched_at=EPOCH + timedelta(microseconds=int(at)), id=SessionId(session))


@router.post(
    "/v1/sessions",
    operation_id="create_session",
    status_code=201,
    responses=failures(400, 401, 403, 413, 415, 503),
)
async def create_session(
    reach: TheReach, asker: TheAsker, new: NewSession, response: Response
) -> SessionView:
    """Make a session with the asker as its owner."""
    session = SessionId(mint("s"))
    await reach.sessions.create(session, title=new.title, owner=asker.participant)
    response.headers["Location"] = f"/v1/sessions/{session}"
    return await _view(reach, await reach.sessions.fold(session))


@router.get("/v1/sessions/{session}", operation_id="get_session", responses=failures(401, 404, 503))
async def get_session(entry: Annotated[Entry, Depends(enter)]) -> SessionView:
    """Show a session as it stands."""
    return await _view(entry.reach, entry.session)


async def _view(reach: Reach, session: Session) -> SessionView:
    names = await _names(reach, list(session.participants))
    return SessionView(
        id=session.id,
        title=session.title,
        state=_state(session),
        archived=session.archived,
        offset=offset(session.head, await reach.store.epoch()),
        run=session.open_run.run if session.open_run else None,
        participants=[
            Person(id=each, name=names[each], role=role)
            for each, role in session.participants.items()
        ],
        places=await _places(reach, session.id),
        questions=list(session.questions),
        commands=[CommandLine(name=each.name, text=each.text) for each in slash.COMMANDS],
    )


def _state(session: Session) -> Literal["idle", "running", "waiting"]:
    if session.open_run is not None:
        return "running"
    return "waiting" if session.questions else "idle"


async def _places(reach: Reach, session: SessionId) -> list[PlaceLine]:
    linked = await reach.store.conversations(session)
    return [
        *(
            PlaceLine(id=each.id, label=reach.label(each.address), room=each.room)
            for each in linked
        ),
        *(PlaceLine(id=f"{ACCOUNT}:{place}", label=label) for place, label in CLIENTS.items()),
    ]


async def _names(reach: Reach, ids: list[ParticipantId]) -> dict[ParticipantId, str]:
    known = await reach.store.participants(ids)
    found = {each: clean_name(known[each].name) if each in known else "" for each in ids}
    return told_apart({each: name or texts.SOMEONE for each, name in found.items()})


def _line(row: SessionRow) -> SessionLine:
    return SessionLine(
        id=row.id,
        title=row.title,
        head=row.head,
        archived=row.archived,
        created_at=row.created_at,
        touched_at=row.touched_at,
    )
