"""How long a lane waits after a failure, as `bridge.retry` decided, and what ends its wait.

The rules:

- A wait is in the store, so that it outlives the process. It is over when its time has come, when
  the clock was set back since it began, or when the account took something in another place.
- A place that is gone waits until someone speaks there; they may have done so since it was tried.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import assert_never

from bridge import retry
from bridge.errors import ChannelError, Refused
from bridge.ids import ChannelName, ConversationId
from bridge.parts import Conversation
from bridge.ports import Clock, Store
from bridge.shown import is_preview
from bridge.workers.last_words import LastWords

Waiting = retry.Again | retry.Resolve | retry.Suspend | retry.Relocate | retry.Shut


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
        last_words: LastWords,
        shut: Callable[[ChannelName, ChannelError], None],
        suspended: Callable[[Conversation], Awaitable[None]],
        woken: Callable[[ConversationId], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._last_words = last_words
        self._shut = shut
        self._suspended = suspended
        self._woken = woken
        self._begun: dict[ConversationId, tuple[datetime, datetime]] = {}
        self._away: dict[ChannelName, set[ConversationId]] = {}
        self._proven: set[ConversationId] = set()

    async def until(self, lane: Conversation, *, now: datetime) -> datetime | None:
        """Return until when nothing is sent to this lane; None: its wait, if any, is over."""
        if lane.due_at is None:
            return None
        known, since = self._begun.get(lane.id, (None, None))
        if known != lane.due_at:  # of an earlier process
            since = await self._tried_at(lane)
        until = lane.due_at
        if since is not None and lane.id in self._proven:
            until = min(until, since + retry.PROVEN)
        longest = retry.LONGEST_WAIT if since is None else None
        if not retry.is_over(until, now=now, since=since, longest=longest):
            return until
        self._begun.pop(lane.id, None)
        return None

    def took(self, lane: Conversation) -> None:
        """Let the lanes of an account that wait for it to be back try: it took something."""
        self._proven.discard(lane.id)
        away = self._away.pop(lane.address.channel, set()) - {lane.id}
        self._proven |= away
        for each in away:
            self._woken(each)

    async def wait(
        self, lane: Conversation, decision: Waiting, error: ChannelError, tried_at: datetime
    ) -> None:
        """Let a lane wait after a failure, as was decided."""
        match decision:
            case retry.Again(at=until, tries=tries) | retry.Resolve(at=until, tries=tries):
                if not retry.is_reached(error):
                    self._proven.discard(lane.id)
                    self._away.setdefault(lane.address.channel, set()).add(lane.id)
                await self._postponed(lane, until, tries, error)
            case retry.Suspend():
                await self._suspend(lane, error, tried_at)
            case retry.Relocate(place=place):
                await self._relocate(lane, place, error, tried_at)
            case retry.Shut():
                self._shut(lane.address.channel, error)
                until = self._clock.now() + retry.MOST_PAUSE
                await self._postponed(lane, until, lane.tries + 1, error)
            case _:
                assert_never(decision)

    async def _tried_at(self, lane: Conversation) -> datetime | None:
        """Return when something was last tried that this lane has still to show."""
        if lane.session is None:
            return None
        receipts = await self._store.receipts(lane.session, lane.id, sources=())
        return max((each.at for each in receipts if not is_preview(each)), default=None)

    async def _suspend(self, lane: Conversation, error: ChannelError, tried_at: datetime) -> None:
        await self._postponed(lane, None, lane.tries + 1, error, suspended=True)
        if self._last_words.since(lane.id, tried_at):
            await self._store.revive(lane.id)
        else:
            await self._suspended(lane)

    async def _relocate(
        self, lane: Conversation, place: str, error: ChannelError, tried_at: datetime
    ) -> None:
        try:
            await self._store.move(lane.id, place=place)
        except Refused:  # another lane delivers there already
            await self._suspend(lane, error, tried_at)

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
