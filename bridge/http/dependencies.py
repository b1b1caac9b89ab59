"""What the routes can reach, and whether who asks may reach it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from bridge import texts
from bridge.domain.epoch import Epoch
from bridge.domain.errors import NotFound
from bridge.domain.events import Event, PeopleEvent
from bridge.domain.ids import START, ChannelName, ParticipantId, Seq, SessionId
from bridge.domain.parts import Address
from bridge.http.auth import Asker, Tokens
from bridge.http.errors import Fault
from bridge.http.hook_desk import HookDesk
from bridge.http.limits import Limits
from bridge.http.links import Links
from bridge.http.pages import SharedPages, offset
from bridge.http.probe import Probe
from bridge.http.streaming import OpenFlows
from bridge.ports.agent import AgentReceiving
from bridge.ports.blobs import Blobs
from bridge.ports.channel import Receiving
from bridge.ports.clock import Clock
from bridge.ports.engine import DeliveryAdmin, Live, PeopleAdmin, Sessions
from bridge.ports.health import Check
from bridge.ports.push import Pushing
from bridge.ports.store import Store
from bridge.ports.subscriptions import SubscriptionAdmin
from bridge.session.fold import Session, fold
from bridge.session.permission_table import rule_for
from bridge.session.visible import hidden_upto

_SESSION = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class Checks(Protocol):
    """What works and what does not; with `deep` models are asked for a word."""

    def __call__(self, *, deep: bool) -> Awaitable[Sequence[Check]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """See `bridge.http.app.create_app`."""

    store: Store
    sessions: Sessions
    live: Live
    clock: Clock
    checks: Checks
    ready: Callable[[], str]
    parts: Callable[[], Sequence[Check]]
    probe: Probe
    label: Callable[[Address], str]
    operator: ParticipantId
    people: PeopleAdmin
    deliveries: DeliveryAdmin
    subscriptions: SubscriptionAdmin
    limits: Limits
    scratch: Path | None
    tokens: Tokens
    pages: SharedPages
    receiving: Mapping[ChannelName, Receiving]
    agents: Mapping[str, AgentReceiving]
    answering: Callable[[Session], str]
    topics: Mapping[str, str]
    blobs: Blobs
    links: Links
    hooks: HookDesk
    public_url: str | None
    pushing: Pushing | None = None
    flows: OpenFlows = field(default_factory=OpenFlows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Someone who is in a session, and the session as it was when they asked.

    Or in the one that it works for in the background. `hidden` is the last event that they might
    not read when they asked.
    """

    reach: Reach
    asker: Asker
    session: Session
    epoch: Epoch
    hidden: Seq

    def offset(self, seq: Seq) -> str:
        """Return the token of the position after `seq`."""
        return offset(seq, self.epoch)

    async def still_open(self, read: Sequence[Event] = ()) -> bool:
        """Return whether the token is known and its participant in the session, by now."""
        return await self.hidden_now(read) is not None

    async def hidden_now(self, read: Sequence[Event] = ()) -> Seq | None:
        """Return the last event that they may not read by now; None: none at all.

        They may while the token is known and its participant in the session. The store wakes
        readers as soon as something is durable: what was just `read` may be ahead of the fold, and
        may be what shuts the reader out.
        """
        if not await self.reach.tokens.still(self.asker):
            return None
        session = await self.reach.sessions.fold(self.session.id)
        later = [event for event in read if event.seq > session.head]
        if any(isinstance(event.body, PeopleEvent) for event in later):
            session = fold(session, later)
        return await hidden_from(self.reach, self.asker.participant, session)


def reach_of(request: Request) -> Reach:
    return cast("Reach", request.app.state.reach)


def asker_of(request: Request) -> Asker:
    return cast("Asker", request.state.asker)


async def enter(session: str, request: Request) -> Entry:
    """Let a participant in. To anyone else the session does not exist: `Fault` 404."""
    reach, asker = reach_of(request), asker_of(request)
    found = await folded(reach, session)
    hidden = await hidden_from(reach, asker.participant, found)
    if hidden is None:
        raise Fault(404, "not_found", texts.NO_SUCH_SESSION)
    epoch = await reach.store.epoch()
    return Entry(reach=reach, asker=asker, session=found, epoch=epoch, hidden=hidden)


class Readers(Protocol):
    """What it takes to say who may read what."""

    @property
    def store(self) -> Store: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def people(self) -> PeopleAdmin: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What it takes, by itself."""

    store: Store
    sessions: Sessions
    people: PeopleAdmin


async def hidden_from(reach: Readers, who: ParticipantId, session: Session) -> Seq | None:
    """Return the last event of a session that someone may not read; None: they may read nothing.

    Who may read what works in the background of a session is whoever may read where it began.
    """
    above = session if session.parent is None else await reach.sessions.fold(session.parent)
    is_in = who in above.participants
    if not is_in or not await reach.people.browser_guests.may_read(who, above):
        return None
    hidden = hidden_upto(above, who)
    if session.parent is None:
        return hidden
    work = above.background.get(session.id)
    began = work.started if work is not None else START
    return START if began > hidden or hidden == START else None


async def folded(reach: Reach, session: str) -> Session:
    """Return a session as it stands. Raises `Fault` 404."""
    if _SESSION.fullmatch(session):
        with suppress(NotFound):
            return await reach.sessions.fold(SessionId(session))
    raise Fault(404, "not_found", texts.NO_SUCH_SESSION)


def operate(request: Request) -> Reach:
    """Let the operator in. Raises `Fault` 403."""
    reach = reach_of(request)
    if asker_of(request).participant != reach.operator:
        raise Fault(403, "refused", rule_for("run the bridge").whose)
    return reach


TheReach = Annotated[Reach, Depends(reach_of)]
TheAsker = Annotated[Asker, Depends(asker_of)]
Operator = Annotated[Reach, Depends(operate)]
