"""What codes do: whoever sends a good one in private is its issuer from then on.

The rules:

- A code is redeemed only where one person reads. Anywhere else it is void at once
  (`bridge.engine.commands.pairing_leaks`), whoever sent it and however; it never grants anything
  there. So is one from an id for which the platform does not vouch.
- An identity belongs to one person. A code never gives someone a second one of a platform, and
  never makes someone another who is known already; then it is void. Only the owner's code makes
  whoever is known an owner as they are.
- The code is taken together with what it grants, in one transaction, before anything else. What
  follows is idempotent: the same sender's next delivery finishes it after a death anywhere.
- The issuer is told in the log, before the place is linked, with a way to undo it
  (`bridge.engine.commands.pairing_undo`). So is its sender, with the reply: the code may be
  somebody's who wants to speak under their id.
- A code is good while its issuer is known in the app in which they asked for it.
- A word alone that reads like a code is a try of someone who is not let in; of others it is a word.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.inbound import Edited, Inbound, Spoken
from bridge.domain.literal import escaped
from bridge.domain.parts import Button, Reply
from bridge.domain.records import replace
from bridge.engine.access.admission import OWNERS, Admission, granting
from bridge.engine.access.pairing_codes import LIFE, Found, Invitation, PairingCodes
from bridge.engine.access.places import Places
from bridge.engine.commands.following import Following
from bridge.engine.commands.guests import Guests
from bridge.engine.commands.invitations import Invitations, Links
from bridge.engine.commands.pairing_leaks import PairingLeaks
from bridge.engine.commands.pairing_notices import PairingNotices, called
from bridge.engine.commands.pairing_undo import PAIRED, PairingUndo, slot
from bridge.engine.commands.taking_back import noted
from bridge.engine.names import DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import FactChange, Store
from bridge.session import permissions
from bridge.session.admission import Grant
from bridge.session.routing import CODE_ALPHABET, UNDO, TypedCode, typed_code

GRANT_LENGTH = 6
CONTENDERS = 5
"""How often a code is looked at again that someone else has just changed."""


@dataclass(slots=True)
class Pairing:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: DisplayNames
    clock: Clock
    following: Following
    links: Links = lambda _: ()
    codes: PairingCodes = field(init=False)
    notices: PairingNotices = field(init=False)
    leaks: PairingLeaks = field(init=False)
    undoing: PairingUndo = field(init=False)
    guests: Guests = field(init=False)
    invitations: Invitations = field(init=False)

    def __post_init__(self) -> None:
        self.codes = PairingCodes(self.store, self.clock)
        self.notices = PairingNotices(self.sessions, self.names)
        self.leaks = PairingLeaks(self.names, self.codes, self.notices)
        self.undoing = PairingUndo(
            self.store,
            self.sessions,
            self.admission,
            self.places,
            self.names,
            self.following,
            self.codes,
            self.notices,
        )
        self.guests = Guests(
            self.store, self.sessions, self.admission, self.places, self.undoing, self.clock
        )
        self.invitations = Invitations(self.guests, self.codes, self.notices, self.links)

    # -- hearing

    async def take(self, inbound: Inbound) -> Reply | None:
        """Return what came of a code in what was said or corrected; None if none was sent."""
        said = inbound.what
        if isinstance(said, Spoken | Edited) and (inbound.room or not inbound.sender.proven):
            return await self.leaks.heard(inbound, said)
        await self.leaks.about(inbound)
        typed = typed_code(said.content.text) if isinstance(said, Spoken) else None
        if typed is None or not isinstance(said, Spoken):
            return None
        if (await self.store.epoch()).may_have_heard(inbound.at):
            await self.leaks.old(typed)
            return None
        return await self._typed(inbound, said, typed)

    async def _typed(self, inbound: Inbound, said: Spoken, typed: TypedCode) -> Reply | None:
        known, place = await self.places.known(inbound.sender), await self.places.at(inbound)
        if place is not None and place.room:
            return await self.leaks.heard(replace(inbound, room=True), said)
        if not self.admission.has_tries(inbound.sender):
            return Reply(text=texts.TOO_MANY_CODES, refused=True) if typed.asked else None
        if await self.places.is_anothers(inbound.sender, known, place):
            return Reply(text=texts.NOT_YOURS, refused=True) if typed.asked else None
        for _ in range(CONTENDERS):
            found = await self.codes.find(typed.code)
            if found is None or not self.codes.is_good(found, inbound.sender):
                break
            if found.invitation.role is not None:
                return await self.invitations.redeem(inbound, found.key)
            if found.invitation.used_by:
                return await self._finish(inbound, found.invitation)
            reply = await self._redeem(inbound, found)
            if reply is not None:
                return reply
        if typed.asked or await self.admission.refusal(inbound, known, place):
            self.admission.tried(inbound.sender)
        return Reply(text=texts.BAD_CODE, refused=True) if typed.asked else None

    async def _redeem(self, inbound: Inbound, found: Found) -> Reply | None:
        """Take a good code; None when someone else was quicker."""
        invitation, sender = found.invitation, inbound.sender
        known = await self.places.known(sender)
        why = await self._objection(inbound, invitation, known)
        if why:
            app = self.names.label(inbound.address.channel)
            told = admission_texts.code_was_refused(called(sender), escaped(sender.user), app)
            await self.notices.tell(invitation, told, f"refused:{found.key[:16]}")
            await self.codes.void(found)
            return Reply(text=why, refused=True)
        grant = _grant(inbound, invitation, known, self.clock.now())
        if known is not None and await self._has_all(inbound, invitation, grant):
            changes = [found.taken(sender, "")]
        else:
            given = (await self.admission.book()).grants.values()
            changes = [found.taken(sender, grant.id), granting(grant), *_beside(grant)]
            changes += await noted(self.store, self.sessions, grant, given)
        if not await self.admission.change(changes):
            return None
        again = await self.codes.find_key(found.key)
        return await self._finish(inbound, again.invitation) if again is not None else None

    async def _objection(
        self, inbound: Inbound, invitation: Invitation, known: ParticipantId | None
    ) -> str:
        """Return why a sender cannot become the issuer; "" when they can."""
        issuer = invitation.participant
        if known is None:
            mine = await self.store.identities(issuer)
            is_here = any(each.realm == inbound.sender.realm for each in mine)
            if is_here or await self._is_being_paired(issuer, inbound.sender.realm):
                return texts.ISSUER_IS_HERE
        elif known != issuer and not invitation.owner:
            return admission_texts.known_as(await self.names.who(known))
        book = await self.admission.book()
        if issuer in book.out or known in book.out or not await self.guests.is_issued(invitation):
            return texts.BAD_CODE
        if invitation.session is None:
            return ""
        fold = await self.sessions.fold(invitation.session)
        return "" if permissions.may_do(fold, issuer, "get a code") else texts.BAD_CODE

    async def _is_being_paired(self, issuer: ParticipantId, realm: str) -> bool:
        """Say whether someone else is just becoming the issuer there; one who never came is not."""
        number = await self.store.fact(PAIRED, slot(issuer, realm))
        if number is None:
            return False
        grant = (await self.admission.book()).grant(number)
        if grant is None:
            await self.store.drop_fact(PAIRED, slot(issuer, realm))
            return False
        if abs(self.clock.now() - datetime.fromisoformat(grant.at)) < LIFE:
            return True
        await self.undoing.drop(grant)
        return False

    async def _has_all(self, inbound: Inbound, invitation: Invitation, grant: Grant) -> bool:
        """Say whether someone known may do already what the code would let them do."""
        book = await self.admission.book()
        if invitation.owner:
            return grant.who in book.owners
        mine = await self.admission.identities(grant.who)
        return grant.key in book.grants or book.admits(
            grant.account, inbound.sender.identity, grant.who, invitation.session, mine
        )

    # -- what follows from a code that was taken

    async def _finish(self, inbound: Inbound, invitation: Invitation) -> Reply:
        grant = (await self.admission.book()).grant(invitation.grant) if invitation.grant else None
        known = await self.places.known(inbound.sender)
        if grant is None and (invitation.grant or known is None):
            # It was undone; or it gave nothing, because its sender was let in by something that is.
            return Reply(text=texts.BAD_CODE, refused=True)
        who = await self.places.identify(inbound.sender, as_who=invitation.participant)
        if grant is not None and who != grant.who:
            await self.undoing.drop(grant)
            return Reply(text=admission_texts.known_as(await self.names.who(who)), refused=True)
        if grant is not None and (grant.enrolled or grant.owner):
            await self.notices.announce(grant)
        session = await self._follow(inbound, invitation, who)
        if grant is not None and (await self.admission.book()).grant(grant.id) is None:
            await self.undoing.drop(grant)  # whoever undid it was quicker
            return Reply(text=texts.BAD_CODE, refused=True)
        if grant is not None and grant.owner:
            promotion = ChangeRole(by=None, participant=who, role="owner")
            await self.sessions.submit(session, promotion)
        title = (await self.sessions.fold(session)).title
        if invitation.owner:
            return Reply(text=texts.you_own_it(title))
        if grant is None or not grant.enrolled:
            return Reply(text=texts.linked(title))
        text = texts.linked_as(await self.names.who(who), title, grant.id)
        undo = Button(value=f"{UNDO}{grant.id}", label=admission_texts.UNDO)
        return Reply(text=text, buttons=(undo,))

    async def _follow(
        self, inbound: Inbound, invitation: Invitation, who: ParticipantId
    ) -> SessionId:
        account = self.admission.account(inbound.address.channel)
        conversation = await self.places.private(inbound)
        session = invitation.session or await self.admission.session_of(inbound, who, conversation)
        await self.admission.note_realm(inbound.address.channel, inbound.sender)
        await self.places.follow(
            conversation,
            session,
            who,
            welcome=account.welcome,
            new=invitation.session is None,
            agent=account.agent_in(inbound.address),
        )
        return session


def _grant(
    inbound: Inbound, invitation: Invitation, known: ParticipantId | None, at: datetime
) -> Grant:
    return Grant(
        id="".join(secrets.choice(CODE_ALPHABET) for _ in range(GRANT_LENGTH)),
        account=inbound.address.channel,
        realm=inbound.sender.realm,
        user=inbound.sender.user,
        name=called(inbound.sender),
        session=invitation.session,
        who=known or invitation.participant,
        by=invitation.participant,
        via=invitation.via,
        at=at.isoformat(),
        place=inbound.address.place,
        enrolled=known is None,
        owner=invitation.owner and known not in {None, invitation.participant},
    )


def _beside(grant: Grant) -> list[FactChange]:
    """Return what is kept with a grant: who is paired in a realm, who became an owner."""
    changes = []
    if grant.enrolled:
        key = slot(grant.who, grant.realm)
        changes.append(FactChange(scope=PAIRED, key=key, expected=None, new=grant.id))
    if grant.owner:
        owner = FactChange(scope=OWNERS, key=grant.who, expected=None, new=grant.at)
        changes.append(owner)
    return changes
