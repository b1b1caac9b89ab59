"""The open invitations into a session, whoever made them: listed and ended by any of its owners.

Their codes are shown no more: a number names each, which is no part of its code. An invitation of
somebody who may not invite any more is no open one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge import admission_texts
from bridge.domain.errors import NotFound
from bridge.domain.parts import Button, Reply
from bridge.engine.access.pairing_codes import Found, PairingCodes
from bridge.engine.names import DisplayNames
from bridge.ports.engine import InvitationRow
from bridge.session import permissions
from bridge.session.fold import Session
from bridge.session.invitations import Revoking, typed_invitation

INVITES, LIST, REVOKE = "invites", "list", "revoke"


@dataclass(slots=True)
class OpenInvitations:
    codes: PairingCodes
    names: DisplayNames

    async def rows(self, fold: Session) -> Sequence[InvitationRow]:
        """Return the invitations into a session that are good still, whoever made them."""
        return [
            _row(each)
            for each in await self.codes.invitations(into=fold.id)
            if permissions.may_do(fold, each.invitation.participant, "invite")
        ]

    async def revoke(self, fold: Session, number: str) -> str:
        """End an invitation into a session; return that it is. Raises `NotFound`."""
        for each in await self.codes.invitations(into=fold.id):
            if each.number == number.strip().upper():
                await self.codes.void(each)
                return admission_texts.INVITATION_REVOKED
        raise NotFound(admission_texts.NO_SUCH_INVITATION)

    async def _listed(self, fold: Session) -> Reply:
        """Tell of the open invitations into a session, with a button that ends each."""
        rows = await self.rows(fold)
        names = await self.names.in_session(fold, [each.by for each in rows])
        lines = [
            admission_texts.invitation_line(
                each.number,
                each.role,
                taken=each.uses - each.left,
                uses=each.uses,
                until=shown_time(each.until),
                earlier=each.earlier,
                by=names[each.by],
            )
            for each in rows
        ]
        buttons = tuple(
            Button(
                value=f"s:/{INVITES} {REVOKE} {each.number}",
                label=admission_texts.revoke_label(each.number),
            )
            for each in rows
        )
        return Reply(text=admission_texts.invitations(lines), buttons=buttons)

    async def asked(self, fold: Session, asked: str) -> Reply:
        """Do what `/invites` asks for, for someone who may invite."""
        match typed_invitation(asked or LIST):
            case Revoking(number=number):
                return await self._revoked(fold, number)
            case "list":
                return await self._listed(fold)
            case _:
                return Reply(text=admission_texts.INVITES_HOW, refused=True)

    async def _revoked(self, fold: Session, number: str) -> Reply:
        try:
            return Reply(text=await self.revoke(fold, number))
        except NotFound as error:
            return Reply(text=str(error), refused=True)


def _row(found: Found) -> InvitationRow:
    its = found.invitation
    return InvitationRow(
        number=found.number,
        by=its.participant,
        role=its.role or "viewer",
        uses=its.uses,
        left=its.uses - len(its.takers),
        until=datetime.fromisoformat(its.until),
        earlier=its.earlier,
        browser=its.browser,
    )


def shown_time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
