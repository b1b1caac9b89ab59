"""Who is let in, and what the others are told.

The rules:

- Let in are those on the account's list, and those who once sent a code that was good.
- An owner's code makes its sender the owner; a code of /link joins the place to the session the
  code came from. In private its sender is the very person who asked for the code; in a room it is
  someone new to us.
- Everyone else gets one polite line an hour, and only if they spoke to the bridge. Nothing of them
  is kept, and no agent is asked.
- Codes cannot be guessed: whoever sent MAX_TRIES wrong ones is not listened to for a while.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge import texts
from bridge.commands import ChangeRole
from bridge.ids import ChannelName, ParticipantId
from bridge.inbound import Inbound, Sender, Spoken
from bridge.parts import Address, Reply
from bridge.ports import Clock, Sessions, Store
from bridge.retry import is_over
from bridge.routing import Policy, TypedCode, session_for, typed_code
from bridge.workers.codes import Codes, Invitation
from bridge.workers.places import Places

EVERYONE = "*"
ADMITTED = "admitted"
"""The scope of the facts that say who was let in by a code."""

QUIET = timedelta(hours=1)
MAX_TRIES = 5
MOST = 10_000
"""Strangers kept in mind; then all are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How one configured account treats those who write to it. `allow` holds user ids, or "*".

    `welcome`: a place that comes to follow a session is told what it follows. `agent` answers in a
    session that begins here, `agents` in one that begins in a certain place; empty: the default.
    """

    allow: frozenset[str]
    sessions: Policy = "shared"
    welcome: bool = False
    agent: str = ""
    agents: Mapping[str, str] = field(default_factory=dict)

    def agent_in(self, address: Address) -> str:
        return self.agents.get(address.place, self.agent)

    def admits(self, sender: Sender) -> bool:
        return bool(self.allow & {EVERYONE, sender.user, *sender.also})


@dataclass(slots=True)
class _Stranger:
    """What someone did who was not let in, since `at`."""

    at: datetime
    told: bool = False
    tries: int = 0


@dataclass(slots=True)
class Door:
    store: Store
    sessions: Sessions
    accounts: Mapping[ChannelName, Account]
    places: Places
    clock: Clock
    _codes: Codes = field(init=False)
    _admitted: dict[str, str] | None = None
    _strangers: dict[str, _Stranger] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._codes = Codes(self.store, self.clock)

    async def admits(self, inbound: Inbound) -> bool:
        if self.accounts[inbound.address.channel].admits(inbound.sender):
            return True
        if self._admitted is None:
            self._admitted = dict(await self.store.facts(ADMITTED))
        return _key(inbound.sender) in self._admitted

    def refusal(self, inbound: Inbound) -> Reply | None:
        """Return what a stranger is told; None if they were told already."""
        stranger = self._stranger(inbound.sender)
        if stranger.told:
            return None
        stranger.told = True
        return Reply(text=texts.UNKNOWN_SENDER, refused=True)

    async def redeem(self, inbound: Inbound) -> Reply | None:
        """Let in whoever sent a code that is good; None when what was said is no code."""
        typed = typed_code(inbound.what.content.text) if isinstance(inbound.what, Spoken) else None
        if typed is None:
            return None
        stranger = self._stranger(inbound.sender)
        if stranger.tries >= MAX_TRIES:
            return Reply(text=texts.TOO_MANY_CODES, refused=True) if typed.asked else None
        invitation = await self._codes.read(typed.code, inbound.sender)
        if invitation is None:
            stranger.tries += 1
            return Reply(text=texts.BAD_CODE, refused=True) if typed.asked else None
        return await self._let_in(inbound, typed, invitation)

    async def _let_in(self, inbound: Inbound, typed: TypedCode, invitation: Invitation) -> Reply:
        who = await self._become(inbound, invitation)
        account = self.accounts[inbound.address.channel]
        conversation = await self.places.register(inbound)
        session = (
            invitation.session
            or conversation.session
            or session_for(account.sessions, inbound.address, who)
        )
        await self.places.follow(
            conversation,
            session,
            who,
            welcome=account.welcome,
            new=invitation.session is None,
            agent=account.agent_in(inbound.address),
        )
        if invitation.owner and who != invitation.participant:
            promotion = ChangeRole(by=None, participant=who, role="owner")
            await self.sessions.submit(session, promotion)
        await self._codes.spend(typed.code, invitation, inbound.sender)
        title = (await self.sessions.fold(session)).title
        return Reply(text=texts.you_own_it(title) if invitation.owner else texts.linked(title))

    async def _become(self, inbound: Inbound, invitation: Invitation) -> ParticipantId:
        """Return who the sender is from now on, and let them in for good."""
        same = invitation.owner or not inbound.room
        who = await self.places.identify(
            inbound.sender, as_who=invitation.participant if same else None
        )
        key = _key(inbound.sender)
        await self.store.keep_fact(ADMITTED, key, who)
        if self._admitted is not None:
            self._admitted[key] = who
        return who

    def _stranger(self, sender: Sender) -> _Stranger:
        now, key = self.clock.now(), _key(sender)
        known = self._strangers.get(key)
        if known is None or is_over(known.at + QUIET, now=now, since=known.at):
            if len(self._strangers) >= MOST:
                self._strangers.clear()
            known = self._strangers[key] = _Stranger(at=now)
        return known


def _key(sender: Sender) -> str:
    return f"{sender.realm}:{sender.user}"
