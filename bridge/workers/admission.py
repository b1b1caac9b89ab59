"""Who is let in, asked by whatever hears and whatever shows: `bridge.admission` over the store.

The rules:

- Everything that decides is kept as facts, read once, and read anew whenever it was changed here.
- What a place may be shown is asked for every delivery, so the answer is kept until something that
  it hangs on has changed: grants, owners, identities, or who is in the session.
- A place that may be shown nothing stays where it is. Once its person is let in again it is woken.
- Everyone who is not let in gets one polite line an hour, and only if they spoke to the bridge.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bridge import texts
from bridge.admission import Account, Book, Grant
from bridge.errors import NotFound
from bridge.ids import ChannelName, ConversationId, ParticipantId, SessionId
from bridge.inbound import Identity, Inbound, Sender
from bridge.parts import Conversation, Reply
from bridge.ports import Clock, FactChange, Sessions, Store
from bridge.retry import is_over
from bridge.routing import session_for
from bridge.session import Session
from bridge.workers.pairing_codes import PairingCodes

GRANTS, OWNERS, OUT, REALMS = "grants", "owners", "out", "realms"
"""The scopes of the facts: grants by their key, owners and those put out by their id."""

LEGACY = "admitted"
"""The scope of what earlier versions kept: identities that were let in, whatever for."""

BRIDGE = Identity(realm="bridge", user="owner")
"""The identity of the bridge's owner, who is enrolled at the first start."""

QUIET = timedelta(hours=1)
MAX_TRIES = 5
MOST = 10_000
"""Strangers, people and places kept in mind; then all of a kind are forgotten."""


@dataclass(slots=True)
class _Stranger:
    """What someone did who was not let in, since `at`."""

    at: datetime
    told: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a place may be shown, and what that hangs on."""

    may: bool
    version: int
    session: SessionId
    people: Mapping[ParticipantId, object]
    person: ParticipantId | None


class Admission:
    """`woken` hears of a place that may be shown something again."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        accounts: Mapping[ChannelName, Account],
        clock: Clock,
    ) -> None:
        self.woken: Callable[[ConversationId], None] = lambda _: None
        self._store = store
        self._sessions = sessions
        self._accounts = accounts
        self._clock = clock
        self._codes = PairingCodes(store, clock)
        self._book: Book | None = None
        self._version = 0
        self._loading = asyncio.Lock()
        self._identities: dict[ParticipantId, Sequence[Identity]] = {}
        self._verdicts: dict[ConversationId, _Verdict] = {}
        self._strangers: dict[Identity, _Stranger] = {}

    # -- what is known

    async def book(self) -> Book:
        if self._book is None:
            async with self._loading:
                self._book = self._book or await self._read()
        return self._book

    async def changed(self) -> None:
        """Read everything anew, and look at the places again that were shown nothing."""
        async with self._loading:
            self._book = await self._read()
        self._version += 1
        self._identities.clear()
        for place in [each for each, known in self._verdicts.items() if not known.may]:
            self.woken(place)

    def enrolled(self, who: ParticipantId) -> None:
        """Note that someone has a new identity."""
        self._identities.pop(who, None)
        self._version += 1

    async def identities(self, who: ParticipantId) -> Sequence[Identity]:
        known, version = self._identities.get(who), self._version
        if known is not None:
            return known
        found = await self._store.identities(who)
        if version == self._version:  # else it may be older than what has changed
            if len(self._identities) >= MOST:
                self._identities.clear()
            self._identities[who] = found
        return found

    async def is_owner(self, who: ParticipantId) -> bool:
        """Say whether someone is an owner of the bridge."""
        return who in (await self.book()).owners

    async def _read(self) -> Book:
        read = self._store.facts
        grants = [Grant(**json.loads(body)) for body in (await read(GRANTS)).values()]
        realms = {ChannelName(a): frozenset(json.loads(b)) for a, b in (await read(REALMS)).items()}
        legacy = await read(LEGACY)
        first = await self._store.identify(realm=BRIDGE.realm, user=BRIDGE.user)
        old = [legacy[name] for name in await self._codes.owners() if name in legacy]
        owners = [*(await read(OWNERS)), *old, *([first] if first else [])]
        return Book(
            accounts=self._accounts,
            owners=frozenset(map(ParticipantId, owners)),
            out=frozenset(map(ParticipantId, await read(OUT))),
            grants={each.key: each for each in grants},
            realms=realms,
            legacy={_split(name): ParticipantId(who) for name, who in legacy.items()},
        )

    # -- hearing

    def account(self, channel: ChannelName) -> Account:
        return self._accounts[channel]

    async def session_of(
        self, inbound: Inbound, who: ParticipantId, place: Conversation | None
    ) -> SessionId:
        """Return the session that a place follows, or will once its person speaks."""
        if place is not None and place.session is not None:
            return place.session
        account = self._accounts[inbound.address.channel]
        if not inbound.room and not await self._is_known(inbound, who):
            mine = await self.identities(who)
            book = await self.book()
            channel = inbound.address.channel
            given = book.granted(channel, inbound.sender.identity, who, mine)
            if given is not None:
                return given
        return session_for(account.sessions, inbound.address, who, room=inbound.room)

    async def _is_known(self, inbound: Inbound, who: ParticipantId) -> bool:
        """Say whether the list lets someone in, or they own the bridge: then no grant matters."""
        account = self._accounts[inbound.address.channel]
        listed = any(account.allows(each.user) for each in inbound.sender.identities)
        return listed or await self.is_owner(who)

    async def refusal(
        self, inbound: Inbound, who: ParticipantId | None, place: Conversation | None
    ) -> str:
        """Return why what someone does is not heard; "" when it is."""
        book = await self.book()
        account, identities = inbound.address.channel, inbound.sender.identities
        if who is None:
            admitted = any(book.admits(account, each, None, None, ()) for each in identities)
            return "" if admitted else texts.UNKNOWN_SENDER
        name = await self.session_of(inbound, who, place)
        session = await self._folded(name)
        if session is not None and who in session.put_out:
            return texts.PUT_OUT
        is_placed = place is not None and place.session is not None
        where = session if is_placed else name
        mine = await self.identities(who)
        admitted = any(book.admits(account, each, who, where, mine) for each in identities)
        return "" if admitted else texts.UNKNOWN_SENDER

    async def _folded(self, session: SessionId) -> Session | None:
        """Return a session as it stands; None when it has not begun."""
        with suppress(NotFound):
            return await self._sessions.fold(session)
        return None

    async def note_realm(self, channel: ChannelName, sender: Sender) -> None:
        """Learn whose user ids an account deals with."""
        known = (await self.book()).realms.get(channel, frozenset())
        if sender.realm not in known:
            realms = sorted(known | {sender.realm})
            await self._store.keep_fact(REALMS, channel, json.dumps(realms))
            await self.changed()

    # -- showing

    async def may_show(self, lane: Conversation, session: Session) -> bool:
        """Say whether a place may be shown what happens in the session it follows."""
        account = self._accounts.get(lane.address.channel)
        if account is None:
            return True  # nothing listens or sends there
        person = session.conversations.get(lane.id)
        known = self._verdicts.get(lane.id)
        if known is not None and self._still(known, session, person):
            return known.may
        version = self._version
        may = await self._may(lane, session, person)
        if len(self._verdicts) >= MOST:
            self._verdicts.clear()
        verdict = _Verdict(may, version, session.id, session.participants, person)
        self._verdicts[lane.id] = verdict
        return may

    def _still(self, known: _Verdict, session: Session, person: ParticipantId | None) -> bool:
        """Say whether nothing has changed that a verdict hangs on; a fold's maps never change."""
        return (
            known.people is session.participants
            and known.person == person
            and known.version == self._version
            and known.session == session.id
        )

    async def _may(
        self, lane: Conversation, session: Session, person: ParticipantId | None
    ) -> bool:
        book, account = await self.book(), lane.address.channel
        is_open = self._accounts[account].is_open
        if not lane.room:
            if person is None:
                return is_open
            mine = await self.identities(person)
            return book.admits_person(account, person, session, mine)
        if is_open:
            return True
        for each in session.participants:
            mine = await self.identities(each)
            if book.admits_person(account, each, session, mine, there=True):
                return True
        return False

    # -- changing

    async def change(self, changes: Sequence[FactChange]) -> bool:
        """Change facts of which this hangs on: all, or none where one is not as expected."""
        done = await self._store.change_facts(changes)
        if done:
            await self.changed()
        return done

    async def drop(self, scope: str, key: str) -> None:
        await self._store.drop_fact(scope, key)
        await self.changed()

    async def put_out(self, who: ParticipantId, *, out: bool) -> None:
        """Let someone in nowhere any more, whatever lists say; or take that back."""
        if out:
            await self._store.keep_fact(OUT, who, self._clock.now().isoformat())
            await self._store.drop_fact(OWNERS, who)
        else:
            await self._store.drop_fact(OUT, who)
        await self.changed()

    # -- strangers

    def told(self, sender: Sender, text: str) -> Reply | None:
        """Return what someone is told who is not let in; None if they were told already."""
        stranger = self._stranger(sender)
        if stranger.told:
            return None
        stranger.told = True
        return Reply(text=text, refused=True)

    def has_tries(self, sender: Sender) -> bool:
        """Say whether someone may still try a code."""
        return self._stranger(sender).tries < MAX_TRIES

    def tried(self, sender: Sender) -> None:
        self._stranger(sender).tries += 1

    def _stranger(self, sender: Sender) -> _Stranger:
        now, key = self._clock.now(), sender.identity
        known = self._strangers.get(key)
        if known is None or is_over(known.at + QUIET, now=now, since=known.at):
            if len(self._strangers) >= MOST:
                self._strangers.clear()
            known = self._strangers[key] = _Stranger(at=now)
        return known


def granting(grant: Grant) -> FactChange:
    """Return the change that keeps a grant which is not there yet."""
    return FactChange(scope=GRANTS, key=grant.key, expected=None, new=json.dumps(asdict(grant)))


def _split(name: str) -> Identity:
    """Return the identity that earlier versions wrote as `realm:user`; a realm may have a colon."""
    realm, _, user = name.rpartition(":")
    return Identity(realm=realm, user=user)
