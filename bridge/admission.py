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

from bridge.ids import ChannelName, ParticipantId, SessionId
from bridge.inbound import Identity
from bridge.parts import Address
from bridge.routing import Policy
from bridge.session import Session

EVERYONE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How one configured account treats those who write to it. `allow` holds user ids, or "*".

    `sessions`: which session a private place joins; a room always has one of its own. `welcome`: a
    place that comes to follow a session is told what it follows. `agent` answers in a session that
    begins here, `agents` in one that begins in a certain place; empty: the default.
    """

    allow: frozenset[str]
    sessions: Policy = "shared"
    welcome: bool = False
    agent: str = ""
    agents: Mapping[str, str] = field(default_factory=dict)

    def agent_in(self, address: Address) -> str:
        return self.agents.get(address.place, self.agent)

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

    @property
    def identity(self) -> Identity:
        return Identity(realm=self.realm, user=self.user)

    @property
    def key(self) -> str:
        return grant_key(self.account, self.identity, self.session)


def grant_key(account: ChannelName, identity: Identity, session: SessionId | None) -> str:
    """Return the key under which a grant is kept: one for each account, identity and session."""
    return json.dumps([account, identity.realm, identity.user, session])


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that decides who is let in. `realms`: whose user ids each account deals with."""

    accounts: Mapping[ChannelName, Account]
    owners: frozenset[ParticipantId] = frozenset()
    out: frozenset[ParticipantId] = frozenset()
    grants: Mapping[str, Grant] = field(default_factory=dict)
    realms: Mapping[ChannelName, frozenset[str]] = field(default_factory=dict)
    legacy: Mapping[Identity, ParticipantId] = field(default_factory=dict)

    def grant(self, number: str) -> Grant | None:
        """Return a grant by its id, however it is spelt."""
        meant = number.strip().upper()
        return next((each for each in self.grants.values() if each.id == meant), None)

    # -- hearing

    def admits(
        self,
        account: ChannelName,
        identity: Identity,
        who: ParticipantId | None,
        session: Session | SessionId | None,
        mine: Sequence[Identity],
    ) -> bool:
        """Say whether an identity may use an account for a session (None: for any of its own).

        `who` has it, if anyone does; `mine` are all of theirs.
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
        return self._granted(grant_key(account, identity, session), who, mine)

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
            if grant.session and self._granted(grant.key, who, mine):
                return grant.session
        return None

    def _granted(
        self,
        key: str,
        who: ParticipantId,
        mine: Sequence[Identity],
        seen: frozenset[str] = frozenset(),
    ) -> bool:
        """Say whether there is a grant of this key, someone's, that holds."""
        grant = self.grants.get(key)
        if grant is None or grant.who != who or key in seen:
            return False
        return self._holds(grant, mine, seen | {key})

    def _holds(self, grant: Grant, mine: Sequence[Identity], seen: frozenset[str]) -> bool:
        if grant.by in self.out:
            return False
        if grant.by in self.owners or not grant.via:
            return True
        account = ChannelName(grant.via)
        if grant.by != grant.who or account not in self.accounts or grant.session is None:
            return False
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
    ) -> bool:
        """Say whether any identity of a person may use an account for a session.

        `there`: only one that is of the account's own platform counts.
        """
        if who in self.out or who in session.put_out or account not in self.accounts:
            return False
        here = self._there(account, mine)
        if not there and (self.accounts[account].is_open or who in self.owners):
            return True
        return any(self.admits(account, each, who, session, mine) for each in here)

    def _there(self, account: ChannelName, mine: Iterable[Identity]) -> list[Identity]:
        realms = self.realms.get(account, frozenset())
        return [each for each in mine if not realms or each.realm in realms]


def _is_for(grant: Grant, account: ChannelName, identity: Identity) -> bool:
    return (grant.account, grant.identity) == (account, identity)
