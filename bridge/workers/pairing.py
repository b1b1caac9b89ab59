"""What codes do: whoever sends a good one in private is its issuer from then on; and undoing it.

The rules:

- A code is redeemed only where one person reads. Anywhere else it is void at once, whoever sent it
  and however, for others have read it; it never grants anything there.
- An identity belongs to one person. A code never gives someone a second one of a platform, and
  never makes someone another who is known already; then it is void. Only the owner's code makes
  whoever is known an owner as they are.
- The code is taken together with what it grants, in one transaction, before anything else. What
  follows is idempotent: the same sender's next delivery finishes it after a death anywhere.
- The issuer is told in the log, before the place is linked, with a way to undo it. Undoing takes
  the identity first, for without it a grant holds nothing, and the grant itself last.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

import structlog

from bridge import admission_texts, texts
from bridge.admission import Grant
from bridge.commands import ChangeRole, Push
from bridge.content import Content, Option
from bridge.errors import NotFound, Refused
from bridge.events import Source
from bridge.ids import ParticipantId, SessionId
from bridge.inbound import Edited, Inbound, Spoken
from bridge.parts import Reply
from bridge.ports import Clock, FactChange, Sessions, Store
from bridge.routing import CODE_ALPHABET, SHARED, UNDO, TypedCode, codes_within, typed_code
from bridge.workers.admission import GRANTS, OWNERS, Admission, granting
from bridge.workers.names import Names
from bridge.workers.pairing_codes import LIFE, Found, Invitation, PairingCodes
from bridge.workers.places import Places

log = structlog.get_logger()

PAIRED = "paired"
"""The scope of the facts that let a participant be paired with one identity of a realm only."""

GRANT_LENGTH = 6
MANY = 1_000_000
"""Sessions that are looked through."""

CONTENDERS = 5
"""How often a code is looked at again that someone else has just changed."""


@dataclass(slots=True)
class Pairing:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: Names
    clock: Clock

    @property
    def codes(self) -> PairingCodes:
        return PairingCodes(self.store, self.clock)

    # -- hearing

    async def take(self, inbound: Inbound) -> Reply | None:
        """Return what came of a code in what was said or corrected; None if none was sent."""
        match inbound.what:
            case Spoken(content=content) | Edited(content=content) if inbound.room:
                return await self._leaked(inbound, content.text)
            case Spoken(content=content):
                typed = typed_code(content.text)
                return None if typed is None else await self._typed(inbound, typed)
            case _:
                return None

    async def _leaked(self, inbound: Inbound, text: str) -> Reply | None:
        """Void every code that stands in what a room could read."""
        seen = False
        for code in codes_within(text):
            found = await self.codes.find(code)
            if found is None or found.invitation.used_by:
                continue
            seen = True
            await self.codes.void(found)
            told = admission_texts.code_was_seen(inbound.sender.name, self._app(inbound))
            await self._tell(found.invitation, told, f"seen:{found.key[:16]}")
        return Reply(text=texts.CODE_SEEN, refused=True) if seen else None

    async def _typed(self, inbound: Inbound, typed: TypedCode) -> Reply | None:
        if not self.admission.has_tries(inbound.sender):
            return Reply(text=texts.TOO_MANY_CODES, refused=True) if typed.asked else None
        for _ in range(CONTENDERS):
            found = await self.codes.find(typed.code)
            if found is None or not self.codes.is_good(found, inbound.sender):
                break
            if found.invitation.used_by:
                return await self._finish(inbound, found.invitation)
            reply = await self._redeem(inbound, found)
            if reply is not None:
                return reply
        self.admission.tried(inbound.sender)
        return Reply(text=texts.BAD_CODE, refused=True) if typed.asked else None

    async def _redeem(self, inbound: Inbound, found: Found) -> Reply | None:
        """Take a good code; None when someone else was quicker."""
        invitation, sender = found.invitation, inbound.sender
        known = await self.places.known(sender)
        why = await self._objection(inbound, invitation, known)
        if why:
            told = admission_texts.code_was_refused(sender.name, sender.user, self._app(inbound))
            await self._tell(invitation, told, f"refused:{found.key[:16]}")
            await self.codes.void(found)
            return Reply(text=why, refused=True)
        grant = self._grant(inbound, invitation, known)
        if known is not None and await self._has_all(inbound, invitation, grant):
            changes = [found.taken(sender, "")]
        else:
            changes = [found.taken(sender, grant.id), granting(grant), *_beside(grant)]
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
        if issuer in book.out or known in book.out:
            return texts.BAD_CODE
        if invitation.session is None:
            return ""
        fold = await self.sessions.fold(invitation.session)
        return "" if fold.participants.get(issuer) in {"owner", "member"} else texts.BAD_CODE

    async def _is_being_paired(self, issuer: ParticipantId, realm: str) -> bool:
        """Say whether someone else is just becoming the issuer there; one who never came is not."""
        number = await self.store.fact(PAIRED, _slot(issuer, realm))
        if number is None:
            return False
        grant = (await self.admission.book()).grant(number)
        if grant is None:
            await self.store.drop_fact(PAIRED, _slot(issuer, realm))
            return False
        if abs(self.clock.now() - datetime.fromisoformat(grant.at)) < LIFE:
            return True
        await self._drop(grant)
        return False

    def _grant(
        self, inbound: Inbound, invitation: Invitation, known: ParticipantId | None
    ) -> Grant:
        return Grant(
            id="".join(secrets.choice(CODE_ALPHABET) for _ in range(GRANT_LENGTH)),
            account=inbound.address.channel,
            realm=inbound.sender.realm,
            user=inbound.sender.user,
            name=inbound.sender.name,
            session=invitation.session,
            who=known or invitation.participant,
            by=invitation.participant,
            via=invitation.via,
            at=self.clock.now().isoformat(),
            place=inbound.address.place,
            enrolled=known is None,
            owner=invitation.owner and known not in {None, invitation.participant},
        )

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
        if invitation.grant and grant is None:
            return Reply(text=texts.BAD_CODE, refused=True)  # it was undone
        who = await self.places.identify(inbound.sender, as_who=invitation.participant)
        if grant is not None and who != grant.who:
            await self._drop(grant)
            return Reply(text=admission_texts.known_as(await self.names.who(who)), refused=True)
        if grant is not None and (grant.enrolled or grant.owner):
            await self._announce(grant, invitation)
        session = await self._follow(inbound, invitation, who)
        if grant is not None and grant.owner:
            promotion = ChangeRole(by=None, participant=who, role="owner")
            await self.sessions.submit(session, promotion)
        title = (await self.sessions.fold(session)).title
        return Reply(text=texts.you_own_it(title) if invitation.owner else texts.linked(title))

    async def _follow(
        self, inbound: Inbound, invitation: Invitation, who: ParticipantId
    ) -> SessionId:
        account = self.admission.account(inbound.address.channel)
        conversation = await self.places.register(inbound)
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

    async def _announce(self, grant: Grant, invitation: Invitation) -> None:
        app = self.names.label(grant.account)
        write = admission_texts.became_owner if grant.owner else admission_texts.joined_as_you
        text = write(grant.name, grant.user, app, grant.id)
        undo = (Option(id=f"{UNDO}{grant.id}", label=admission_texts.UNDO),)
        await self._tell(invitation, text, f"joined:{grant.id}", buttons=undo)

    async def _tell(
        self, invitation: Invitation, text: str, key: str, *, buttons: tuple[Option, ...] = ()
    ) -> None:
        """Tell the issuer of a code what became of it, in the session it is of."""
        push = Push(
            source=Source(kind="background", name="bridge"),
            content=Content(text=text),
            to=(invitation.participant,),
            buttons=buttons,
            key=f"code:{key}",
        )
        session = invitation.session or SHARED
        try:
            await self.sessions.submit(session, push)
        except (NotFound, Refused) as error:
            log.warning("issuer not told", session=session, error=type(error).__name__)

    def _app(self, inbound: Inbound) -> str:
        return self.names.label(inbound.address.channel)

    # -- taking it back

    async def undo(self, number: str, by: ParticipantId | None) -> str:
        """Take back what a code gave, for whoever issued it; return what to tell them.

        `by` None: for the operator. A repeat is a success. Raises `Refused`.
        """
        grant = (await self.admission.book()).grant(number)
        if grant is None:
            return texts.UNDONE_ALREADY
        if by not in {None, grant.by}:
            raise Refused(texts.NOT_YOURS_TO_UNDO)
        await self._drop(grant)
        return admission_texts.undone(grant.name, self.names.label(grant.account))

    async def _drop(self, grant: Grant) -> None:
        if grant.enrolled:
            known = await self.store.identify(realm=grant.realm, user=grant.user)
            if known == grant.who:
                await self.store.forget_identity(realm=grant.realm, user=grant.user)
                await self.admission.changed()
        if grant.owner:
            await self.admission.drop(OWNERS, grant.who)
            await self._demote(grant.who)
        await self._unlink(grant)
        await self.forget(grant)
        await self.admission.drop(GRANTS, grant.key)

    async def forget(self, grant: Grant) -> None:
        """Let a grant's participant be paired in its realm again."""
        if grant.enrolled:
            await self.store.drop_fact(PAIRED, _slot(grant.who, grant.realm))

    async def _demote(self, who: ParticipantId) -> None:
        fold = await self.sessions.fold(SHARED)
        if fold.participants.get(who) == "owner":
            role = ChangeRole(by=None, participant=who, role="member")
            await self.sessions.submit(SHARED, role)

    async def _unlink(self, grant: Grant) -> None:
        """Take away the places that follow a session by what is undone."""
        book = await self.admission.book()
        alike = {
            account
            for account, realms in book.realms.items()
            if grant.enrolled and grant.realm in realms
        }
        for row in await self.store.sessions(limit=MANY):
            for lane in await self.store.conversations(row.id):
                if lane.room or lane.address.channel not in {grant.account, *alike}:
                    continue
                if not grant.enrolled and lane.address.place != grant.place:
                    continue
                fold = await self.sessions.fold(row.id)
                if fold.conversations.get(lane.id) == grant.who:
                    await self.places.unlink(row.id, lane.id)


def _slot(who: ParticipantId, realm: str) -> str:
    return f"{who} {realm}"


def _beside(grant: Grant) -> list[FactChange]:
    """Return what is kept with a grant: who is paired in a realm, who became an owner."""
    changes = []
    if grant.enrolled:
        slot = FactChange(
            scope=PAIRED, key=_slot(grant.who, grant.realm), expected=None, new=grant.id
        )
        changes.append(slot)
    if grant.owner:
        owner = FactChange(scope=OWNERS, key=grant.who, expected=None, new=grant.at)
        changes.append(owner)
    return changes
