"""Invitations into the browser: a link signs it in as somebody of its own, in one session.

The rules, beside those of every invitation (`bridge.engine.commands.invitations`):

- The link holds a code for browsers alone, behind its `#`, which no browser sends and no log has.
- The browser makes its token itself, and asks with the token's digest: so a repeat gives the same
  again, and of two browsers one has it. Only the digest is kept, under the number of the grant.
- Whoever comes so is somebody new, called as they wish where nobody is mistaken for others by it.
  Of two who wish for one name at once, one is told that it is taken; where the other is let in by
  another process, they are called nothing in particular and choose again (`/me`).
- What they may do hangs on their grant: it holds while whoever invited them may, and the token goes
  with it. They enter its session, begin no other, and bring files where they may speak.
- Whoever tries wrong codes is told to wait, after so many within a minute over all. A good one
  works all the same, or anybody could shut everybody out: guessing is hopeless as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge import admission_texts, texts
from bridge.domain.commands import Join, Say
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.ids import ChannelName, MessageId, ParticipantId, SessionId, mint
from bridge.domain.inbound import Inbound, Sender, Spoken
from bridge.domain.parts import Address, Reply
from bridge.engine.access.admission import Admission
from bridge.engine.access.pairing_codes import Found
from bridge.engine.commands.invitations import Invitations
from bridge.engine.commands.own_name import OwnName
from bridge.engine.commands.pairing_leaks import PairingLeaks
from bridge.ports.engine import Invited, Sessions
from bridge.ports.store import Store
from bridge.session import permissions
from bridge.session.admission import BROWSERS, Grant, in_browsers
from bridge.session.fold import Session
from bridge.session.invitations import Inviting

WRONG_A_MINUTE = 30
MINUTE = timedelta(minutes=1)
DIGITS = 32
"""Of the digest of a token, by which the browser that has it is known."""


@dataclass(slots=True)
class BrowserGuests:
    """`ended` hears of somebody whose tokens are void from now on."""

    store: Store
    sessions: Sessions
    admission: Admission
    invitations: Invitations
    leaks: PairingLeaks
    own_name: OwnName
    _wrong: list[datetime] = field(default_factory=list)

    @property
    def page(self) -> str:
        return self.invitations.page

    @page.setter
    def page(self, url: str) -> None:
        self.invitations.page = url

    def when_ended(self, ended: Callable[[ParticipantId], None]) -> None:
        self.invitations.guests.undoing.ended = ended

    async def invite(self, fold: Session, by: ParticipantId, wanted: Inviting) -> Invited:
        """Invite somebody, for an owner of the session. Raises `Refused`."""
        if why := permissions.why_not(fold, by, "invite"):
            raise Refused(why)
        via = await self.admission.over_http(by)
        return await self.invitations.new(fold, by, via, wanted)

    async def sign_in(self, code: str, name: str, digest: str) -> SessionId:
        """Let the token of this digest be of whoever has a good code. Raises `Refused`."""
        inbound = _inbound(name, digest)
        found = await self._found(code, inbound)
        whose = await self.store.bearer(digest)
        is_repeat = name_in(found, inbound) is not None
        if not is_repeat and whose is not None:
            raise Refused(admission_texts.SIGNED_IN_ALREADY)
        async with self.own_name.choosing:  # until they are somebody
            if not is_repeat:
                inbound = await self._named(name, digest)
            taken = await self.invitations.take(inbound, found.key)
            if isinstance(taken, Reply):
                raise Refused(taken.text)
            grant = (await self.admission.book()).grant(taken[0])
            if grant is None or grant.session is None:
                raise Refused(admission_texts.INVITATION_OVER)
            if is_repeat and await self.invitations.guests.places.known(inbound.sender) is None:
                inbound = await self._named(name, digest)  # a death came before they were somebody
            await self._let_in(inbound, grant, grant.session, digest)
        return grant.session

    async def _named(self, name: str, digest: str) -> Inbound:
        """Return who is to be called so. Raises `Refused` where that is another's name."""
        await self.leaks.named(name, ParticipantId(""))
        return _inbound(await self.own_name.checked(ParticipantId(""), name), digest)

    async def _found(self, code: str, inbound: Inbound) -> Found:
        clock = self.invitations.guests.clock
        self._wrong = [each for each in self._wrong if abs(clock.now() - each) < MINUTE]
        codes = self.invitations.codes
        found = await codes.find(code)
        is_ours = found is not None and found.invitation.browser
        if found is not None and is_ours and codes.is_good(found, inbound.sender):
            return found
        if len(self._wrong) >= WRONG_A_MINUTE:
            raise Refused(admission_texts.TOO_MANY_SIGN_INS)
        self._wrong.append(clock.now())
        raise Refused(admission_texts.INVITATION_OVER)

    async def _let_in(
        self, inbound: Inbound, grant: Grant, session: SessionId, digest: str
    ) -> None:
        """Do what follows from a grant; every step of it may be a repeat."""
        guests = self.invitations.guests
        await self.admission.note_realm(BROWSERS, inbound.sender)
        await self.invitations.notices.joined(grant, grant.role)
        who = await guests.places.identify(inbound.sender, as_who=grant.who)
        sender = inbound.sender
        await self.own_name.give_way(who, sender.name, texts.someone(sender.user))
        if who == grant.who:
            join = Join(participant=who, role=grant.role, earlier=grant.earlier)
            await self.sessions.submit(session, join)
            now = guests.clock.now()
            await self.store.issue_token(digest, who, label=grant.token_label, at=now)
        if who != grant.who or (await self.admission.book()).grant(grant.id) is None:
            await guests.undoing.drop(grant)  # whoever undid it was quicker
            raise Refused(admission_texts.INVITATION_OVER)

    # -- what whoever came so may do

    async def may_read(self, who: ParticipantId, session: Session) -> bool:
        """Say whether a token may read a session: of a guest's, while their grant holds."""
        book = await self.admission.book()
        mine = await self.admission.identities(who) if in_browsers(book, who) else ()
        return book.may_read(who, session, mine)

    async def may_begin(self, who: ParticipantId) -> bool:
        """Say whether a token may begin a session."""
        return await self.admission.may_begin(who)

    async def may_bring(self, who: ParticipantId) -> bool:
        """Say whether a token may bring files: of a guest's, where they may speak."""
        given = in_browsers(await self.admission.book(), who)
        folds = [await self.sessions.fold(each.session) for each in given if each.session]
        return not given or any(permissions.may_do(each, who, Say) for each in folds)


def name_in(found: Found, inbound: Inbound) -> str | None:
    """Return the number of the grant that a sender has by an invitation, if they took it."""
    return found.invitation.takers.get(f"{inbound.sender.realm}:{inbound.sender.user}")


def _inbound(name: str, digest: str) -> Inbound:
    return Inbound(
        external_id=mint("b"),
        address=Address(channel=ChannelName(BROWSERS), place=BROWSERS),
        sender=Sender(realm=BROWSERS, user=digest[:DIGITS], name=name),
        what=Spoken(message=MessageId(""), content=Content()),
    )
