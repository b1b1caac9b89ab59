"""What is sent of events, and the calls that send it.

The rules:

- An address is called as any that somebody else named (`bridge.http.guarded_calls`).
- What the answer means for what comes next says its `ChannelError`: `code` is the status, and empty
  where none came, or where it asks to wait, which holds for everything that goes there.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.delivery.subscription import Subscription, envelope
from bridge.domain.codec import kind_of
from bridge.domain.errors import Gone, RateLimited, Rejected, Unreachable
from bridge.domain.events import Event, QuestionClosed
from bridge.domain.ids import ParticipantId, Seq
from bridge.http.dependencies import Readers, hidden_from
from bridge.http.guarded_calls import SECONDS, GuardedCalls, Networks
from bridge.http.pages import shown_beside
from bridge.http.questions import view
from bridge.ports.clock import Clock
from bridge.session.fold import Session

if TYPE_CHECKING:
    from bridge.guarded_network import Resolve

BUSY = frozenset({429, 503})
GONE = 410
REFUSED = frozenset({400, 413, 415, 422})
"""What says that this event is not taken; whatever else is wrong may be of the receiver alone."""


class Outgoing:
    """Calls receivers. In `networks` it may be called without TLS, and what is not public."""

    def __init__(
        self,
        readers: Readers,
        clock: Clock,
        networks: Networks = (),
        *,
        resolve: "Resolve | None" = None,
        seconds: float = SECONDS,
    ) -> None:
        self._readers = readers
        self._calls = GuardedCalls(clock, networks, resolve=resolve, seconds=seconds)

    # -- what is sent, and to whom

    async def hidden(self, who: ParticipantId, session: Session) -> Seq | None:
        """Return the last event of a session that someone may not read; None: they read nothing."""
        return await hidden_from(self._readers, who, session)

    async def may_follow_all(self, who: ParticipantId) -> bool:
        """Say whether someone may take in every session that they are in."""
        return await self._readers.people.browser_guests.may_begin(who)

    async def body(self, subscription: Subscription, event: Event) -> bytes:
        """Return what is sent of an event: as it is in the stream; of a question, how it ended."""
        if subscription.question and isinstance(event.body, QuestionClosed):
            asked = Seq(event.body.asked - 1)
            (first,) = await self._readers.store.read(event.session, after=asked, limit=1)
            told = await view(self._readers, first)
            data: Mapping[str, Any] = told.model_dump(mode="json", exclude=NOT_TOLD)
        else:
            data = await shown_beside(event)
        return envelope(kind_of(event.body), event.session, event.at, data)

    # -- where

    async def check(self, url: str) -> None:
        """Raise `Refused` where nothing may be sent to."""
        await self._calls.check(url)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send it. Raises `ChannelError`."""
        sent = {"content-type": "application/json", **headers}
        answered = await self._calls.post(url, sent, body)
        self._judge(answered.status, answered.wait)

    def _judge(self, status: int, wait: datetime | None) -> None:
        code, said = str(status), f"it answered {status}"
        if 200 <= status < 300:  # noqa: PLR2004 - what HTTP says of success
            return
        if status == GONE:
            raise Gone(f"{said}: it wants nothing more", code=code)
        if status in BUSY and wait is not None:
            raise RateLimited(said, until=wait)
        if status in REFUSED:
            raise Rejected(said, code=code)
        raise Unreachable(said, code=code)


NOT_TOLD = {"repeated", "callback_secret"}
