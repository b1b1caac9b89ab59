"""Who is let in where, for whoever runs the bridge; and putting people out.

The rules:

- Whoever is put out of a session stays out of it: their grants for it are dropped, their codes for
  it are void, their private places no longer follow it, nor do rooms that they let follow it. An
  owner lets them in again, and none of that comes back with them.
- Whoever is put out of the bridge stays out of all of it, whatever lists say; their tokens are
  revoked too. The bridge's owner is put out of nothing.
- A name that two people have means neither: their ids are told instead.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bridge import admission_texts, texts
from bridge.domain.commands import Join, Leave
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import Role
from bridge.domain.ids import ParticipantId, SessionId
from bridge.engine.access.admission import LEGACY, Admission
from bridge.engine.commands.access_requests import AccessRequests
from bridge.engine.commands.browser_guests import BrowserGuests
from bridge.engine.commands.browser_places import BrowserPlaces
from bridge.engine.commands.forgetting import Forgetting
from bridge.engine.commands.members import Members
from bridge.engine.commands.own_name import OwnName
from bridge.engine.commands.pairing import Pairing
from bridge.engine.commands.retention import Retention
from bridge.engine.commands.session_people import SessionPeople
from bridge.engine.languages import Languages
from bridge.engine.names import DisplayNames
from bridge.engine.wishes import Wishes
from bridge.ports.blobs import Blobs
from bridge.ports.engine import Forgetting as Forgotten
from bridge.ports.engine import Membership, PersonRow, Sessions
from bridge.ports.store import Store
from bridge.session import permissions
from bridge.session.admission import Book
from bridge.session.fold import Session

MANY = 1_000_000
"""Sessions that are looked through: what an operator asks may take its time."""


@dataclass(slots=True)
class People:
    store: Store
    sessions: Sessions
    admission: Admission
    pairing: Pairing
    names: DisplayNames
    members: Members
    own_name: OwnName
    access_requests: AccessRequests
    browser_guests: BrowserGuests
    languages: Languages
    wishes: Wishes
    browser_places: BrowserPlaces
    forgetting: Forgetting
    retention: Retention = field(init=False)

    def __post_init__(self) -> None:
        self.retention = Retention(self.store, self.sessions)

    @property
    def in_session(self) -> SessionPeople:
        return SessionPeople(self.members, self.pairing, self.access_requests, self.put_out)

    # -- out of one session

    async def note_begun(self, who: ParticipantId, session: SessionId) -> None:
        await self.members.begun.note(who, session)

    async def rename(self, who: ParticipantId, name: str) -> str:
        """Call someone as they wish; a code in it is void. Raises `Refused`."""
        await self.pairing.leaks.named(name, who)
        return await self.own_name.choose(who, name)

    async def put_out(self, fold: Session, by: ParticipantId, who: ParticipantId) -> str:
        """Put someone out of a session, for an owner; return that they are. Raises `Refused`."""
        if why := permissions.why_not(fold, by, Leave):
            raise Refused(why)
        if who == by:
            raise Refused(admission_texts.KICK_SELF)
        if await self.admission.is_owner(who):
            raise Refused(admission_texts.KICK_OWNER)
        if who in fold.participants and not _has_owner_without(
            fold, who, await self.admission.book()
        ):
            raise Refused(admission_texts.LAST_OWNER)
        name = await self.members.called(fold, who)
        await self.members.put_out(fold.id, Leave(participant=who, by=by, called=name))
        await self._take_back(who, fold.id)
        return admission_texts.kicked(name)

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
        await _known(self.store, who)
        if who == by:
            raise Refused(admission_texts.KICK_OWNER)
        await self.admission.put_out(who, out=True)
        await self.store.revoke_tokens(who, label=None)
        self.pairing.undoing.ended(who)
        await self.browser_places.drop_all(who)
        name = await self.names.who(who)
        for session in await _all(self.store, self.sessions):
            if who in session.participants:
                leave = Leave(participant=who, by=by, operator=True, called=name)
                await self.members.put_out(session.id, leave)
        await self._take_back(who)
        for identity in await self.store.identities(who):
            await self.store.drop_fact(LEGACY, f"{identity.realm}:{identity.user}")
        await self.admission.changed()
        return await self._lists(who)

    async def forget(self, who: ParticipantId, by: ParticipantId, blobs: Blobs) -> Forgotten:
        """Remove someone from everything, and keep nothing of their words.

        Raises `Refused` for the bridge's owners and while an agent works on it, `NotFound`.
        """
        await _known(self.store, who)
        if await self.admission.is_owner(who) or who == by:
            raise Refused(admission_texts.FORGET_OWNER)
        await self.forgetting.look(who)  # before anything is changed
        listed = await self.remove(who, by)
        done = await self.forgetting.forget(await self.forgetting.look(who), blobs)
        lines = [admission_texts.listed_still(each) for each in listed]
        return replace(done, left=(*done.left, *lines))

    async def allow(self, who: ParticipantId, session: SessionId | None) -> Sequence[SessionId]:
        """Let someone in again who was put out: of one session, or of the bridge and all of them.

        Returns the sessions they are in by that. Raises `NotFound`.
        """
        await _known(self.store, who)
        out = (
            [await self.sessions.fold(session)]
            if session
            else await _all(self.store, self.sessions)
        )
        back = [each.id for each in out if session or who in each.put_out]
        await self.admission.put_out(who, out=False)
        for each in back:
            await self.sessions.submit(
                each, Join(participant=who, role=await self._role_again(who, each), again=True)
            )
        await self.admission.changed()
        return back

    async def unlink(self, number: str) -> str:
        """Take back what a code gave; return what became of it, in words."""
        return await self.pairing.undoing.undo(number, None)

    async def owner_code(self, owner: ParticipantId) -> str:
        """Return a new owner's code; the one before is good no more.

        Raises `Refused` where it could be sent to nobody.
        """
        if not self.admission.channels:
            raise Refused(texts.NO_APP_FOR_OWNER)
        return await self.pairing.codes.owner(owner)

    # -- small

    async def _role_again(self, who: ParticipantId, session: SessionId) -> Role:
        """Return in which role someone comes back: what they began is theirs if it is nobody's."""
        people = (await self.sessions.fold(session)).participants
        is_theirs = "owner" not in people.values() and await self.members.begun.began(who, session)
        return "owner" if is_theirs else "member"

    async def _take_back(self, who: ParticipantId, session: SessionId | None = None) -> None:
        """Void someone's codes and drop their grants, for a session or (None) for all.

        In this order: whoever takes a code just then either fails or has a grant to be dropped.
        """
        await self.pairing.codes.void_of(who, session)
        await self.admission.changed()  # what was taken just before is perhaps not known here yet
        for grant in [*(await self.admission.book()).grants.values()]:
            if who not in {grant.who, grant.by} or session not in {None, grant.session}:
                continue
            if grant.guest and grant.by == who != grant.who:
                await self.pairing.undoing.drop(grant)  # a guest of theirs goes with them
            else:
                await self.pairing.undoing.end(grant)

    async def _members(self) -> dict[ParticipantId, list[Membership]]:
        found: dict[ParticipantId, list[Membership]] = {}
        for session in await _all(self.store, self.sessions):
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


async def _known(store: Store, who: ParticipantId) -> None:
    if who not in await store.participants([who]):
        raise NotFound(admission_texts.NO_SUCH_PERSON)


def _has_owner_without(fold: Session, who: ParticipantId, book: Book) -> bool:
    """Say whether an owner stays in a session once someone is out of it, with their guests."""
    given = [each for each in book.grants.values() if each.guest and each.session == fold.id]
    guests = {each.who for each in given if each.by == who}
    owners = {each for each, role in fold.participants.items() if role == "owner"}
    return bool(owners - guests - {who})


async def _all(store: Store, sessions: Sessions) -> list[Session]:
    return [await sessions.fold(row.id) for row in await store.sessions(limit=MANY)]
