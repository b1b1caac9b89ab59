"""How long a lane waits after a failure, as `bridge.delivery.retry` says, and what ends its wait.

The rules:

- A wait is in the store, so that it outlives the process. It is over when its time has come, when
  the clock was set back since it began, or when the account took something in another place.
- A place that is gone waits until someone speaks there; they may have done so since it was tried.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import assert_never

from bridge.delivery import retry
from bridge.delivery.shown_receipts import is_preview
from bridge.domain.errors import ChannelError, Refused
from bridge.domain.ids import ChannelName, ConversationId
from bridge.domain.parts import Conversation
from bridge.engine.last_inbound import LastInbound
from bridge.ports.clock import Clock
from bridge.ports.store import Store
from bridge.unseen import note


class LaneWaits:
    """`woken` hears of a lane whose wait may be over.

    `shut` is told of a channel whose credentials are refused, `suspended` of a place in which
    nothing is shown before someone speaks there.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        last_inbound: LastInbound,
        shut: Callable[[ChannelName, ChannelError], None],
        suspended: Callable[[Conversation], Awaitable[None]],
        woken: Callable[[ConversationId], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._last_inbound = last_inbound
        self._shut = shut
        self._suspended = suspended
        self._woken = woken
        self._begun: dict[ConversationId, tuple[datetime, datetime]] = {}
        self._away: dict[ChannelName, set[ConversationId]] = {}
        self._back: set[ConversationId] = set()
        self._took: dict[ChannelName, datetime] = {}

    async def until(self, lane: Conversation, now: Callable[[], datetime]) -> datetime | None:
        """Return until when nothing is sent to this lane; None: its wait, if any, is over."""
        if lane.due_at is None:
            return None
        known, since = self._begun.get(lane.id, (None, None))
        if known != lane.due_at:  # of an earlier process
            since = await self._doubted_at(lane)
            if since is None:
                since = await self._tried_at(lane)
            else:
                self._wait_for_account(lane, since)
        is_back = lane.id in self._back
        until = retry.waits_until(lane.due_at, since=since, now=now(), is_back=is_back)
        if until is None:
            self._begun.pop(lane.id, None)
        return until

    def took(self, lane: Conversation) -> None:
        """Let the lanes of an account that wait for it to be back try: it took something."""
        channel = lane.address.channel
        self._took[channel] = self._clock.now()
        self._back.discard(lane.id)
        away = self._away.pop(channel, set()) - {lane.id}
        self._back |= away
        for each in away:
            self._woken(each)

    def _wait_for_account(self, lane: Conversation, since: datetime) -> None:
        """Note that a lane waits for its account to be back, which it may be already."""
        channel = lane.address.channel
        if self._took.get(channel, since) > since:
            self._back.add(lane.id)
        elif lane.id not in self._back:
            self._away.setdefault(channel, set()).add(lane.id)

    async def wait(
        self, lane: Conversation, decision: retry.Waiting, error: ChannelError, tried_at: datetime
    ) -> None:
        """Let a lane wait after a failure, as was decided."""
        match decision:
            case retry.Again(at=until, tries=tries) | retry.Resolve(at=until, tries=tries):
                if not retry.is_reached(error):
                    self._back.discard(lane.id)
                    self._away.setdefault(lane.address.channel, set()).add(lane.id)
                await self._postponed(lane, until, tries, error)
            case retry.Suspend(tries=tries):
                await self._suspend(lane, tries, error, tried_at)
            case retry.Relocate(place=place, otherwise=otherwise):
                try:
                    await self._store.move(lane.id, place=place)
                except Refused:  # another lane delivers there already
                    await self._suspend(lane, otherwise.tries, error, tried_at)
            case retry.Shut(at=until, tries=tries):
                self._shut(lane.address.channel, error)
                await self._postponed(lane, until, tries, error)
            case _:
                assert_never(decision)

    async def _doubted_at(self, lane: Conversation) -> datetime | None:
        """Return when something was tried of which nobody knows whether it was taken."""
        if lane.session is None:
            return None
        receipts = await self._store.receipts(lane.session, lane.id, sources=())
        tried = (each for each in receipts if each.state == "attempted" and not is_preview(each))
        return max((each.at for each in tried), default=None)

    async def _tried_at(self, lane: Conversation) -> datetime | None:
        """Return when something was last tried that this lane has still to show."""
        if lane.session is None:
            return None
        receipts = await self._store.receipts(lane.session, lane.id, sources=())
        return max((each.at for each in receipts if not is_preview(each)), default=None)

    async def _suspend(
        self, lane: Conversation, tries: int, error: ChannelError, tried_at: datetime
    ) -> None:
        await self._postponed(lane, None, tries, error, suspended=True)
        if self._last_inbound.since(lane.id, tried_at):
            await self._store.revive(lane.id)
            return
        address = lane.address
        note("place_closed", account=address.channel, place=address.place, code=error.code)
        await self._suspended(lane)

    async def _postponed(
        self,
        lane: Conversation,
        until: datetime | None,
        tries: int,
        error: ChannelError,
        *,
        suspended: bool = False,
    ) -> None:
        if lane.session is None:
            return
        if until is not None:
            self._begun[lane.id] = until, self._clock.now()
        await self._store.postpone(
            lane.session,
            lane.id,
            until=until,
            tries=tries,
            error=error.code or type(error).__name__,
            suspended=suspended,
        )
