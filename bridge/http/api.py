"""Sessions, as a client that opens one needs to see them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bridge import admission_texts, texts
from bridge.delivery.notify import Mode, Quiet, Wish
from bridge.domain.display_names import own_name, told_apart
from bridge.domain.ids import START, ParticipantId, Seq, SessionId, mint
from bridge.domain.wording import Language
from bridge.http.dependencies import Entry, Reach, TheAsker, TheReach, enter, hidden_from
from bridge.http.errors import Fault, failures
from bridge.http.inbox import ACCOUNT
from bridge.http.pages import offset
from bridge.http.validators import sound
from bridge.ports.push import CHANNEL
from bridge.ports.store import SessionMark, SessionRow
from bridge.session import slash
from bridge.session.fold import Session

router = APIRouter(tags=["sessions"])

CLIENTS = {"web": texts.BROWSER, "terminal": texts.TERMINAL, "api": texts.API}
LONGEST_TITLE = 200
MOST_LISTED = 1000
ROWS_LOOKED_AT, PAGES_LOOKED_AT = 200, 10
"""Sessions, whoever is in them, that one answer looks at: the next goes on from there."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = re.compile(r"[0-9]{1,17}")


LanguageCode = Literal["", "en", "de", "es", "fr", "zh"]


class Me(BaseModel):
    """Whom a token names. `may_begin`: sessions of their own. `operates`: the bridge is theirs.

    `language` is the code of the one that they chose; empty: none in particular.
    """

    participant: str
    name: str
    max_file_bytes: int
    may_begin: bool
    operates: bool
    language: LanguageCode = ""


Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class QuietHours(BaseModel):
    """From `begins` up to `ends`, as `22:00`, in an IANA time zone.

    `questions`: they ring all the same.
    """

    model_config = ConfigDict(extra="forbid")

    begins: Clock
    ends: Clock
    zone: Annotated[str, Field(min_length=1, max_length=64)]
    questions: bool = True


class Notify(BaseModel):
    """What rings for someone; `quiet` null: at any hour."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = "all"
    quiet: QuietHours | None = None


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


class Changed(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=LONGEST_TITLE)] | None = None
    language: LanguageCode | None = None


@router.get("/v1/me", operation_id="get_me", responses=failures(401, 503))
async def get_me(reach: TheReach, asker: TheAsker) -> Me:
    """Say whom the token names, and how large the files may be that they send."""
    names = await names_of(reach, [asker.participant])
    return Me(
        participant=asker.participant,
        name=names[asker.participant],
        max_file_bytes=reach.blobs.max_bytes,
        language=cast("LanguageCode", await reach.people.languages.chosen(asker.participant)),
        may_begin=await reach.people.browser_guests.may_begin(asker.participant),
        operates=asker.participant == reach.operator,
    )


@router.patch(
    "/v1/me",
    operation_id="change_me",
    responses=failures(400, 401, 403, 413, 415, 503),
)
async def change_me(reach: TheReach, asker: TheAsker, change: Changed) -> Me:
    """Be called otherwise, or spoken to in another language, in every session and app.

    A name is refused where others would be mistaken.
    """
    if change.name is not None:
        await reach.people.rename(asker.participant, change.name)
    if change.language is not None:
        await reach.people.languages.choose(asker.participant, change.language)
    return await get_me(reach, asker)


@router.get("/v1/me/notify", operation_id="get_notify", responses=failures(401, 503))
async def get_notify(reach: TheReach, asker: TheAsker) -> Notify:
    """Say what rings for the asker, in all of their places where they chose nothing else."""
    return notify_of(await reach.people.wishes.of(asker.participant, None))


@router.put(
    "/v1/me/notify",
    operation_id="choose_notify",
    responses=failures(400, 401, 403, 413, 415, 503),
)
async def choose_notify(reach: TheReach, asker: TheAsker, chosen: Notify) -> Notify:
    """Choose what rings for oneself; refused for a time zone that there is none."""
    hours, quiet = chosen.quiet, None
    if hours is not None:
        begins, ends = time.fromisoformat(hours.begins), time.fromisoformat(hours.ends)
        quiet = Quiet(begins=begins, ends=ends, zone=hours.zone, questions=hours.questions)
    await reach.people.wishes.choose(asker.participant, Wish(mode=chosen.mode, quiet=quiet))
    return await get_notify(reach, asker)


@router.get("/v1/sessions", operation_id="list_sessions", responses=failures(400, 401, 503))
async def list_sessions(
    reach: TheReach,
    asker: TheAsker,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    after: Annotated[str, Query(max_length=400)] = "",
) -> SessionList:
    """List the sessions the asker is in, last touched first, page by page."""
    found = await sessions_of(reach, asker.participant, limit=limit, after=after)
    return SessionList(sessions=[_line(each.row) for each in found.sessions], next=found.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """A session that somebody is in, and the last event in it that they may not read."""

    row: SessionRow
    session: Session
    hidden: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Some of somebody's sessions, and where to go on; None: that was all."""

    sessions: Sequence[Mine]
    next: str | None


async def sessions_of(reach: Reach, who: ParticipantId, *, limit: int, after: str) -> Sessions:
    """Return the sessions that someone is in, last touched first. Raises `Fault` 400."""
    found: list[Mine] = []
    mark = _mark(reach, after) if after else None
    for _ in range(PAGES_LOOKED_AT):
        rows = await reach.store.sessions(limit=ROWS_LOOKED_AT, after=mark)
        for row in rows:
            mark = SessionMark(touched_at=row.touched_at, id=row.id)
            session = await reach.sessions.fold(row.id)
            hidden = await _hidden_in(reach, who, session)
            if hidden is not None:
                found.append(Mine(row=row, session=session, hidden=hidden))
            if len(found) == limit:
                return Sessions(sessions=found, next=_written(reach, mark))
        if len(rows) < ROWS_LOOKED_AT:
            return Sessions(sessions=found, next=None)
    return Sessions(sessions=found, next=_written(reach, mark) if mark else None)


async def _hidden_in(reach: Reach, who: ParticipantId, session: Session) -> Seq | None:
    """Return what of a session is hidden from someone; None: it is none of theirs."""
    return await hidden_from(reach, who, session) if who in session.participants else None


def _written(reach: Reach, mark: SessionMark) -> str:
    """Return a mark, sealed: it may be a session that the asker is not in."""
    at = (mark.touched_at - EPOCH) // timedelta(microseconds=1)
    return reach.links.sealed(f"{at}.{mark.id}")


def _mark(reach: Reach, after: str) -> SessionMark:
    """Return where a page ended. Raises `Fault` 400."""
    at, _, session = (reach.links.opened(after) or "").partition(".")
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
    reach: TheReach,
    asker: TheAsker,
    new: NewSession,
    response: Response,
    accept_language: Annotated[str, Header()] = "",
) -> SessionView:
    """Make a session with the asker as its owner."""
    if not await reach.people.browser_guests.may_begin(asker.participant):
        raise Fault(403, "refused", admission_texts.BEGINS_NO_SESSION)
    session = SessionId(mint("s"))
    await reach.sessions.create(session, title=new.title, owner=asker.participant)
    await reach.people.note_begun(asker.participant, session)
    response.headers["Location"] = f"/v1/sessions/{session}"
    language = await reach.people.languages.of_client(asker.participant, accept_language)
    return await _view(reach, await reach.sessions.fold(session), START, language)


@router.get("/v1/sessions/{session}", operation_id="get_session", responses=failures(401, 404, 503))
async def get_session(
    entry: Annotated[Entry, Depends(enter)], accept_language: Annotated[str, Header()] = ""
) -> SessionView:
    """Show a session as it stands; its commands are explained in the asker's language."""
    language = await entry.reach.people.languages.of_client(
        entry.asker.participant, accept_language
    )
    return await _view(entry.reach, entry.session, entry.hidden, language)


async def _view(reach: Reach, session: Session, hidden: Seq, language: Language) -> SessionView:
    names = await names_of(reach, list(session.participants))
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
        questions=[key for key, each in session.questions.items() if each.asked > hidden],
        commands=[
            CommandLine(name=each.name, text=language.says(each.text)) for each in slash.COMMANDS
        ],
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
            if each.address.channel != CHANNEL
        ),
        *(PlaceLine(id=f"{ACCOUNT}:{place}", label=label) for place, label in CLIENTS.items()),
    ]


async def names_of(reach: Reach, ids: Sequence[ParticipantId]) -> dict[ParticipantId, str]:
    """Return what people are called, so that no two of them are mistaken."""
    known = await reach.store.participants(ids)
    found = {each: own_name(known[each].name) if each in known else "" for each in ids}
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


def notify_of(wish: Wish) -> Notify:
    """Return what rings for someone, as clients are told."""
    quiet, hours = wish.quiet, None
    if quiet is not None:
        begins, ends = (each.isoformat("minutes") for each in (quiet.begins, quiet.ends))
        hours = QuietHours(begins=begins, ends=ends, zone=quiet.zone, questions=quiet.questions)
    return Notify(mode=wish.mode, quiet=hours)
