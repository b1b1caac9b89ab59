"""The courier shows each conversation what its session holds: one at a time, in order.

The rules:

- What to do is asked of `bridge.delivery.plan` each time, from the log and the receipts; the
  courier only does it.
- A receipt `attempted` is durable before a part is sent; the receipt of what became of it before
  the cursor moves.
- A failure becomes what `bridge.retry` says: wait, find out, show it in less, drop the part,
  suspend the lane until someone speaks there, move, or shut the channel. Nothing else is tried
  before it.
- Before a part of unknown outcome is shown once more, or a change made once more, the platform is
  asked for something that leaves no trace (`Typing`), where it can be: so an outage uses up no
  attempt. What it takes in another place is as good a sign.
- A place is shown nothing while whoever follows from it is not let in (`bridge.workers.admission`).
- While a run is open and the place is up to date, its preview is kept fresh: paced, the newest
  text only, dropped at any failure, and never in the way of what is durable.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from bridge import delivery, notify, retry
from bridge.errors import ChannelError, RateLimited
from bridge.events import Event
from bridge.ids import ChannelName, ConversationId, PartId
from bridge.in_epoch import in_epoch
from bridge.markdown_budget import LONG
from bridge.parts import Conversation, Part, Receipt, ReceiptState, Sent, Why
from bridge.ports import (
    Channel,
    Clock,
    Deleting,
    Editing,
    Live,
    Resolving,
    Sessions,
    Store,
    Typing,
)
from bridge.session import Session
from bridge.showing import Place
from bridge.shown import live_preview
from bridge.steps import Advance, Note, Resolve, Retract, Show, Step
from bridge.workers.admission import Admission
from bridge.workers.calls import called
from bridge.workers.lane_reader import LaneReader
from bridge.workers.lane_waits import LaneWaits
from bridge.workers.last_words import LastWords
from bridge.workers.names import Names
from bridge.workers.previewing import Previewing
from bridge.workers.store_health import StoreHealth
from bridge.workers.tending import Tending
from bridge.workers.troubles import Troubles

log = structlog.get_logger()

PROBE = timedelta(seconds=10)
"""How long the platform has to answer when it is only asked whether it takes calls."""


class Courier:
    """Delivers to the conversations it is woken for.

    `several`: more than one agent may answer. `shut` is told of a channel whose credentials are
    refused, `suspended` of a place in which nothing is shown before someone speaks there.
    """

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        live: Live,
        channels: Mapping[ChannelName, Channel],
        *,
        names: Names,
        last_words: LastWords,
        several: bool = False,
        clock: Clock,
        health: StoreHealth,
        shut: Callable[[ChannelName, ChannelError], None],
        suspended: Callable[[Conversation], Awaitable[None]],
        admission: Admission,
    ) -> None:
        self._admission = admission
        self._store = store
        self._sessions = sessions
        self._channels = channels
        self._clock = clock
        self.troubles = Troubles(clock)
        self._reader = LaneReader(store, names, clock, several=several)
        self._previewing = Previewing(store, live, clock, several=several)
        self._tending = Tending("courier", self._tend, clock, health)
        self._waits = LaneWaits(
            store,
            clock,
            last_words=last_words,
            shut=shut,
            suspended=suspended,
            woken=self._tending.wake,
        )
        self._changes: dict[tuple[ConversationId, PartId], int] = {}

    def wake(self, conversation: ConversationId) -> None:
        self._tending.wake(conversation)

    async def close(self, grace: float) -> None:
        """Send what is due within `grace` seconds; what is left is derived again at the start."""
        self._previewing.close()
        await self._tending.close(grace)

    async def _tend(self, conversation: ConversationId) -> datetime | None:
        """Deliver until the place is up to date; return when to look again."""
        bell = self._tending.bell(conversation)
        while True:
            bell.clear()
            lane = await self._store.conversation(conversation)
            if lane is None or lane.session is None or lane.suspended:
                return None
            channel = self._channels.get(lane.address.channel)
            if channel is None:
                return None
            until = await self._waits.until(lane, now=self._tending.now(conversation))
            if until is not None:
                return until
            session = await self._sessions.fold(lane.session)
            if not await self._admission.may_show(lane, session):
                return None
            if await self._deliver(lane, channel, session):
                continue
            if not await self._previewing.follow(lane, channel, session, bell):
                return await self._look_again(session, lane)

    async def _look_again(self, session: Session, lane: Conversation) -> datetime | None:
        """Return when what is held back here is to be shown."""
        if lane.cursor >= session.head:
            return None
        return notify.look_again(await self._reader.events(session, lane), self._clock.now())

    async def _deliver(self, lane: Conversation, channel: Channel, session: Session) -> bool:
        """Do what the plan says, up to the first failure; False when there is nothing to do."""
        events, receipts = await self._reader.read(session, lane)
        if not events and not receipts:
            return False
        place = Place(
            session=session, conversation=lane, capabilities=channel.capabilities(lane.address)
        )
        scene = await self._reader.scene(session, events)
        if _length(events) > LONG:
            plan = await asyncio.to_thread(delivery.plan, place, events, receipts, scene)
        else:
            plan = delivery.plan(place, events, receipts, scene)
        steps = in_epoch(plan, events, await self._store.epoch())
        for step in steps:
            if not await self._do(step, lane, channel):
                break
        return bool(steps)

    # -- one step

    async def _do(self, step: Step, lane: Conversation, channel: Channel) -> bool:
        """Do a step; False when the plan must be made anew."""
        match step:
            case Show():
                if await self._has_stopped(lane):
                    return False
                if step.tries > 1 and not await self._is_reached(lane, channel):
                    return False
                return await self._show(step, lane, channel)
            case Resolve(part=part, receipt=receipt):
                return await self._resolve(part, receipt, lane, channel)
            case Retract():
                return await self._retract(step, lane, channel)
            case Note(receipt=receipt):
                await self._store.record(receipt)
                return True
            case Advance(to=to):
                if lane.session is not None:
                    await self._store.advance(lane.session, lane.id, to)
                return True
            case _:
                assert_never(step)

    async def _has_stopped(self, lane: Conversation) -> bool:
        """Say whether the platform has said meanwhile that nothing more reaches this place."""
        now = await self._store.conversation(lane.id)
        return now is None or now.suspended or now.session != lane.session

    async def _is_reached(self, lane: Conversation, channel: Channel) -> bool:
        """Say whether the platform takes calls for this place, and let the lane wait if not."""
        limits = channel.capabilities(lane.address)
        if not limits.typing or not isinstance(channel, Typing):
            return True
        tried_at = self._clock.now()
        try:
            async with self._called(channel, lane, within=PROBE):
                await channel.typing(lane.address)
        except ChannelError as error:
            if retry.is_reached(error):
                return True
            await self._failed_at(lane, error, tried_at, doing="probe")
            return False
        return True

    async def _show(self, step: Show, lane: Conversation, channel: Channel) -> bool:
        part = step.part
        receipt = Receipt(
            session=part.session,
            conversation=part.conversation,
            part=part.id,
            source=part.source,
            upto=part.upto,
            span=part.span,
            state="attempted",
            at=self._clock.now(),
            message=part.edits,
            tries=step.tries,
            why=part.less,
            code=step.code,
        )
        await self._store.attempt(receipt)
        try:
            sent = await self._send(part, lane, channel)
        except ChannelError as error:
            await self._not_shown(part, receipt, lane, error)
            return False
        await self._settle(replace(receipt, state=sent.state, message=sent.message))
        self._waits.took(lane)
        return True

    async def _settle(self, receipt: Receipt) -> None:
        """Keep what became of an attempt, unless the platform has said more of it meanwhile."""
        await self._store.record(receipt, over=["attempted"])

    async def _send(self, part: Part, lane: Conversation, channel: Channel) -> Sent:
        async with self._called(channel, lane):
            if part.edits is not None and isinstance(channel, Editing):
                await channel.edit(lane.address, part.edits, part)
                return Sent(message=part.edits)
            return await channel.send(lane.address, part)

    @asynccontextmanager
    async def _called(
        self, channel: Channel, lane: Conversation, *, within: timedelta | None = None
    ) -> AsyncIterator[None]:
        with self.troubles.calling(channel.name):
            async with called(channel, lane.address, within=within):
                yield

    async def _resolve(
        self, part: Part, receipt: Receipt, lane: Conversation, channel: Channel
    ) -> bool:
        if not isinstance(channel, Resolving):
            raise TypeError(f"{channel.name} says it resolves, but has no resolve()")
        tried_at = self._clock.now()
        try:
            async with self._called(channel, lane):
                sent = await channel.resolve(lane.address, part)
        except ChannelError as error:
            code = retry.silence(error) or receipt.code
            if receipt.code != code:
                await self._store.attempt(replace(receipt, code=code, at=self._clock.now()))
            await self._failed_at(lane, error, tried_at, doing="ask")
            return False
        await self._settle(delivery.resolved(receipt, sent))
        return False

    async def _retract(self, step: Retract, lane: Conversation, channel: Channel) -> bool:
        receipt, change = step.receipt, (lane.id, step.receipt.part)
        if isinstance(channel, Deleting):
            attempts = self._changes.get(change, 0) + 1
            if attempts > 1 and not await self._is_reached(lane, channel):
                return False
            tried_at = self._clock.now()
            try:
                async with self._called(channel, lane):
                    await channel.delete(lane.address, step.message)
            except ChannelError as error:
                self._changes[change] = attempts
                if not await self._failed_at(
                    lane, error, tried_at, doing="change", attempts=attempts
                ):
                    return False
                receipt = replace(receipt, state="failed", code=error.code)
        self._changes.pop(change, None)
        await self._store.record(receipt)
        return True

    # -- failures

    async def _not_shown(
        self, part: Part, receipt: Receipt, lane: Conversation, error: ChannelError
    ) -> None:
        """Do with the part what is to be done; the plan is made anew."""
        told = log.info if isinstance(error, RateLimited) else log.warning
        told("part not sent", part=part.id, error=type(error).__name__, code=error.code)
        doing: retry.Doing = "send" if part.edits is None else "change"
        decision = self._decision(lane, error, doing=doing, attempts=receipt.tries, part=part)
        owed = replace(receipt, state="owed", tries=receipt.tries - 1, message=None)
        match decision:
            case retry.Lessen(less=less):
                await self._settle(replace(owed, why=less, code=error.code))
            case retry.Drop(why=why) if part.edits is not None:
                await self._edit_anew(part, receipt, error, why)
            case retry.Drop(why=why):
                failed = replace(receipt, state="failed", code=error.code)
                await self._settle(replace(failed, why=why or receipt.why))
            case _:
                if error.certain:
                    await self._settle(owed)
                await self._waits.wait(lane, decision, error, receipt.at)

    async def _failed_at(
        self,
        lane: Conversation,
        error: ChannelError,
        tried_at: datetime,
        *,
        doing: retry.Doing,
        attempts: int = 1,
    ) -> bool:
        """Do with the lane what is to be done; True: nothing, what failed is to be dropped."""
        decision = self._decision(lane, error, doing=doing, attempts=attempts)
        if isinstance(decision, retry.Drop | retry.Lessen):
            return True
        await self._waits.wait(lane, decision, error, tried_at)
        return False

    def _decision(
        self,
        lane: Conversation,
        error: ChannelError,
        *,
        doing: retry.Doing,
        attempts: int,
        part: Part | None = None,
    ) -> retry.Decision:
        return retry.after(
            error,
            tries=lane.tries,
            now=self._clock.now(),
            key=lane.id,
            doing=doing,
            attempts=attempts,
            part=part,
        )

    async def _edit_anew(self, part: Part, receipt: Receipt, error: ChannelError, why: Why) -> None:
        """Leave a change out, and plan anew.

        The final text that was to replace a preview is sent instead; it is a repeat if the preview
        may have become it.
        """
        known = await self._store.receipts(part.session, part.conversation, sources=())
        preview = live_preview(known)
        if preview is not None and preview.message == part.edits:
            # In this order: after a death in between the preview is found and refused once more.
            tries = 0 if error.certain else 1
            await self._store.record(replace(receipt, state="owed", tries=tries, message=None))
            await self._store.record(replace(preview, state="deleted"))
        elif why == "unchanged":
            await self._store.record(replace(receipt, state="skipped", why=why, code=error.code))
        else:
            state: ReceiptState = "failed" if error.certain else "unknown"
            await self._store.record(replace(receipt, state=state, code=error.code))


def _length(events: Sequence[Event]) -> int:
    contents = (getattr(event.body, "content", None) for event in events)
    return sum(len(each.text) for each in contents if each is not None)
