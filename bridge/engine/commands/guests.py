"""People whom somebody else lets in: what follows from their grant. Every step may be a repeat."""

from dataclasses import dataclass, replace

import structlog

from bridge import texts
from bridge.domain.commands import Command, Join
from bridge.domain.errors import NotFound, Refused
from bridge.domain.ids import ChannelName, ParticipantId, Seq, SessionId
from bridge.domain.inbound import Inbound
from bridge.engine.access.admission import Admission
from bridge.engine.access.pairing_codes import Invitation
from bridge.engine.access.places import Places
from bridge.engine.commands.pairing_undo import PairingUndo
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session.admission import Grant
from bridge.session.routing import SHARED
from bridge.unseen import note

log = structlog.get_logger()


@dataclass(slots=True)
class Guests:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    undoing: PairingUndo
    clock: Clock

    async def let_in(self, inbound: Inbound, grant: Grant) -> bool:
        """Make someone a participant by their grant, and let their private place follow.

        It is of whoever they became meanwhile by another grant. False when it was undone, or they
        are barred: then nothing of it is left.
        """
        who = await self.places.identify(inbound.sender, as_who=grant.who)
        if who != grant.who and await self._is_barred(who, grant):
            await self.undoing.drop(grant)
            return False
        if who != grant.who:
            grant = await self._given_to(who, grant)
        try:
            await self._join(inbound, grant, grant.session or SHARED)
        except Refused as refused:
            log.info("not let in", grant=grant.id, why=str(refused))
            if not grant.request and await self._is_barred(who, grant):
                await self.undoing.drop(grant)  # whoever put them out was quicker
                return False
        other = await self.admission.standing(grant)
        if (other is None or other.who != who) and not await self._stands(grant):
            await self.undoing.drop(grant)  # whoever undid it was quicker
            return False
        return True

    async def also(self, grant: Grant) -> Grant:
        """Return a new grant with what its person is by others: a guest, and in a weaker role.

        Two at once that make somebody known make them the same person.
        """
        other = await self.admission.standing(grant)
        if grant.enrolled and other is not None:
            grant = replace(grant, who=other.who)
        book, session = await self.admission.book(), grant.session or SHARED
        is_viewer = "viewer" in {grant.role, book.entry(grant.who, session).role}
        return replace(
            grant,
            enrolled=grant.enrolled
            or (other is not None and other.enrolled and other.who == grant.who),
            guest=grant.guest or book.entry(grant.who, session).guest,
            role="viewer" if is_viewer else grant.role,
        )

    async def _stands(self, grant: Grant) -> bool:
        return (await self.admission.book()).grant(grant.id) is not None

    async def _is_barred(self, who: ParticipantId, grant: Grant) -> bool:
        if who in (await self.admission.book()).out:
            return True
        session = grant.session or SHARED
        is_there = await self.store.session(session) is not None
        return is_there and who in (await self.sessions.fold(session)).put_out

    async def _given_to(self, who: ParticipantId, grant: Grant) -> Grant:
        """Let a grant be of the person whom its identity is by now."""
        session = grant.session or SHARED
        is_there = await self.store.session(session) is not None
        people = (await self.sessions.fold(session)).participants if is_there else {}
        is_guest = who not in people or (await self.admission.book()).entry(who, session).guest
        given = replace(grant, who=who, enrolled=False, guest=is_guest)
        await self.admission.instead(grant, given)
        return given

    async def is_issued(self, invitation: Invitation) -> bool:
        """Say whether the issuer of a code is still known where they asked for it."""
        if not invitation.via:
            return True
        mine = await self.store.identities(invitation.participant)
        return (await self.admission.book()).is_known(ChannelName(invitation.via), mine)

    async def _join(self, inbound: Inbound, grant: Grant, session: SessionId) -> None:
        await self.admission.note_realm(grant.account, inbound.sender)
        account = self.admission.account(grant.account)
        is_new = not inbound.room and await self.store.session(session) is None
        is_out = not is_new and grant.who in (await self.sessions.fold(session)).put_out
        if is_out and grant.request:  # an owner of the bridge lets them in again
            again = Join(participant=grant.who, role=grant.role, again=True, earlier=grant.earlier)
            await self.sessions.submit(session, again)
        if inbound.room:
            await self.places.join(session, grant.who)
            return
        place = await self.places.private(inbound)
        if await self.places.is_anothers(inbound.sender, grant.who, place):
            raise Refused(texts.NOT_YOURS)
        await self.places.follow(
            place,
            session,
            grant.who,
            welcome=account.welcome,
            new=is_new,
            agent=account.agent_in(inbound.address),
        )


async def told(sessions: Sessions, session: SessionId, command: Command) -> Seq | None:
    """Say something in a session, if it can be; return the number of what says it."""
    try:
        return (await sessions.submit(session, command)).events[0].seq
    except (NotFound, Refused) as error:
        note("notice_not_stored", session=session, error=type(error).__name__)
        return None
