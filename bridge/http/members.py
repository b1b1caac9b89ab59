"""The people of one session: who is in it, who may do what there, who is invited.

What is shown and what is changed hangs on the asker's role: `bridge.engine.commands.session_people`
asks the table of permissions for each call.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict

from bridge.domain.events import Role
from bridge.domain.ids import ParticipantId
from bridge.http.dependencies import Entry, enter
from bridge.http.errors import failures
from bridge.http.invitations import CodeMade, code_made

router = APIRouter(tags=["people"])

Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class MayDo(BaseModel):
    """What the asker may do with the people of the session, where there is what it takes."""

    invite_to_apps: bool
    invite_to_browser: bool
    change_roles: bool
    remove: bool
    link_apps: bool
    answer_requests: bool


class MemberLine(BaseModel):
    """`apps`: where a private place of theirs follows the session.

    `owns_bridge`: nobody else takes their role, or removes them.
    """

    id: str
    name: str
    role: Role
    apps: list[str]
    owns_bridge: bool


class Members(BaseModel):
    people: list[MemberLine]
    may: MayDo


class InvitationLine(BaseModel):
    """Its code is shown no more. `left`: how many people may come yet. `by` is who made it."""

    number: str
    by: str
    role: Literal["member", "viewer"]
    uses: int
    left: int
    until: datetime
    history: bool
    browser: bool


class InvitationList(BaseModel):
    invitations: list[InvitationLine]


class NewRole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role


class Outcome(BaseModel):
    """`text` says what became of it."""

    text: str


@router.get(
    "/v1/sessions/{session}/people",
    operation_id="list_members",
    responses=failures(401, 403, 404, 503),
)
async def list_members(entry: Annotated[Entry, Depends(enter)]) -> Members:
    """List who is in a session, the strongest role first, and what the asker may do with them."""
    people, by = entry.reach.people.in_session, entry.asker.participant
    found = await people.here(entry.session, by)
    may = await people.may_do(entry.session, by)
    return Members(
        people=[MemberLine(**{**asdict(each), "apps": list(each.apps)}) for each in found],
        may=MayDo(**asdict(may)),
    )


@router.patch(
    "/v1/sessions/{session}/people/{person}",
    operation_id="change_role",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def change_role(entry: Annotated[Entry, Depends(enter)], person: Id, new: NewRole) -> Outcome:
    """Change what someone may do in a session, for an owner of it."""
    give = entry.reach.people.in_session.give_role
    by, who = entry.asker.participant, ParticipantId(person)
    return Outcome(text=await give(entry.session, by, who, new.role))


@router.delete(
    "/v1/sessions/{session}/people/{person}",
    operation_id="remove_member",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def remove_member(entry: Annotated[Entry, Depends(enter)], person: Id) -> Outcome:
    """Remove someone from a session, for an owner of it; or leave it, by one's own id."""
    remove = entry.reach.people.in_session.remove
    by, who = entry.asker.participant, ParticipantId(person)
    return Outcome(text=await remove(entry.session, by, who))


@router.get(
    "/v1/sessions/{session}/invitations",
    operation_id="list_invitations",
    responses=failures(401, 403, 404, 503),
)
async def list_invitations(entry: Annotated[Entry, Depends(enter)]) -> InvitationList:
    """List the open invitations into a session, whoever made them, for an owner of it."""
    listed = entry.reach.people.in_session.invitations
    lines = [
        InvitationLine(
            number=each.number,
            by=each.by,
            role="viewer" if each.role == "viewer" else "member",
            uses=each.uses,
            left=each.left,
            until=each.until,
            history=each.earlier,
            browser=each.browser,
        )
        for each in await listed(entry.session, entry.asker.participant)
    ]
    return InvitationList(invitations=lines)


@router.delete(
    "/v1/sessions/{session}/invitations/{number}",
    operation_id="revoke_invitation",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def revoke_invitation(entry: Annotated[Entry, Depends(enter)], number: Id) -> Outcome:
    """End an invitation, for an owner of the session; whoever came by it stays."""
    revoke = entry.reach.people.in_session.revoke
    return Outcome(text=await revoke(entry.session, entry.asker.participant, number))


@router.post(
    "/v1/sessions/{session}/links",
    operation_id="link_app",
    status_code=201,
    responses=failures(401, 403, 404, 413, 415, 503),
)
async def link_app(entry: Annotated[Entry, Depends(enter)]) -> CodeMade:
    """Make a code that is the asker's in another app: whoever sends it is taken for them."""
    link = entry.reach.people.in_session.link_code
    return await code_made(await link(entry.session, entry.asker.participant))
