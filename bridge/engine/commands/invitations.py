"""Invitations: codes by which others come into a session, as themselves and in a certain role.

The rules, beside those of every code (`bridge.engine.access.pairing_codes`):

- An invitation lets in to its one session, on the account where it is sent, as a member or a
  viewer, and as nobody else but whoever sends it. Whoever is in the session already uses none up.
- It is good as often as it says, and until then; taken by compare-and-set together with the grant.
- It is good while its issuer may invite. The issuer is told of each who came, and can undo it.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from bridge import admission_texts, texts
from bridge.domain.errors import Refused
from bridge.domain.events import Role
from bridge.domain.ids import ChannelName, ParticipantId, SessionId, mint
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Reply
from bridge.engine.access.pairing_codes import Found, Invitation, PairingCodes, name_of
from bridge.engine.commands.guests import Guests
from bridge.engine.commands.open_invitations import OpenInvitations, shown_time
from bridge.engine.commands.pairing_notices import PairingNotices, called
from bridge.ports.engine import Invited
from bridge.session import permissions
from bridge.session.admission import BROWSERS, Grant
from bridge.session.fold import Session
from bridge.session.invitations import Inviting, Revoking, typed_invitation
from bridge.session.routing import CODE_ALPHABET

log = structlog.get_logger()

GRANT_LENGTH = 6
MOST = 20
"""Invitations that one person may have open at a time."""

Links = Callable[[str], Sequence[str]]
"""Return the links that send a code to the bridge, one for each app that has such."""


@dataclass(slots=True)
class Invitations:
    """`page` is where the page is opened, for invitations into the browser."""

    guests: Guests
    codes: PairingCodes
    notices: PairingNotices
    links: Links = lambda _: ()
    page: str = ""
    _taking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def open(self) -> OpenInvitations:
        return OpenInvitations(self.codes, self.notices.names)

    # -- for whoever invites

    async def asked(self, fold: Session, by: ParticipantId, via: ChannelName, asked: str) -> Reply:
        """Do what `/invite` asks for, for someone who may invite."""
        match typed_invitation(asked):
            case Inviting() as wanted:
                return await self._new(fold, by, via, wanted)
            case Revoking() | "list":
                return await self.open.asked(fold, asked)
            case None:
                return Reply(text=admission_texts.INVITE_HOW, refused=True)

    async def _new(
        self, fold: Session, by: ParticipantId, via: ChannelName, wanted: Inviting
    ) -> Reply:
        try:
            made = await self.new(fold, by, via, wanted)
        except Refused as refused:
            return Reply(text=str(refused), refused=True)
        apps = sorted(self.guests.admission.channels)
        shown = admission_texts.Invites(
            title=fold.title,
            role=wanted.role,
            uses=wanted.uses,
            earlier=wanted.earlier,
            until=shown_time(made.until),
        )
        if wanted.browser:
            text = admission_texts.browser_invitation(shown, *made.links)
        else:
            labels = [self.notices.names.label(ChannelName(each)) for each in apps]
            text = admission_texts.invitation(shown, code=made.code, apps=labels, links=made.links)
        return Reply(text=text, again=admission_texts.INVITATION_SHOWN)

    async def new(
        self, fold: Session, by: ParticipantId, via: ChannelName, wanted: Inviting
    ) -> Invited:
        """Make an invitation. Raises `Refused`."""
        if not wanted.browser and not self.guests.admission.channels:
            raise Refused(texts.NO_APP_FOR_CODES)
        if wanted.browser and not self.page:
            raise Refused(admission_texts.NO_PAGE)
        async with self._making:  # else of many at once each would be the last
            if len(await self.codes.invitations(by=by)) >= MOST:
                raise Refused(admission_texts.TOO_MANY_INVITATIONS)
            code = await self.codes.invite(by, fold.id, wanted, via=via)
        page = f"{self.page.rstrip('/')}/#invite={code}"
        links = (page,) if wanted.browser else tuple(self.links(code))
        until = self.guests.clock.now() + wanted.life
        return Invited(code=code, links=links, until=until)

    # -- for whoever was invited

    async def redeem(self, inbound: Inbound, key: str) -> Reply:
        """Let someone in who sends a good invitation."""
        taken = await self.take(inbound, key)
        return taken if isinstance(taken, Reply) else await self._finish(inbound, *taken)

    async def take(self, inbound: Inbound, key: str) -> Reply | tuple[str, SessionId | None]:
        """Take a good invitation; return the number of its grant and its session, or why not."""
        async with self._taking:
            found = await self.codes.find_key(key)
            if found is None or not self.codes.is_good(found, inbound.sender):
                return Reply(text=admission_texts.INVITATION_OVER, refused=True)
            if found.invitation.browser != (inbound.address.channel == BROWSERS):
                return Reply(text=admission_texts.IN_THE_BROWSER, refused=True)
            number = found.invitation.takers.get(name_of(inbound.sender))
            if number is None:
                taken = await self._take(inbound, found, found.invitation)
                if isinstance(taken, Reply):
                    return taken
                number = taken
            return number, found.invitation.session

    async def _take(self, inbound: Inbound, found: Found, invitation: Invitation) -> Reply | str:
        """Take an invitation together with its grant; return the grant's number, or why not."""
        session = invitation.session
        known = await self.guests.places.known(inbound.sender)
        if session is None or not await self._is_good_for(invitation, session, known):
            return Reply(text=admission_texts.INVITATION_OVER, refused=True)
        fold = await self.guests.sessions.fold(session)
        if known is not None and await self._is_in(inbound, known, fold):
            return Reply(text=admission_texts.in_already(fold.title))
        guest = known not in fold.participants
        grant = await self.guests.also(self._grant(inbound, invitation, known, guest=guest))
        given = await self.guests.admission.giving(grant)
        changes = [found.taken(inbound.sender, grant.id), *given]
        if not await self.guests.admission.change(changes):
            return Reply(text=admission_texts.INVITATION_BUSY, refused=True)
        log.info("invited", channel=grant.account, grant=grant.id, role=grant.role)
        return grant.id

    async def _is_good_for(
        self, invitation: Invitation, session: SessionId, known: ParticipantId | None
    ) -> bool:
        """Say whether its issuer may invite still, where they did, and not somebody put out."""
        issuer, book = invitation.participant, await self.guests.admission.book()
        fold = await self.guests.sessions.fold(session)
        if issuer in book.out or known in book.out or known in fold.put_out or fold.archived:
            return False
        if not permissions.may_do(fold, issuer, "invite"):
            return False
        return await self.guests.is_issued(invitation)

    async def _is_in(self, inbound: Inbound, known: ParticipantId, fold: Session) -> bool:
        """Say whether someone is in a session already, and let in to it from here."""
        mine = await self.guests.admission.identities(known)
        book, account = await self.guests.admission.book(), inbound.address.channel
        let_in = book.admits(account, inbound.sender.identity, known, fold, mine)
        return let_in and known in fold.participants

    def _grant(
        self,
        inbound: Inbound,
        invitation: Invitation,
        known: ParticipantId | None,
        *,
        guest: bool,
    ) -> Grant:
        return Grant(
            id="".join(secrets.choice(CODE_ALPHABET) for _ in range(GRANT_LENGTH)),
            account=inbound.address.channel,
            realm=inbound.sender.realm,
            user=inbound.sender.user,
            name=called(inbound.sender),
            session=invitation.session,
            who=known or ParticipantId(mint("p")),
            by=invitation.participant,
            via=invitation.via,
            at=self.guests.clock.now().isoformat(),
            place=inbound.address.place,
            enrolled=known is None,
            guest=guest,
            role=invitation.role or "viewer",
            earlier=invitation.earlier,
        )

    async def _finish(self, inbound: Inbound, number: str, session: SessionId | None) -> Reply:
        """Do what follows from an invitation that was taken; every step of it may be a repeat."""
        book, account = await self.guests.admission.book(), inbound.address.channel
        grant = book.grant(number) or book.guest(account, inbound.sender.identity, session)
        if grant is None or grant.session is None:
            return Reply(text=admission_texts.INVITATION_OVER, refused=True)  # it was undone
        await self.notices.joined(grant, await self._role(grant, grant.session))
        if not await self.guests.let_in(inbound, grant):
            return Reply(text=admission_texts.INVITATION_OVER, refused=True)
        title = (await self.guests.sessions.fold(grant.session)).title
        role = await self._role(grant, grant.session)
        return Reply(text=admission_texts.you_joined(title, role, earlier=grant.earlier))

    async def _role(self, grant: Grant, session: SessionId) -> Role:
        """Return the role that someone has, or comes in with: an invitation raises nobody."""
        here = (await self.guests.sessions.fold(session)).participants.get(grant.who)
        return here or (await self.guests.admission.book()).entry(grant.who, session).role
