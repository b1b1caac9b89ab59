"""The courier shows each conversation what its session holds: one at a time, in order.

The rules:

- What to do is asked of `bridge.delivery.plan` each time, from the log and the receipts; the
  courier only does it.
- A receipt `attempted` is durable before a part is sent; the receipt of what became of it before
  the cursor moves.
- A failure becomes what `bridge.retry` says: wait, find out, show it in less, drop the part,
  suspend the lane until someone speaks there, move, or shut the channel. Nothing else is tried
  before it.
- While a run is open and the place is up to date, its preview is kept fresh: paced, the newest
  text only, dropped at any failure, and never in the way of what is durable.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import assert_never

import structlog

from bridge import delivery, notify, retry
from bridge.again import in_epoch
from bridge.errors import ChannelError, OutcomeUnknown, RateLimited, Refused, Rejected
from bridge.events import Event
from bridge.ids import ChannelName, ConversationId, Seq
from bridge.parts import SETTLED, Conversation, Part, Receipt, Sent, Why
from bridge.ports import Channel, Clock, Deleting, Editing, Live, Resolving, Sessions, Store
from bridge.session import Session
from bridge.showing import Place, Scene, people_in, places_in, referred
from bridge.shown import is_preview, live_preview
from bridge.steps import Advance, Note, Resolve, Retract, Show, Step
from bridge.workers.calls import called
from bridge.workers.last_words import LastWords
from bridge.workers.names import Names
from bridge.workers.previewing import Previewing
from bridge.workers.tending import Tending
from bridge.workers.troubles import Troubles

log = structlog.get_logger()

PAGE = 500
FARTHEST = 5000
"""Events read for one plan at most: what is farther behind becomes a recap and another plan."""

LONG = 8_000
"""Characters in a plan from which it is made in a thread: a long text is rendered piece by piece,
which must not hold the loop."""

CHANGE_TRIES = 5
"""Failures in a row after which a change of unknown outcome is given up: about a minute."""


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
        shut: Callable[[ChannelName, ChannelError], None],
        suspended: Callable[[Conversation], Awaitable[None]],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._channels = channels
        self._names = names
        self._last_words = last_words
        self._several = several
        self._clock = clock
        self.troubles = Troubles(clock)
        self._shut = shut
        self._suspended = suspended
        self._previewing = Previewing(store, live, clock, several=several)
        self._tending = Tending("courier", self._tend, clock)

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
            if lane.due_at is not None and lane.due_at > self._clock.now():
                return lane.due_at
            session = await self._sessions.fold(lane.session)
            if await self._deliver(lane, channel, session):
                continue
            if not await self._previewing.follow(lane, channel, session, bell):
                return await self._look_again(session, lane)

    async def _look_again(self, session: Session, lane: Conversation) -> datetime | None:
        """Return when what is held back here is to be shown."""
        if lane.cursor >= session.head:
            return None
        return notify.look_again(await self._events(session, lane), self._clock.now())

    # -- one plan

    async def _deliver(self, lane: Conversation, channel: Channel, session: Session) -> bool:
        """Do what the plan says, up to the first failure; False when there is nothing to do."""
        events = await self._events(session, lane)
        receipts = await self._receipts(session, lane, events)
        owed = await self._owed(session, lane, receipts)
        if owed:
            events, receipts = owed, await self._receipts(session, lane, owed)
        if not events and not receipts:
            return False
        place = Place(
            session=session, conversation=lane, capabilities=channel.capabilities(lane.address)
        )
        scene = await self._scene(session, events)
        if _length(events) > LONG:
            plan = await asyncio.to_thread(delivery.plan, place, events, receipts, scene)
        else:
            plan = delivery.plan(place, events, receipts, scene)
        steps = in_epoch(plan, events, await self._store.epoch())
        for step in steps:
            if not await self._do(step, lane, channel):
                break
        return bool(steps)

    async def _owed(
        self, session: Session, lane: Conversation, receipts: Sequence[Receipt]
    ) -> Sequence[Event]:
        """Return the events before the cursor that a later failure made owed again."""
        seqs = {
            each.source
            for each in receipts
            if each.source <= lane.cursor and each.state not in SETTLED and not is_preview(each)
        }
        found = [await self._event(session, seq) for seq in sorted(seqs)]
        return [event for event in found if event is not None]

    async def _events(self, session: Session, lane: Conversation) -> Sequence[Event]:
        found: list[Event] = []
        after = lane.cursor
        while after < session.head and len(found) < FARTHEST:
            page = await self._store.read(session.id, after=after, limit=PAGE)
            found += [event for event in page if event.seq <= session.head]
            if len(page) < PAGE:
                break
            after = page[-1].seq
        return found

    async def _receipts(
        self, session: Session, lane: Conversation, events: Sequence[Event]
    ) -> Sequence[Receipt]:
        sources = {event.seq for event in events} | referred(events)
        receipts = await self._store.receipts(session.id, lane.id, sources=sources)
        preview = live_preview(receipts)
        if preview is None or not events:
            return receipts
        sources |= set(range(preview.source + 1, events[-1].seq + 1))
        return await self._store.receipts(session.id, lane.id, sources=sources)

    async def _scene(self, session: Session, events: Sequence[Event]) -> Scene:
        found = [await self._event(session, seq) for seq in referred(events)]
        related = {event.seq: event for event in found if event is not None}
        bodies = [event.body for event in (*events, *related.values())]
        people = {who for body in bodies for who in people_in(body)}
        places = {place for body in bodies for place in places_in(body)}
        return Scene(
            now=self._clock.now(),
            several=self._several,
            names=await self._names.in_session(session, people),
            places={place: await self._names.where(place) for place in places},
            related=related,
            labels=self._names.labels,
        )

    async def _event(self, session: Session, seq: Seq) -> Event | None:
        found = await self._store.read(session.id, after=seq - 1, limit=1)
        return found[0] if found else None

    # -- one step

    async def _do(self, step: Step, lane: Conversation, channel: Channel) -> bool:
        """Do a step; False when the plan must be made anew."""
        match step:
            case Show():
                if await self._has_stopped(lane):
                    return False
                return await self._show(step, lane, channel)
            case Resolve(part=part, receipt=receipt):
                return await self._resolve(part, receipt, lane, channel)
            case Retract(message=message, receipt=receipt):
                if isinstance(channel, Deleting):
                    tried_at = self._clock.now()
                    try:
                        async with self._called(channel, lane):
                            await channel.delete(lane.address, message)
                    except ChannelError as error:
                        if await self._failed_at(lane, error, tried_at, doing="change"):
                            return False
                        receipt = replace(receipt, state="failed", code=error.code)
                await self._store.record(receipt)
                return True
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
            return await self._failed(part, receipt, lane, error)
        await self._settle(replace(receipt, state=sent.state, message=sent.message))
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
    async def _called(self, channel: Channel, lane: Conversation) -> AsyncIterator[None]:
        with self.troubles.calling(channel.name):
            async with called(channel, lane.address):
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
            if receipt.code != delivery.UNRESOLVED:
                receipt = replace(receipt, code=delivery.UNRESOLVED, at=self._clock.now())
                await self._store.attempt(receipt)
            # A platform that refuses to say leaves it as unknown as one that cannot be reached.
            unsaid = OutcomeUnknown(code=error.code) if isinstance(error, Rejected) else error
            await self._failed_at(lane, unsaid, tried_at, doing="send")
            return False
        await self._settle(delivery.resolved(receipt, sent))
        return False

    # -- failures

    async def _failed(
        self, part: Part, receipt: Receipt, lane: Conversation, error: ChannelError
    ) -> bool:
        told = log.info if isinstance(error, RateLimited) else log.warning
        told("part not sent", part=part.id, error=type(error).__name__, code=error.code)
        decision = self._decision(lane, error, doing="change" if part.edits else "send", part=part)
        match decision:
            case retry.Lessen(less=less):
                owed = replace(receipt, state="owed", tries=0, message=None)
                await self._settle(replace(owed, why=less, code=error.code))
            case retry.Drop(why=why) if part.edits is not None:
                await self._edit_anew(part, replace(receipt, code=error.code), why)
            case retry.Drop(why=why):
                failed = replace(receipt, state="failed", code=error.code)
                await self._settle(replace(failed, why=why or receipt.why))
            case _:
                if error.certain:
                    owed = replace(receipt, state="owed", tries=receipt.tries - 1, message=None)
                    await self._settle(owed)
                await self._wait(lane, decision, error, receipt.at)
        return False

    async def _edit_anew(self, part: Part, receipt: Receipt, why: Why) -> None:
        """Leave a change out; what was to replace a preview is planned anew, as a message."""
        known = await self._store.receipts(part.session, part.conversation, sources=())
        preview = live_preview(known)
        if preview is not None and preview.message == part.edits:
            # In this order: after a death in between the preview is found and refused once more.
            await self._store.record(replace(receipt, state="owed", tries=0, message=None))
            await self._store.record(replace(preview, state="deleted"))
        elif why == "unchanged":
            await self._store.record(replace(receipt, state="skipped", why=why))
        else:
            await self._store.record(replace(receipt, state="failed"))

    def _decision(
        self,
        lane: Conversation,
        error: ChannelError,
        *,
        doing: retry.Doing = "send",
        part: Part | None = None,
    ) -> retry.Decision:
        if doing == "change" and not error.certain and lane.tries >= CHANGE_TRIES:
            return retry.Drop()
        now = self._clock.now()
        return retry.after(error, tries=lane.tries, now=now, key=lane.id, doing=doing, part=part)

    async def _failed_at(
        self, lane: Conversation, error: ChannelError, tried_at: datetime, *, doing: retry.Doing
    ) -> bool:
        """Do with the lane what is to be done; False: nothing, what failed is to be dropped."""
        decision = self._decision(lane, error, doing=doing)
        if isinstance(decision, retry.Drop):
            return False
        await self._wait(lane, decision, error, tried_at)
        return True

    async def _wait(
        self, lane: Conversation, decision: retry.Decision, error: ChannelError, tried_at: datetime
    ) -> None:
        if lane.session is None:
            return
        match decision:
            case retry.Again(at=until, tries=tries) | retry.Resolve(at=until, tries=tries):
                await self._postponed(lane, until, tries, error)
            case retry.Suspend():
                await self._suspend(lane, error, tried_at)
            case retry.Relocate(place=place):
                await self._relocate(lane, place, error, tried_at)
            case retry.Shut():
                self._shut(lane.address.channel, error)
                until = self._clock.now() + retry.MOST_PAUSE
                await self._postponed(lane, until, lane.tries + 1, error)
            case retry.Drop() | retry.Lessen():
                pass

    async def _suspend(self, lane: Conversation, error: ChannelError, tried_at: datetime) -> None:
        """Let a lane wait until someone writes there; they may have done so since it was tried."""
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
        if lane.session is not None:
            await self._store.postpone(
                lane.session,
                lane.id,
                until=until,
                tries=tries,
                error=error.code or type(error).__name__,
                suspended=suspended,
            )


def _length(events: Sequence[Event]) -> int:
    contents = (getattr(event.body, "content", None) for event in events)
    return sum(len(each.text) for each in contents if each is not None)
