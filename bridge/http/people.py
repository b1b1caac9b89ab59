"""Who is let in where, for whoever runs the bridge."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from bridge.domain.codec import to_json
from bridge.domain.errors import NotFound
from bridge.domain.ids import ParticipantId, SessionId
from bridge.http.api import Notify, notify_of
from bridge.http.dependencies import Operator, TheAsker, TheReach
from bridge.http.errors import Fault, failures
from bridge.http.validators import Name
from bridge.ports.engine import PersonRow

router = APIRouter(tags=["operator"])

Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class IdentityLine(BaseModel):
    realm: str
    user: str


class MembershipLine(BaseModel):
    """`role` is "out" for someone who was put out of the session."""

    session: str
    title: str
    role: str


class PersonLine(BaseModel):
    """`let_in` says by what, in words; `out`: let in nowhere any more, whatever that says."""

    id: str
    name: str
    owner: bool
    out: bool
    identities: list[IdentityLine]
    let_in: list[str]
    sessions: list[MembershipLine]


class PeopleList(BaseModel):
    people: list[PersonLine]


class Removed(BaseModel):
    """`lists`: the lines of the configuration that still name the person."""

    lists: list[str]


class Allowing(BaseModel):
    """`session` null: the bridge, and every session that they were put out of."""

    model_config = ConfigDict(extra="forbid")

    session: Name | None = None


class Allowed(BaseModel):
    sessions: list[str]


class Unlinked(BaseModel):
    """`text` says what became of it."""

    text: str


class OwnerCode(BaseModel):
    code: str


@router.get("/v1/people", operation_id="list_people", responses=failures(401, 403, 503))
async def list_people(reach: Operator) -> PeopleList:
    """List everyone there is, and what lets them in."""
    return PeopleList(people=[_line(each) for each in await reach.people.everyone()])


@router.delete(
    "/v1/people/{person}",
    operation_id="remove_person",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def remove_person(reach: Operator, person: Id) -> Removed:
    """Put someone out of everything."""
    try:
        lists = await reach.people.remove(ParticipantId(person), reach.operator)
    except NotFound as error:
        raise Fault(404, "not_found", str(error)) from error
    return Removed(lists=list(lists))


@router.post(
    "/v1/people/{person}/allow",
    operation_id="allow_person",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def allow_person(reach: Operator, person: Id, what: Allowing) -> Allowed:
    """Let someone in again who was put out."""
    session = SessionId(what.session) if what.session is not None else None
    try:
        found = await reach.people.allow(ParticipantId(person), session)
    except NotFound as error:
        raise Fault(404, "not_found", str(error)) from error
    return Allowed(sessions=list(found))


class PlaceKeptLine(BaseModel):
    id: str
    app: str
    address: str


class SessionKeptLine(BaseModel):
    """`events` as the stream of a session has them (docs/events.md); `role` empty: not in it."""

    session: str
    title: str
    role: str
    events: list[dict[str, Any]]


class GrantLine(BaseModel):
    """What lets somebody in: to a session, on an account, by whom, since when (RFC 3339)."""

    number: str
    account: str
    session: str | None
    by: str
    at: str


class PersonKeptLine(BaseModel):
    """All that is kept of somebody; `language` empty: they chose none."""

    id: str
    name: str
    since: datetime | None
    identities: list[IdentityLine]
    grants: list[GrantLine]
    language: str
    notify: Notify
    places: list[PlaceKeptLine]
    sessions: list[SessionKeptLine]


@router.get(
    "/v1/people/{person}/export",
    operation_id="export_person",
    responses=failures(400, 401, 403, 404, 503),
)
async def export_person(reach: Operator, person: Id) -> PersonKeptLine:
    """Hand out all that is kept of someone."""
    kept = await reach.people.forgetting.export(ParticipantId(person))
    return PersonKeptLine(
        id=kept.id,
        name=kept.name,
        since=kept.since,
        identities=[IdentityLine(realm=each.realm, user=each.user) for each in kept.identities],
        grants=[
            GrantLine(
                number=each.id, account=each.account, session=each.session, by=each.by, at=each.at
            )
            for each in kept.grants
        ],
        language=kept.language,
        notify=notify_of(kept.wish),
        places=[
            PlaceKeptLine(id=each.id, app=each.app, address=each.address.place)
            for each in kept.places
        ],
        sessions=[
            SessionKeptLine(
                session=each.id,
                title=each.title,
                role=each.role,
                events=[to_json(event) for event in each.events],
            )
            for each in kept.sessions
        ],
    )


class Forgotten(BaseModel):
    """`left` says in words what could not be taken back."""

    sessions: int
    events: int
    files: int
    left: list[str]


@router.post(
    "/v1/people/{person}/forget",
    operation_id="forget_person",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def forget_person(reach: Operator, person: Id) -> Forgotten:
    """Put someone out of everything, and keep nothing of their words; it cannot be undone."""
    try:
        done = await reach.people.forget(ParticipantId(person), reach.operator, reach.blobs)
    except NotFound as error:
        raise Fault(404, "not_found", str(error)) from error
    return Forgotten(**{**asdict(done), "left": list(done.left)})


@router.delete(
    "/v1/links/{number}",
    operation_id="undo_link",
    responses=failures(400, 401, 403, 413, 415, 503),
)
async def undo_link(reach: Operator, number: Id) -> Unlinked:
    """Take back what a code of `/link` gave: the identity, what it was let in to, its place."""
    return Unlinked(text=await reach.people.unlink(number))


@router.post(
    "/v1/owner-code",
    operation_id="make_owner_code",
    responses=failures(401, 403, 413, 415, 503),
)
async def make_owner_code(reach: Operator) -> OwnerCode:
    """Make a new code that makes whoever sends it the owner; the one before is good no more."""
    return OwnerCode(code=await reach.people.owner_code(reach.operator))


class RequestLine(BaseModel):
    """`room`: what the room is called in which it was asked; null: in private. `at`: RFC 3339."""

    number: str
    name: str
    user: str
    app: str
    words: str
    at: str
    room: str | None


class RequestList(BaseModel):
    requests: list[RequestLine]


class Answering(BaseModel):
    model_config = ConfigDict(extra="forbid")

    allow: bool


class Answered(BaseModel):
    """`text` says what became of it."""

    text: str


@router.get("/v1/requests", operation_id="list_requests", responses=failures(401, 403, 503))
async def list_requests(reach: TheReach, asker: TheAsker) -> RequestList:
    """List who asks to be let in, for an owner of the bridge."""
    found = await reach.people.access_requests.rows(asker.participant)
    return RequestList(requests=[RequestLine(**asdict(each)) for each in found])


@router.post(
    "/v1/requests/{number}",
    operation_id="answer_request",
    responses=failures(400, 401, 403, 413, 415, 503),
)
async def answer_request(reach: TheReach, asker: TheAsker, number: Id, what: Answering) -> Answered:
    """Let someone in who asks, or do not, for an owner of the bridge. The first answer counts."""
    text = await reach.people.access_requests.answer(number, asker.participant, allow=what.allow)
    return Answered(text=text)


def _line(row: PersonRow) -> PersonLine:
    return PersonLine(
        id=row.id,
        name=row.name,
        owner=row.owner,
        out=row.out,
        identities=[IdentityLine(realm=each.realm, user=each.user) for each in row.identities],
        let_in=list(row.let_in),
        sessions=[
            MembershipLine(session=each.session, title=each.title, role=each.role)
            for each in row.sessions
        ],
    )
