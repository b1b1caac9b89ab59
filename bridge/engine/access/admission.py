"""Who is let in, asked by what hears and what shows: `bridge.session.admission` over the store.

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
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from bridge import texts
from bridge.caches import cache
from bridge.domain.errors import NotFound
from bridge.domain.ids import ChannelName, ConversationId, ParticipantId, SessionId, mint
from bridge.domain.inbound import Identity, Inbound, Sender
from bridge.domain.parts import Address, Conversation, Reply
from bridge.domain.waits import is_over
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.push import CHANNEL as BROWSER_PLACES
from bridge.ports.store import FactChange, Store
from bridge.session.admission import BROWSERS, Account, Book, Grant, in_browsers
from bridge.session.fold import Session
from bridge.session.routing import session_for
from bridge.unseen import note

GRANTS, OWNERS, OUT, REALMS = "grants", "owners", "out", "realms"
"""The scopes of the facts: grants by their key, owners and those put out by their id."""

OWN = "own session"
"""The scope of which session is a room's own, kept once it follows another."""

WAS_PRIVATE = "was private"
"""The scope of the addresses of rooms that were private places, and which these were."""

LEGACY = "admitted"
"""The scope of what earlier versions kept: identities that were let in, whatever for."""

JOINED = "joined"
"""The scope of who became whom, for what is counted by person."""

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
    asked: int = 0


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
        cache("admission", forget=self._forget, size=self._size)

    # -- what is known

    def _forget(self) -> None:
        self._book = None
        self._version += 1
        self._identities.clear()

    def _size(self) -> int:
        return len(self._identities) + len(self._verdicts)

    @property
    def version(self) -> int:
        """Return what changes with everything that decides who is let in."""
        return self._version

    async def book(self) -> Book:
        if self._book is None:
            async with self._loading:
                while self._book is None:
                    version, found = self._version, await self._read()
                    if version == self._version:
                        self._book = found
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

    async def over_http(self, who: ParticipantId) -> ChannelName:
        """Return by which account someone asks for a code over HTTP; empty: by no invitation."""
        is_guest = in_browsers(await self.book(), who)
        return BROWSERS if is_guest else ChannelName("")

    async def may_begin(self, who: ParticipantId) -> bool:
        """Say whether someone may begin a session over HTTP: of guests, who is let in elsewhere."""
        book, mine = await self.book(), await self.identities(who)
        if not in_browsers(book, who) or who in book.owners:
            return True
        nowhere = Session(id=SessionId(mint("s")), participants={who: "owner"})
        elsewhere = [each for each in mine if each.realm != BROWSERS]
        accounts = self._accounts if elsewhere else ()
        return any(book.admits_person(each, who, nowhere, elsewhere) for each in accounts)

    async def lets_in(self, who: ParticipantId, session: Session) -> bool:
        """Say whether someone is let in to a session by any app in which they are known.

        Whoever is known in none is a client's of the HTTP side, where their token decides. Who was
        let in to one room of it is let in.
        """
        book, mine = await self.book(), await self.identities(who)
        apps = [each for each in book.accounts if each in book.realms and book.is_known(each, mine)]
        if who in book.out or who in session.put_out:
            return False
        rooms = book.rooms(who, session.id)
        is_let_in = any(
            book.admits_person(each, who, session, mine, place=room)
            for each in apps
            for room in ("", *rooms)
        )
        return is_let_in or not apps or who in book.owners

    async def _read(self) -> Book:
        read = self._store.facts
        grants = [_grant(body) for body in (await read(GRANTS)).values()]
        realms = {ChannelName(a): frozenset(json.loads(b)) for a, b in (await read(REALMS)).items()}
        legacy = await read(LEGACY)
        first = await self._store.identify(realm=BRIDGE.realm, user=BRIDGE.user)
        old = [legacy[name] for name in await self._codes.owners() if name in legacy]
        owners = [*(await read(OWNERS)), *old, *([first] if first else [])]
        givers = {each.by for each in grants if each.by != each.who}
        return Book(
            accounts={**self._accounts, BROWSERS: Account(allow=frozenset())},
            givers={each: await self._store.identities(each) for each in givers},
            owners=frozenset(map(ParticipantId, owners)),
            out=frozenset(map(ParticipantId, await read(OUT))),
            grants={each.key: each for each in grants},
            realms=realms,
            legacy={_split(name): ParticipantId(who) for name, who in legacy.items()},
        )

    # -- hearing

    @property
    def channels(self) -> frozenset[str]:
        """Return the accounts that people write from."""
        return frozenset(self._accounts)

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
        if inbound.room:
            own = await self._store.fact(OWN, place.id) if place is not None else None
            return SessionId(own) if own else await self.room_session(inbound.address, who)
        return session_for(account.sessions, inbound.address, who, room=False)

    async def room_session(self, address: Address, who: ParticipantId) -> SessionId:
        """Return a room's own session: never that of the private place which it once was."""
        private = await self._store.fact(WAS_PRIVATE, was_private(address))
        if private is not None:
            address = replace(address, place=f"{address.place} after {private}")
        return session_for("per_place", address, who, room=True)

    async def _is_known(self, inbound: Inbound, who: ParticipantId) -> bool:
        """Say whether the list lets someone in, or they own the bridge: then no grant matters."""
        account = self._accounts[inbound.address.channel]
        listed = any(account.allows(each.user) for each in inbound.sender.identities)
        return listed or await self.is_owner(who)

    async def is_named(self, inbound: Inbound, who: ParticipantId | None) -> bool:
        """Say whether someone is let in by more than that everyone is, and is who they say."""
        book, account = await self.book(), inbound.address.channel
        mine = await self.identities(who) if who is not None else ()
        return inbound.sender.proven and any(
            book.names(account, each, who, mine) for each in inbound.sender.identities
        )

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
        if not inbound.sender.proven and (who in book.owners or _owns(who, session)):
            return texts.OWNER_UNPROVEN
        is_placed = place is not None and place.session is not None
        where = session if is_placed else name
        mine = await self.identities(who)
        at = inbound.address.place
        admitted = any(
            book.admits(account, each, who, where, mine, place=at) for each in identities
        )
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
        account, person = lane.address.channel, session.conversations.get(lane.id)
        if account == BROWSER_PLACES:
            return await self._may_read(person, session)
        if account not in self._accounts:
            return True  # nothing listens or sends there
        known = self._verdicts.get(lane.id)
        if (  # nothing has changed that a verdict hangs on; a fold's maps never change
            known is not None
            and known.people is session.participants
            and known.person == person
            and known.version == self._version
            and known.session == session.id
        ):
            return known.may
        version = self._version
        may = await self._may(lane, session, person)
        if len(self._verdicts) >= MOST:
            self._verdicts.clear()
        verdict = _Verdict(may, version, session.id, session.participants, person)
        self._verdicts[lane.id] = verdict
        if not may:
            note("not_let_in", account=lane.address.channel, place=lane.address.place)
        return may

    async def _may_read(self, who: ParticipantId | None, session: Session) -> bool:
        """Say whether a browser of somebody may be told of a session, as its page is."""
        if who is None or who not in session.participants or who in session.put_out:
            return False
        return (await self.book()).may_read(who, session, await self.identities(who))

    async def _may(
        self, lane: Conversation, session: Session, person: ParticipantId | None
    ) -> bool:
        book, account, at = await self.book(), lane.address.channel, lane.address.place
        is_open = self._accounts[account].is_open
        if not lane.room:
            if person is None:
                return is_open
            mine = await self.identities(person)
            return book.admits_person(account, person, session, mine, place=at)
        if is_open:
            return True
        for each in session.participants:
            mine = await self.identities(each)
            if book.admits_person(account, each, session, mine, there=True, place=at):
                return True
        return False

    # -- changing

    async def change(self, changes: Sequence[FactChange]) -> bool:
        """Change facts of which this hangs on: all, or none where one is not as expected."""
        done = await self._store.change_facts(changes)
        if done:
            await self.changed()
        return done

    async def giving(self, grant: Grant) -> Sequence[FactChange]:
        """Return the changes that keep a grant, instead of one that may stand where it is to be."""
        body = await self._store.fact(GRANTS, grant.key)
        changes = [granting(grant, instead=body)]
        before = _grant(body) if body is not None else None
        if before is not None and before.key != grant.key:  # an earlier version kept it there
            changes.append(granting(before))
        return changes

    async def standing(self, grant: Grant) -> Grant | None:
        """Return the guest's grant that stands where this one is to be."""
        body = await self._store.fact(GRANTS, grant.key)
        found = _grant(body) if body is not None else None
        return found if found is not None and found.guest and found.key == grant.key else None

    async def instead(
        self, grant: Grant, new: Grant | None, *, beside: Sequence[FactChange] = ()
    ) -> bool:
        """Keep another grant instead of one, or (None) none; False when it is not there.

        What is changed `beside` is changed together with it.
        """
        for key in grant.keys:
            while (body := await self._store.fact(GRANTS, key)) is not None:
                if _grant(body).id != grant.id:
                    break
                text = json.dumps(asdict(new)) if new is not None else None
                change = FactChange(scope=GRANTS, key=key, expected=body, new=text)
                if await self.change([change, *beside]):
                    return True
        return False

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

    def may_ask_who(self, sender: Sender) -> bool:
        """Say whether someone may still be told who they are, within the hour."""
        stranger = self._stranger(sender)
        stranger.asked += 1
        return stranger.asked <= MAX_TRIES

    def _stranger(self, sender: Sender) -> _Stranger:
        now, key = self._clock.now(), sender.identity
        known = self._strangers.get(key)
        if known is None or is_over(known.at + QUIET, now=now, since=known.at):
            if len(self._strangers) >= MOST:
                self._strangers.clear()
            known = self._strangers[key] = _Stranger(at=now)
        return known


def was_private(address: Address) -> str:
    return f"{address.channel} {address.place}"


def _owns(who: ParticipantId, session: Session | None) -> bool:
    return session is not None and session.participants.get(who) == "owner"


def granting(grant: Grant, *, instead: str | None = None) -> FactChange:
    """Return the change that keeps a grant which is not there yet; or one, as kept, before it."""
    body = json.dumps(asdict(grant))
    return FactChange(scope=GRANTS, key=grant.key, expected=instead, new=body)


def _grant(body: str) -> Grant:
    return Grant(**json.loads(body))


def _split(name: str) -> Identity:
    """Return the identity that earlier versions wrote as `realm:user`; a realm may have a colon."""
    realm, _, user = name.rpartition(":")
    return Identity(realm=realm, user=user)
