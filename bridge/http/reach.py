"""What the routes can reach, and whether who asks may reach it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from bridge import texts
from bridge.epoch import Epoch
from bridge.errors import NotFound
from bridge.events import Event, ParticipantJoined, ParticipantLeft, ParticipantMerged, Role
from bridge.http.auth import Asker, Tokens
from bridge.http.faults import Fault
from bridge.http.flow import OpenFlows
from bridge.http.limits import Limits
from bridge.http.links import Links
from bridge.http.offsets import offset
from bridge.http.pages import SharedPages
from bridge.http.probe import Probe
from bridge.ids import ChannelName, ParticipantId, Seq, SessionId
from bridge.parts import Address
from bridge.ports import (
    AgentReceiving,
    Blobs,
    Check,
    Clock,
    Live,
    PeopleDesk,
    Receiving,
    Sessions,
    Store,
)
from bridge.session import Session, fold

MEMBERSHIP = (ParticipantJoined, ParticipantLeft, ParticipantMerged)

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
    people: PeopleDesk
    limits: Limits
    scratch: Path | None
    tokens: Tokens
    flows: OpenFlows
    pages: SharedPages
    receiving: Mapping[ChannelName, Receiving]
    agents: Mapping[str, AgentReceiving]
    answering: Callable[[Session], str]
    blobs: Blobs
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Someone who is in a session, and the session as it was when they asked."""

    reach: Reach
    asker: Asker
    role: Role
    session: Session
    epoch: Epoch

    def offset(self, seq: Seq) -> str:
        """Return the token of the position after `seq`."""
        return offset(seq, self.epoch)

    async def still_open(self, read: Sequence[Event] = ()) -> bool:
        """Return whether the token is known and its participant in the session, by now.

        The store wakes readers as soon as something is durable: what was just `read` may be
        ahead of the fold, and may be what shuts the reader out.
        """
        if not await self.reach.tokens.still(self.asker):
            return False
        session = await self.reach.sessions.fold(self.session.id)
        later = [event for event in read if event.seq > session.head]
        if any(isinstance(event.body, MEMBERSHIP) for event in later):
            session = fold(session, later)
        return self.asker.participant in session.participants


def reach_of(request: Request) -> Reach:
    return cast("Reach", request.app.state.reach)


def asker_of(request: Request) -> Asker:
    return cast("Asker", request.state.asker)


async def enter(session: str, request: Request) -> Entry:
    """Let a participant in. To anyone else the session does not exist: `Fault` 404."""
    reach, asker = reach_of(request), asker_of(request)
    found = await folded(reach, session)
    role = found.participants.get(asker.participant)
    if role is None:
        raise Fault(404, "not_found", texts.NO_SUCH_SESSION)
    epoch = await reach.store.epoch()
    return Entry(reach=reach, asker=asker, role=role, session=found, epoch=epoch)


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
        raise Fault(403, "refused", "only the owner of this bridge can do that")
    return reach


TheReach = Annotated[Reach, Depends(reach_of)]
TheAsker = Annotated[Asker, Depends(asker_of)]
Operator = Annotated[Reach, Depends(operate)]
