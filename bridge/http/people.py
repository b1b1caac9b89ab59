"""Who is let in where, for whoever runs the bridge."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from bridge.errors import NotFound
from bridge.http.faults import Fault, failures
from bridge.http.reach import Operator
from bridge.http.words import Name
from bridge.ids import ParticipantId, SessionId
from bridge.ports import PersonRow

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
