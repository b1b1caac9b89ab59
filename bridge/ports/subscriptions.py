"""Events that are sent to addresses: what the HTTP side asks of the engine, and gives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.delivery.subscription import Cursor, Subscription
from bridge.domain.events import Event
from bridge.domain.ids import ParticipantId, Seq, SessionId
from bridge.session.fold import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How far a subscription is in one session, which ends at `head`: `behind` so many events."""

    session: SessionId
    title: str
    head: Seq
    behind: int
    cursor: Cursor


class Receivers(Protocol):
    """Where events are sent, and what of them."""

    async def check(self, url: str) -> None:
        """Raise `Refused` where nothing may be sent to."""

    async def hidden(self, who: ParticipantId, session: Session) -> Seq | None:
        """Return the last event of a session that someone may not read; None: they read nothing."""

    async def may_follow_all(self, who: ParticipantId) -> bool:
        """Say whether someone may take in every session that they are in."""

    async def body(self, subscription: Subscription, event: Event) -> bytes:
        """Return what is sent of an event."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send it. Raises `ChannelError`: `Gone` where nothing is wanted any more."""


class SubscriptionAdmin(Protocol):
    """What is sent where. Who may do what is looked at by whoever asks."""

    @property
    def receivers(self) -> Receivers: ...

    async def add(
        self,
        *,
        by: ParticipantId,
        url: str,
        session: SessionId | None,
        kinds: Sequence[str],
    ) -> Subscription:
        """Send events from now on. Raises `Refused`: too many, or not there."""

    async def call_back(
        self, *, by: ParticipantId, url: str, session: SessionId, question: str, asked: Seq
    ) -> Subscription:
        """Tell the end of a question, which was asked at an event, once. A repeat is a success."""

    async def check_room(self, by: ParticipantId) -> None:
        """Raise `Refused` where the end of no more questions of somebody can be told."""

    async def all_of(self, by: ParticipantId | None) -> Sequence[Subscription]:
        """Return those of somebody, or of everybody, the oldest first."""

    async def one(self, number: str) -> Subscription | None: ...

    async def followed(self, subscription: Subscription) -> Sequence[Following]:
        """Return the sessions in which something is owed, or was given up."""

    async def remove(self, subscription: Subscription) -> None: ...

    async def rotate(self, subscription: Subscription) -> Subscription:
        """Give it another secret; the one before signs too for a while."""

    async def retry(self, subscription: Subscription) -> None:
        """Try now, also what was given up, and where everything was."""

    async def drop(self, subscription: Subscription, upto: Seq | None) -> int:
        """Send nothing of what there is now, or up to an event; return how much was owed."""
