"""Taking back what a code gave, for whoever made it.

The rules:

- The identity goes first, for without it a grant holds nothing, and the grant itself last.
- What that identity gave others, and these in turn, goes before it; so do the places that it
  brought along, rooms too, and the codes that it asked for are void.
- What it allowed others in its issuer's name is taken back (`bridge.engine.commands.taking_back`).
- A repeat finishes what a death left, and is a success.

Of a guest (`GuestRights`):

- Whoever gave a grant undoes it while they may put somebody out of its session; an owner of the
  bridge and its operator always may. Nobody undoes an owner by it, but for one who is alone in
  owning what they were let in to, by whoever runs the bridge.
- It ends that grant only. While its person has another for the same session they stay in it; their
  identity stays while they have anything else, or are barred from anything.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole, Leave
from bridge.domain.display_names import own_name
from bridge.domain.errors import NotFound, Refused
from bridge.domain.ids import ChannelName, ParticipantId, SessionId
from bridge.domain.inbound import Identity
from bridge.engine.access.admission import OWNERS, Admission
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.engine.access.places import Places
from bridge.engine.commands.following import Following
from bridge.engine.commands.pairing_notices import PairingNotices
from bridge.engine.commands.taking_back import (
    MANY,
    Since,
    TakenBack,
    TakingBack,
    before,
    could_arrange,
    dropped,
)
from bridge.engine.names import DisplayNames
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session import permissions
from bridge.session.admission import BROWSERS, Grant
from bridge.session.fold import Session
from bridge.session.permission_table import rule_for
from bridge.session.routing import SHARED

PAIRED = "paired"
"""The scope of the facts that let a participant be paired with one identity of a realm only."""


def slot(who: ParticipantId, realm: str) -> str:
    """Return the key of the fact that says by which grant someone is paired in a realm."""
    return f"{who} {realm}"


@dataclass(slots=True)
class GuestRights:
    store: Store
    sessions: Sessions
    admission: Admission

    async def refuse(self, grant: Grant, by: ParticipantId | None) -> None:
        """Raise `Refused` unless someone may undo a grant; `by` None: the operator."""
        is_above = by is None or (grant.for_another and await self.admission.is_owner(by))
        if not is_above and by != grant.by:
            raise Refused(rule_for("undo a code").whose)
        if not grant.for_another:
            return
        fold = await self._fold(grant)
        if by is not None and not is_above:
            why = permissions.why_not(fold, by, Leave) if fold else texts.OWNERS_ONLY
            if why:
                raise Refused(why)
        if await self.admission.is_owner(grant.who):
            raise Refused(admission_texts.KICK_OWNER)
        owners = (
            [each for each, role in fold.participants.items() if role == "owner"] if fold else []
        )
        if grant.who in owners and not (is_above and owners == [grant.who]):
            raise Refused(admission_texts.UNDO_OWNER)

    async def stays(self, grant: Grant) -> bool:
        """Say whether the person of a grant is in its session by another one too."""
        return any(each.session == grant.session for each in await self._others(grant))

    async def has_more(self, grant: Grant) -> bool:
        """Say whether the person of a grant has anything beside it, or is barred from anything."""
        book = await self.admission.book()
        if grant.who in book.out or await self._others(grant):
            return True
        if any(book.admits(each, grant.identity, grant.who, None, ()) for each in book.of(grant)):
            return True
        for row in await self.store.sessions(limit=MANY):
            if row.id != (grant.session or SHARED):
                fold = await self.sessions.fold(row.id)
                if grant.who in fold.participants or grant.who in fold.put_out:
                    return True
        return False

    async def _others(self, grant: Grant) -> list[Grant]:
        """Return what else others gave the person of a grant."""
        return [
            each
            for each in (await self.admission.book()).grants.values()
            if each.who == grant.who != each.by and each.id != grant.id
        ]

    async def _fold(self, grant: Grant) -> Session | None:
        """Return the session of a grant; None when it has not begun."""
        with suppress(NotFound):
            return await self.sessions.fold(grant.session or SHARED)
        return None


@dataclass(slots=True)
class PairingUndo:
    """`ended` hears of somebody whose tokens are void from now on."""

    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: DisplayNames
    following: Following
    codes: PairingCodes
    notices: PairingNotices
    ended: Callable[[ParticipantId], None] = lambda _: None
    rights: GuestRights = field(init=False)

    def __post_init__(self) -> None:
        self.rights = GuestRights(self.store, self.sessions, self.admission)

    async def undo(self, number: str, by: ParticipantId | None) -> str:
        """Take back what a code gave, for whoever issued it; return what to tell them.

        `by` None: for the operator. A repeat is a success. Raises `Refused`.
        """
        grant = (await self.admission.book()).grant(number)
        if grant is None:
            return texts.UNDONE_ALREADY
        await self.rights.refuse(grant, by)
        stays = await self._keeps_identity(grant)
        *led_to, _ = await self._chain(grant)
        since = await self._since(grant, led_to)
        for each in led_to:
            await self.drop(each)
        taken = await self.drop(grant, since)
        name, app = own_name(grant.name), self.names.label(grant.account)
        if stays:
            told = admission_texts.undone_one(name, app)
        else:
            told = admission_texts.undone(
                name,
                app,
                known=grant.owner and not grant.enrolled,
                still_in=await self._is_let_in(grant),
            )
        return "\n\n".join(filter(None, (told, str(taken))))

    async def _is_let_in(self, grant: Grant) -> bool:
        """Say whether the identity of a grant that is gone is let in by anything else."""
        book = await self.admission.book()
        account = book.accounts.get(grant.account)
        if account is None:
            return False
        identity = Identity(realm=grant.realm, user=grant.user)
        who = await self.store.identify(realm=grant.realm, user=grant.user)
        mine = await self.admission.identities(who) if who is not None else ()
        return book.admits(grant.account, identity, who, grant.session, mine) or (
            book.granted(grant.account, identity, who, mine) is not None
        )

    async def _since(self, grant: Grant, given: Sequence[Grant]) -> Since | None:
        """Return from when on others could arrange something by a grant; None: they could not."""
        if not could_arrange(grant):
            return None
        accounts = [await self._alike(each) for each in (grant, *given)]
        return Since(
            who=grant.who,
            accounts=frozenset().union(*accounts),
            at=datetime.fromisoformat(grant.at),
            session=grant.session or SHARED,
            told=await self.notices.announce(grant),
            before=await before(self.store, grant),
        )

    async def _chain(self, grant: Grant) -> Sequence[Grant]:
        """Return a grant after all that it led to, whose identities are taken away already.

        So none of them gives anything meanwhile, and a death in between leaves the way to the rest.
        """
        chain = [grant]
        for each in chain:
            await self._forget_identity(each)
            known = {one.id for one in chain}
            chain += [one for one in await self._given_by(each) if one.id not in known]
        return chain[::-1]

    async def _given_by(self, grant: Grant) -> Sequence[Grant]:
        """Return what its identity gave others, and let no code that it asked for work.

        Someone has one identity of a platform: whatever they gave there since then, this one gave.
        """
        if not grant.enrolled:
            return ()
        accounts, whole = await self._alike(grant), not await self._keeps_identity(grant)
        for found in await self.codes.asked_for(grant.who, accounts):
            if whole or found.invitation.session == grant.session:
                await self.codes.void(found)
        await self.admission.changed()  # what was taken just before is perhaps not known here yet
        book, known = await self.admission.book(), await before(self.store, grant)
        given = [each for each in book.grants.values() if each.by == grant.who]
        if known is not None:
            given = [each for each in given if each.id not in known.grants]
        elif not grant.for_another:  # a guest had given nothing before
            given = [each for each in given if each.at >= grant.at]
        return [
            each
            for each in given
            if each.via in accounts
            if each.id != grant.id
            if whole or (each.session == grant.session and each.who != grant.who)
        ]

    async def _alike(self, grant: Grant) -> frozenset[ChannelName]:
        """Return the accounts that know the same identities as the one of a grant."""
        realms = (await self.admission.book()).realms
        alike = {account for account, known in realms.items() if grant.realm in known}
        return frozenset({grant.account, *alike})

    async def _forget_identity(self, grant: Grant) -> None:
        """Take away the identity that is someone's by a grant, unless a guest has more by it."""
        if not grant.enrolled or await self._keeps_identity(grant):
            return
        known = await self.store.identify(realm=grant.realm, user=grant.user)
        if known == grant.who:
            await self.store.forget_identity(realm=grant.realm, user=grant.user)
            await self.admission.changed()

    async def _keeps_identity(self, grant: Grant) -> bool:
        return grant.for_another and await self.rights.has_more(grant)

    async def drop(self, grant: Grant, since: Since | None = None) -> TakenBack:
        """Take a grant away, and, where it was used, what was arranged since."""
        await self._forget_identity(grant)
        if grant.owner:
            await self.admission.drop(OWNERS, grant.who)
            await _demote(self.sessions, grant.who)
        await self._unlink(grant)
        if grant.guest and grant.session is not None:
            await self._put_out(grant, grant.session)
        taken = TakenBack() if since is None else await self._take_back(since)
        await self.end(grant)
        return taken

    async def end(self, grant: Grant) -> None:
        """Let a grant be no more; what is kept of it goes with it."""
        await self.forget(grant)
        await self.admission.instead(grant, None, beside=await dropped(self.store, grant))

    async def _put_out(self, grant: Grant, session: SessionId) -> None:
        """Let whoever came into a session by a grant be in it no more."""
        is_in = grant.who in (await self.sessions.fold(session)).participants
        if not is_in or await self.rights.stays(grant):
            return
        name = own_name(grant.name)
        leave = Leave(participant=grant.who, by=grant.by, operator=True, called=name)
        await self.sessions.submit(session, leave)
        await self.following.take_back(session, grant.who)
        await self.places.leave(session, grant.who)

    async def forget(self, grant: Grant) -> None:
        """Let a grant's participant be paired in its realm again; its tokens are void."""
        if grant.account == BROWSERS:
            await self.store.revoke_tokens(grant.who, label=grant.token_label)
            self.ended(grant.who)
        if grant.enrolled:
            await self.store.drop_fact(PAIRED, slot(grant.who, grant.realm))

    async def _take_back(self, since: Since) -> TakenBack:
        taken, taking = TakenBack(), TakingBack(self.store, self.sessions, self.following)
        for row in await self.store.sessions(limit=MANY):
            if since.who in (await self.sessions.fold(row.id)).participants:
                await taking.take_back(row.id, since, taken)
        return taken

    async def _unlink(self, grant: Grant) -> None:
        """Take away the places that follow a session by what is undone.

        Nobody but that identity can have let a place of its platform follow on their behalf, a
        room neither. Who was an owner by it let rooms follow sessions that they do not own.
        """
        accounts = await self._alike(grant) if grant.enrolled else {grant.account}
        only = grant.session if await self._keeps_identity(grant) else None
        for row in await self.store.sessions(limit=MANY):
            if only not in {None, row.id}:
                continue
            for lane in await self.store.conversations(row.id):
                fold = await self.sessions.fold(row.id)
                if fold.conversations.get(lane.id) != grant.who:
                    continue
                is_theirs = lane.address.channel in accounts and (
                    grant.enrolled or (not lane.room and lane.address.place == grant.place)
                )
                if is_theirs or (
                    grant.owner
                    and lane.room
                    and not permissions.may_do(fold, grant.who, "share a room")
                ):
                    await self.places.unlink(row.id, lane.id)


async def _demote(sessions: Sessions, who: ParticipantId) -> None:
    fold = await sessions.fold(SHARED)
    if fold.participants.get(who) == "owner":
        role = ChangeRole(by=None, participant=who, role="member")
        await sessions.submit(SHARED, role)
