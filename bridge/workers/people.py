"""Who is let in where, for whoever runs the bridge; and putting people out.

The rules:

- Whoever is put out of a session stays out of it: their grants for it are dropped, their private
  places no longer follow it. An owner lets them in again.
- Whoever is put out of the bridge stays out of all of it, whatever lists say; their tokens are
  revoked too. The bridge's owner is put out of nothing.
- A name that two people have means neither: their ids are told instead.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bridge import admission_texts, texts
from bridge.admission import Grant
from bridge.commands import Join, Leave
from bridge.errors import NotFound, Refused
from bridge.ids import ParticipantId, SessionId
from bridge.parts import Reply
from bridge.ports import Membership, PersonRow, Sessions, Store
from bridge.session import Session
from bridge.workers.admission import GRANTS, LEGACY, Admission
from bridge.workers.names import Names
from bridge.workers.pairing import Pairing
from bridge.workers.places import Places

MANY = 1_000_000
"""Sessions that are looked through: what an operator asks may take its time."""


@dataclass(slots=True)
class People:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    pairing: Pairing
    names: Names

    # -- out of one session

    async def kick(self, fold: Session, by: ParticipantId, named: str) -> Reply:
        """Put someone out of a session, for one of its owners."""
        if fold.participants.get(by) != "owner":
            return Reply(text=texts.OWNERS_ONLY, refused=True)
        found = await self._named(fold, named)
        if len(found) != 1:
            names = await self.names.people(found)
            return Reply(text=admission_texts.kick_whom(sorted(names.items())), refused=True)
        (who,) = found
        if who == by:
            return Reply(text=admission_texts.KICK_SELF, refused=True)
        if await self.admission.is_owner(who):
            return Reply(text=admission_texts.KICK_OWNER, refused=True)
        await self._put_out(fold.id, Leave(participant=who, by=by))
        await self._drop([each for each in await self._grants(who) if each.session == fold.id])
        return Reply(text=admission_texts.kicked(await self.names.who(who)))

    async def _named(self, fold: Session, named: str) -> list[ParticipantId]:
        """Return who is meant: by id, or by name. Who was put out is named by a repeat."""
        meant = named.strip().removeprefix("@").casefold()
        for people in (list(fold.participants), sorted(fold.put_out)):
            by_id = [each for each in people if each == named.strip()]
            names = await self.names.people(people)
            same = by_id or [each for each in people if names[each].casefold() == meant]
            if same:
                return same
        return []

    async def _put_out(self, session: SessionId, leave: Leave) -> None:
        await self.sessions.submit(session, leave)
        await self.places.leave(session, leave.participant)

    # -- what an operator asks

    async def everyone(self) -> Sequence[PersonRow]:
        """Return everyone there is."""
        book, members = await self.admission.book(), await self._members()
        return [
            PersonRow(
                id=each.id,
                name=each.name,
                owner=each.id in book.owners,
                out=each.id in book.out,
                identities=await self.store.identities(each.id),
                let_in=await self._let_in(each.id),
                sessions=members.get(each.id, []),
            )
            for each in await self.store.people()
        ]

    async def remove(self, who: ParticipantId, by: ParticipantId) -> Sequence[str]:
        """Put someone out of everything; return the lines of the config that still name them.

        Raises `Refused` for the bridge's owner, `NotFound` for nobody.
        """
        await self._known(who)
        if who == by:
            raise Refused(admission_texts.KICK_OWNER)
        await self.admission.put_out(who, out=True)
        await self.store.revoke_tokens(who, label=None)
        for session in await self._all():
            if who in session.participants:
                leave = Leave(participant=who, by=by, operator=True)
                await self._put_out(session.id, leave)
        await self._drop(await self._grants(who))
        for identity in await self.store.identities(who):
            await self.store.drop_fact(LEGACY, f"{identity.realm}:{identity.user}")
        await self.admission.changed()
        return await self._lists(who)

    async def allow(self, who: ParticipantId, session: SessionId | None) -> Sequence[SessionId]:
        """Let someone in again who was put out: of one session, or of the bridge and all of them.

        Returns the sessions they are in by that. Raises `NotFound`.
        """
        await self._known(who)
        out = [await self.sessions.fold(session)] if session else await self._all()
        back = [each.id for each in out if session or who in each.put_out]
        await self.admission.put_out(who, out=False)
        for each in back:
            await self.sessions.submit(each, Join(participant=who, role="member", again=True))
        await self.admission.changed()
        return back

    async def unlink(self, number: str) -> str:
        """Take back what a code gave; return what became of it, in words."""
        return await self.pairing.undo(number, None)

    async def owner_code(self, owner: ParticipantId) -> str:
        """Return a new owner's code; the one before is good no more."""
        return await self.pairing.codes.owner(owner)

    # -- small

    async def _known(self, who: ParticipantId) -> None:
        if who not in await self.store.participants([who]):
            raise NotFound(texts.NO_SUCH_PARTICIPANT)

    async def _grants(self, who: ParticipantId) -> list[Grant]:
        book = await self.admission.book()
        return [each for each in book.grants.values() if who in {each.who, each.by}]

    async def _drop(self, grants: Sequence[Grant]) -> None:
        for grant in grants:
            await self.pairing.forget(grant)
            await self.admission.drop(GRANTS, grant.key)

    async def _all(self) -> list[Session]:
        return [await self.sessions.fold(row.id) for row in await self.store.sessions(limit=MANY)]

    async def _members(self) -> dict[ParticipantId, list[Membership]]:
        found: dict[ParticipantId, list[Membership]] = {}
        for session in await self._all():
            roles = {**dict.fromkeys(session.put_out, "out"), **session.participants}
            for who, role in roles.items():
                member = Membership(session=session.id, title=session.title, role=role)
                found.setdefault(who, []).append(member)
        return found

    async def _let_in(self, who: ParticipantId) -> list[str]:
        """Say by what someone is let in."""
        book = await self.admission.book()
        granted = [
            admission_texts.let_in_by_code(each.account, each.session or "*", each.id)
            for each in book.grants.values()
            if each.who == who
        ]
        owner = [admission_texts.LET_IN_AS_OWNER] if who in book.owners else []
        return [*owner, *await self._lists(who), *granted]

    async def _lists(self, who: ParticipantId) -> list[str]:
        """Return the lines of the config that let someone in."""
        book, mine = await self.admission.book(), await self.store.identities(who)
        return [
            admission_texts.let_in_by_list(name, json.dumps(each.user, ensure_ascii=False))
            for name, account in sorted(book.accounts.items())
            for each in mine
            if each.user in account.allow and each.realm in book.realms.get(name, {each.realm})
        ]
