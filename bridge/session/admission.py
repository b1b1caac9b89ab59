"""Who is let in to an account, and for which sessions, sans I/O.

The rules:

- Ids decide, never names. Let in are: those on the account's list; the owners of the bridge, on
  every account; and whoever was given a grant, for its one account and its one session.
- What a grant gives is never more than what its giver has: it holds while they would still be let
  in where they gave it. A chain of grants that leads nowhere, or back to itself, holds nothing.
- Whoever was put out of the whole bridge is not let in by anything, before someone lets them in.
- What was granted before grants said where they hold (`legacy`) holds in the sessions that the
  person is in already, and nowhere else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bridge.domain.events import Role
from bridge.domain.ids import ChannelName, ParticipantId, SessionId
from bridge.domain.inbound import Identity
from bridge.domain.parts import Address
from bridge.session.fold import Session
from bridge.session.routing import Policy

EVERYONE = "*"

BROWSERS = ChannelName("http:web")
"""The account, the realm and the place of those who were invited into the browser."""

Strangers = Literal["ask", "refuse"]
Reactions = Literal["rooms", "on", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How one configured account treats those who write to it. `allow` holds user ids, or "*".

    `sessions`: which session a private place joins; a room always has one of its own. `welcome`: a
    place that comes to follow a session is told what it follows. `strangers` may ask to be let in,
    and are told how where nobody else reads; or they are refused, and that is all. `agent` answers
    in a session that begins here, `agents` in one that begins in a certain place; empty: the
    default. `language` is the code of the one that is spoken here, where nobody chose another.
    `reactions`: where the bridge shows by emoji on a message how far it is with it.
    """

    allow: frozenset[str]
    sessions: Policy = "shared"
    welcome: bool = False
    strangers: Strangers = "refuse"
    agent: str = ""
    agents: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    reactions: Reactions = "rooms"

    def agent_in(self, address: Address) -> str:
        return self.agents.get(address.place, self.agent)

    def marks(self, *, room: bool) -> bool:
        """Say whether messages of a place are marked."""
        return self.reactions == "on" or (self.reactions == "rooms" and room)

    @property
    def is_open(self) -> bool:
        return EVERYONE in self.allow

    def allows(self, user: str) -> bool:
        return self.is_open or user in self.allow


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code gave: an identity may use an account for one session.

    `session` None: what the owner's code gave. `who` the identity became, or is; `by` gave it, from
    the account `via` (empty: over HTTP). `at` is in ISO 8601. `place` is where it was taken.
    `enrolled`: the identity is theirs by this grant. `owner`: `who` is an owner by this grant.
    `guest`: `who` is another person than `by`, and was not in the session before, in which they
    have `role` by it; `earlier`: they may read what was said before. `room`:
    it holds in this place alone; empty: in every place of the account that is of the session.
    `request`: an owner of the bridge gave it to who asked; it holds while they are one.
    """

    id: str
    account: ChannelName
    realm: str
    user: str
    name: str
    session: SessionId | None
    who: ParticipantId
    by: ParticipantId
    via: str
    at: str
    place: str
    enrolled: bool
    owner: bool = False
    guest: bool = False
    role: Role = "member"
    room: str = ""
    request: bool = False
    earlier: bool = False

    @property
    def identity(self) -> Identity:
        return Identity(realm=self.realm, user=self.user)

    @property
    def for_another(self) -> bool:
        """Say whether it lets in somebody else than its giver, as a guest of theirs."""
        return self.guest or (self.by != self.who and not self.owner)

    @property
    def token_label(self) -> str:
        """Return what the tokens are called that hold by it."""
        return f"invited {self.id}"

    @property
    def key(self) -> str:
        return grant_key(self.account, self.identity, self.session, self.room)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys under which it may be kept; earlier versions put no room into it."""
        old = grant_key(self.account, self.identity, self.session)
        return tuple(dict.fromkeys((self.key, old)))


def grant_key(
    account: ChannelName, identity: Identity, session: SessionId | None, room: str = ""
) -> str:
    """Return the key of a grant: one for each account, identity and session, and for each room."""
    return json.dumps([account, identity.realm, identity.user, session, *filter(None, [room])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """As what someone comes into a session: the weakest role that they were given.

    `guest`: of another. `earlier`: they may see what was said before.
    """

    role: Role
    guest: bool
    earlier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that decides who is let in. `realms`: whose user ids each account deals with.

    `givers`: the identities of whoever let in somebody else.
    """

    accounts: Mapping[ChannelName, Account]
    owners: frozenset[ParticipantId] = frozenset()
    out: frozenset[ParticipantId] = frozenset()
    grants: Mapping[str, Grant] = field(default_factory=dict)
    realms: Mapping[ChannelName, frozenset[str]] = field(default_factory=dict)
    legacy: Mapping[Identity, ParticipantId] = field(default_factory=dict)
    givers: Mapping[ParticipantId, Sequence[Identity]] = field(default_factory=dict)

    def grant(self, number: str) -> Grant | None:
        """Return a grant by its id, however it is spelt."""
        meant = number.strip().upper()
        return next((each for each in self.grants.values() if each.id == meant), None)

    def of(self, grant: Grant) -> frozenset[ChannelName]:
        """Return the accounts that know the same identities as the one of a grant."""
        alike = {account for account, known in self.realms.items() if grant.realm in known}
        return frozenset({grant.account, *alike} & self.accounts.keys())

    # -- hearing

    def admits(
        self,
        account: ChannelName,
        identity: Identity,
        who: ParticipantId | None,
        session: Session | SessionId | None,
        mine: Sequence[Identity],
        *,
        place: str = "",
    ) -> bool:
        """Say whether an identity may use an account for a session (None: for any of its own).

        `who` has it, if anyone does; `mine` are all of theirs. `place`: where they would.
        """
        if who in self.out:
            return False
        if self.accounts[account].allows(identity.user) or who in self.owners:
            return True
        if who is None or session is None:
            return False
        if isinstance(session, Session):
            if self.legacy.get(identity) == who and who in session.participants:
                return True
            session = session.id
        keys = {grant_key(account, identity, session, each) for each in ("", place)}
        return any(self._granted(key, who, mine, place=place) for key in keys)

    def names(
        self,
        account: ChannelName,
        identity: Identity,
        who: ParticipantId | None,
        mine: Sequence[Identity],
    ) -> bool:
        """Say whether an identity would be let in to an account that does not let in everyone."""
        if who in self.owners or self.is_listed(account, identity):
            return True
        if who is None:
            return False
        given = [each for each in self.grants.values() if _is_for(each, account, identity)]
        is_given = any(each.who == who and _is_by_named(self, each, mine) for each in given)
        return is_given or self.legacy.get(identity) == who

    def is_listed(self, account: ChannelName, identity: Identity) -> bool:
        """Say whether a list of an account lets in this identity by name."""
        realms = self.realms.get(account, {identity.realm})
        return identity.user in self.accounts[account].allow - {EVERYONE} and (
            identity.realm in realms
        )

    def granted(
        self,
        account: ChannelName,
        identity: Identity,
        who: ParticipantId | None,
        mine: Sequence[Identity],
    ) -> SessionId | None:
        """Return the session that an identity was let in to on an account, the last one given."""
        if who is None or who in self.out:
            return None
        given = sorted(
            (each for each in self.grants.values() if _is_for(each, account, identity)),
            key=lambda each: each.at,
            reverse=True,
        )
        for grant in given:
            if grant.session and not grant.room and self._granted(grant.key, who, mine):
                return grant.session
        return None

    def guest(
        self, account: ChannelName, identity: Identity, session: SessionId | None
    ) -> Grant | None:
        """Return the grant by which an identity is another's guest in a session, in any place."""
        found = self.grants.get(grant_key(account, identity, session))
        return found if found is not None and found.guest else None

    def rooms(self, who: ParticipantId, session: SessionId) -> frozenset[str]:
        """Return the places to which someone was let in alone, where they are of a session."""
        given = (each for each in self.grants.values() if each.room)
        return frozenset(each.room for each in given if (each.who, each.session) == (who, session))

    def entry(self, who: ParticipantId, session: SessionId) -> Entry:
        """Return as what someone was let in to a session."""
        given = [
            each for each in self.grants.values() if (each.who, each.session) == (who, session)
        ]
        return Entry(
            role="viewer" if any(each.role == "viewer" for each in given) else "member",
            guest=any(each.guest for each in given),
            earlier=any(each.earlier for each in given),
        )

    def _granted(
        self,
        key: str,
        who: ParticipantId,
        mine: Sequence[Identity],
        seen: frozenset[str] = frozenset(),
        place: str = "",
    ) -> bool:
        """Say whether there is a grant of this key, someone's, that holds in a place."""
        grant = self.grants.get(key)
        if grant is None or grant.who != who or key in seen or grant.room not in {"", place}:
            return False
        return self._holds(grant, mine, seen | {key})

    def _holds(self, grant: Grant, mine: Sequence[Identity], seen: frozenset[str]) -> bool:
        if grant.by in self.out:
            return False
        if grant.by in self.owners or grant.request:
            return grant.by in self.owners
        if not grant.via:
            return True
        account = ChannelName(grant.via)
        if account not in self.accounts or grant.session is None:
            return False
        if grant.by != grant.who:
            mine = self.givers.get(grant.by, ())
        return any(
            self.accounts[account].allows(each.user)
            or self._granted(grant_key(account, each, grant.session), grant.by, mine, seen)
            for each in self._there(account, mine)
        )

    # -- reading

    def admits_person(
        self,
        account: ChannelName,
        who: ParticipantId,
        session: Session,
        mine: Sequence[Identity],
        *,
        there: bool = False,
        place: str = "",
    ) -> bool:
        """Say whether any identity of a person may use an account for a session, in a place.

        `there`: only one that is of the account's own platform counts.
        """
        if who in self.out or who in session.put_out or account not in self.accounts:
            return False
        here = self._there(account, mine)
        if here and not there and (self.accounts[account].is_open or who in self.owners):
            return True
        return any(self.admits(account, each, who, session, mine, place=place) for each in here)

    def may_read(self, who: ParticipantId, session: Session, mine: Sequence[Identity]) -> bool:
        """Say whether a client may read a session for somebody: of a guest, while a grant holds."""
        given = [each for each in in_browsers(self, who) if each.session == session.id]
        found = (self.admits(BROWSERS, each.identity, who, session.id, mine) for each in given)
        return who not in self.out and (not given or any(found))

    def is_known(self, account: ChannelName, mine: Sequence[Identity]) -> bool:
        """Say whether any of a person's identities is of an account's platform."""
        return bool(self._there(account, mine))

    def _there(self, account: ChannelName, mine: Iterable[Identity]) -> list[Identity]:
        realms = self.realms.get(account, frozenset())
        return [each for each in mine if not realms or each.realm in realms]


def in_browsers(book: Book, who: ParticipantId) -> Sequence[Grant]:
    """Return what somebody was given who was invited into the browser."""
    return [each for each in book.grants.values() if each.account == BROWSERS and each.who == who]


def _is_by_named(book: Book, grant: Grant, mine: Sequence[Identity]) -> bool:
    """Say whether whoever gave a grant is let in by a list, or owns the bridge."""
    theirs = mine if grant.by == grant.who else book.givers.get(grant.by, ())
    is_listed = any(book.is_listed(each, one) for each in book.accounts for one in theirs)
    return grant.by in book.owners or is_listed


def _is_for(grant: Grant, account: ChannelName, identity: Identity) -> bool:
    return (grant.account, grant.identity) == (account, identity)
