"""The people of one session by their ids: what the page and other clients show and change.

The rules:

- Everything asks the table of permissions first, as the slash commands do that do the same.
- Ids alone name people here; somebody who is not in the session is nobody.
- An owner of the session sees, and ends, every open invitation into it, whoever made it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole, Leave
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import Role
from bridge.domain.ids import ParticipantId
from bridge.domain.parts import Reply
from bridge.engine.access.pairing_codes import LIFE
from bridge.engine.commands.access_requests import AccessRequests
from bridge.engine.commands.members import Members
from bridge.engine.commands.pairing import Pairing
from bridge.ports.engine import InvitationRow, Invited, MayDo, MemberRow
from bridge.session import permissions
from bridge.session.fold import Session
from bridge.session.permission_table import ROLES, Act

PutOut = Callable[[Session, ParticipantId, ParticipantId], Awaitable[str]]


@dataclass(slots=True)
class SessionPeople:
    members: Members
    pairing: Pairing
    requests: AccessRequests
    put_out: PutOut

    async def may_do(self, fold: Session, by: ParticipantId) -> MayDo:
        """Return what someone may do here."""
        has_apps = bool(self.members.admission.channels)
        invites = permissions.may_do(fold, by, "invite")
        return MayDo(
            invite_to_apps=invites and has_apps,
            invite_to_browser=invites and bool(self.pairing.invitations.page),
            change_roles=permissions.may_do(fold, by, ChangeRole),
            remove=permissions.may_do(fold, by, Leave),
            link_apps=has_apps and permissions.may_do(fold, by, "get a code"),
            answer_requests=has_apps and await self.members.admission.is_owner(by),
        )

    # -- who is here

    async def here(self, fold: Session, by: ParticipantId) -> Sequence[MemberRow]:
        """Return who is in a session, the strongest role first. Raises `Refused`."""
        _check(fold, by, "see who is here")
        names, book = await self.members.names.in_session(fold), await self.members.admission.book()
        return [
            MemberRow(
                id=who,
                name=names[who],
                role=role,
                apps=await self.members.apps(fold, who),
                owns_bridge=who in book.owners,
            )
            for who, role in sorted(fold.participants.items(), key=lambda at: ROLES.index(at[1]))
        ]

    async def give_role(
        self, fold: Session, by: ParticipantId, who: ParticipantId, role: Role
    ) -> str:
        """Change someone's role. Raises `Refused`, `NotFound`."""
        _check(fold, by, ChangeRole)
        _find(fold, who)
        return await self.members.give(fold, by, who, role)

    async def remove(self, fold: Session, by: ParticipantId, who: ParticipantId) -> str:
        """Put someone out of a session; or leave it, of oneself. Raises `Refused`, `NotFound`."""
        if who == by:
            left = await self.members.leave(fold, by)
            if left.refused:
                raise Refused(left.text)
            return left.text
        _check(fold, by, Leave)
        _find(fold, who)
        return await self.put_out(fold, by, who)

    async def kick(self, fold: Session, by: ParticipantId, named: str) -> Reply:
        """Put someone out of a session who is named, for one of its owners."""
        if why := permissions.why_not(fold, by, Leave):
            return Reply(text=why, refused=True)
        if not named.strip():
            return Reply(text=admission_texts.KICK_WHOM, refused=True)
        found = await self.members.named(fold, named)
        if len(found) != 1:
            text = admission_texts.kick_whom(await self.members.apart(fold, found))
            return Reply(text=text, refused=True)
        try:
            return Reply(text=await self.put_out(fold, by, found[0]))
        except Refused as refused:
            return Reply(text=str(refused), refused=True)

    # -- who may come

    async def invitations(self, fold: Session, by: ParticipantId) -> Sequence[InvitationRow]:
        """Return the open invitations into a session. Raises `Refused`."""
        _check(fold, by, "invite")
        return await self.pairing.invitations.open.rows(fold)

    async def revoke(self, fold: Session, by: ParticipantId, number: str) -> str:
        """End an invitation. Raises `Refused`, `NotFound`."""
        _check(fold, by, "invite")
        return await self.pairing.invitations.open.revoke(fold, number)

    async def link_code(self, fold: Session, by: ParticipantId) -> Invited:
        """Return a code that makes its sender this very person. Raises `Refused`."""
        _check(fold, by, "get a code")
        admission = self.members.admission
        if not admission.channels:
            raise Refused(texts.NO_APP_FOR_CODES)
        via = await admission.over_http(by)
        code = await self.pairing.codes.link(by, fold.id, via=via)
        until = self.pairing.clock.now() + LIFE
        return Invited(code=code, links=tuple(self.pairing.links(code)), until=until)


def _check(fold: Session, by: ParticipantId, act: Act) -> None:
    if why := permissions.why_not(fold, by, act):
        raise Refused(why)


def _find(fold: Session, who: ParticipantId) -> None:
    if who not in fold.participants:
        raise NotFound(admission_texts.NO_SUCH_PERSON)
