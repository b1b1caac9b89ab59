"""The courier shows each conversation what its session holds: one at a time, in order.

The rules:

- What to do is asked of `bridge.delivery.plan.plan` each time, from the log and the receipts; the
  courier only does it.
- A receipt `attempted` is durable before a part is sent; the receipt of what became of it before
  the cursor moves.
- A failure becomes what `bridge.delivery.retry` says: wait, find out, show it in less, drop the
  part, suspend the lane until someone speaks there, move, or shut the channel. Nothing else is
  tried before it.
- Before a part of unknown outcome is shown once more, or a change made once more, the platform is
  asked for something that leaves no trace (`Probing`, `Typing`), where it can be: so an outage
  uses up no attempt. What it takes in another place is as good a sign.
- What rings in which of a person's places is asked of `bridge.delivery.notify`, before something is
  shown and whenever a lane has come to rest (`bridge.engine.outbound.ringing`).
- A place is shown nothing while whoever follows from it is not let in
  (`bridge.engine.access.admission`).
- While a run is open and the place is up to date, its preview is kept fresh: paced, the newest
  text only, dropped at any failure, and never in the way of what is durable.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeVar, assert_never

import structlog
from structlog.contextvars import bind_contextvars, unbind_contextvars

from bridge.delivery import folded, retry
from bridge.delivery import plan as delivery
from bridge.delivery.markdown_budget import LONG
from bridge.delivery.rendering import Place
from bridge.delivery.shown_receipts import is_preview, live_preview
from bridge.delivery.steps import Advance, Note, React, Resolve, Retract, Show, Step, in_epoch
from bridge.domain.errors import ChannelError, OutcomeUnknown, RateLimited
from bridge.domain.events import Event
from bridge.domain.ids import START, ChannelName, ConversationId, PartId, Seq
from bridge.domain.parts import (
    SETTLED,
    Address,
    Capabilities,
    Conversation,
    Part,
    Receipt,
    ReceiptState,
    Sent,
)
from bridge.domain.records import replace
from bridge.domain.wording import SpokenLanguages
from bridge.engine.access.admission import Admission
from bridge.engine.keyed_worker import KeyedWorker
from bridge.engine.languages import Languages
from bridge.engine.last_inbound import LastInbound
from bridge.engine.names import DisplayNames
from bridge.engine.outbound.calls import called
from bridge.engine.outbound.lane_drops import LaneDrops
from bridge.engine.outbound.lane_reader import LaneReader
from bridge.engine.outbound.lane_waits import LaneWaits
from bridge.engine.outbound.previews import Previews
from bridge.engine.outbound.progress import Progress
from bridge.engine.outbound.ringing import AS_EVER, Ringing, Tones
from bridge.engine.outbound.troubles import Troubles
from bridge.engine.store_health import StoreHealth
from bridge.engine.traces import Traces
from bridge.log_level import is_written
from bridge.ports.channel import Channel, Deleting, Editing, Probing, Reacting, Resolving, Typing
from bridge.ports.clock import Clock
from bridge.ports.engine import Live, Sessions
from bridge.ports.store import Store
from bridge.session.fold import Session
from bridge.tally import tally
from bridge.unseen import Reason, note

log = structlog.get_logger()

_TRIED: Sequence[ReceiptState] = ("attempted",)
"""What becomes of an attempt is kept unless the platform has said more of it meanwhile."""

_UNDER_WAY = OutcomeUnknown("it may still be under way", code="under_way")

Result = TypeVar("Result")

Did = Literal["nothing", "something", "all"]
"""What was done of what a place has still to be shown: `all` that its session holds by now."""

PROBE = timedelta(seconds=10)
"""How long the platform has to answer when it is only asked whether it takes calls."""


REACTING = timedelta(seconds=5)
"""How long a reaction may take that is shown on a copy."""


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
        names: DisplayNames,
        last_inbound: LastInbound,
        several: bool = False,
        clock: Clock,
        health: StoreHealth,
        shut: Callable[[ChannelName, ChannelError], None],
        suspended: Callable[[Conversation], Awaitable[None]],
        admission: Admission,
        ringing: Ringing,
        languages: Languages | None = None,
        traces: Traces | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._traces = traces or Traces()
        self.progress = progress or Progress()
        self._ringing = ringing
        self._languages = languages
        self._admission = admission
        self._store = store
        self._sessions = sessions
        self._channels = channels
        self._clock = clock
        self.troubles = Troubles()
        self._reader = LaneReader(store, names, clock, several=several)
        self._previews = Previews(store, live, clock, several=several)
        self._worker = KeyedWorker("courier", self._work_on, clock, health)
        self._waits = LaneWaits(
            store,
            clock,
            last_inbound=last_inbound,
            shut=shut,
            suspended=self._closed,
            woken=self._worker.wake,
        )
        self._suspended = suspended
        self.drops = LaneDrops(store, clock)
        self._homeless: set[ConversationId] = set()
        self._shut: set[ConversationId] = set()
        self._plain: set[ConversationId] = set()
        self._changes: dict[tuple[ConversationId, PartId], int] = {}

    def wake(self, conversation: ConversationId) -> None:
        self._worker.wake(conversation)

    def may_follow(self, conversation: ConversationId) -> bool:
        """Say whether a place may show what a run has written so far, or that it is at work."""
        return conversation not in self._plain

    def came(self, conversation: ConversationId) -> None:
        """Show what is held back in a place: its person wrote from there."""
        if self._ringing.came(conversation):
            self._worker.wake(conversation)

    async def recall(self) -> None:
        """Look once at what a process that died may have shown silently, and nobody saw."""
        for conversation in await self._ringing.recall(self._sessions):
            self._ringing.watch(conversation)
            self._worker.wake(conversation)
            await asyncio.sleep(0)

    async def _closed(self, lane: Conversation) -> None:
        """Let what rang there ring elsewhere, and tell whom it concerns."""
        self._pass_over(lane.id)
        await self._suspended(lane)

    def _pass_over(self, conversation: ConversationId) -> None:
        """Let what is to ring in a place that closed ring elsewhere; asked once until it opens."""
        if conversation not in self._shut:
            self._shut.add(conversation)
            self._ringing.changed()

    async def close(self, grace: float) -> None:
        """Send what is due within `grace` seconds; what is left is derived again at the start."""
        self._previews.close()
        await self._worker.close(grace)

    async def _work_on(self, conversation: ConversationId) -> datetime | None:
        """Deliver until the place is up to date; return when to look again."""
        bell = self._worker.bell(conversation)
        try:
            while True:
                bell.clear()
                lane = await self._store.conversation(conversation)
                if lane is None or lane.session is None:
                    return None
                if conversation in self.drops.asked:
                    await self.drops.drop(lane)
                    continue
                if lane.suspended:
                    self._pass_over(conversation)  # its platform may have said so in a report
                    return None
                if conversation in self._shut:
                    self._shut.discard(conversation)
                channel = self._channels.get(lane.address.channel)
                if channel is None:
                    self._note_homeless(lane)
                    return None
                if lane.due_at is not None:
                    until = await self._waits.until(lane, lambda: self._worker.now(conversation))
                    if until is not None:
                        return until
                session = await self._sessions.fold(lane.session)
                if not await self._admission.may_show(lane, session):
                    return None
                is_done, at = await self._bring_up(lane, channel, session, bell)
                if is_done:
                    return at
        finally:
            self.progress.moved(conversation)

    async def _bring_up(
        self, lane: Conversation, channel: Channel, session: Session, bell: asyncio.Event
    ) -> tuple[bool, datetime | None]:
        """Show what a place has still to be shown; say whether it rests now, and until when."""
        limits, follows, at = channel.capabilities(lane.address), self._previews.following, None
        may_follow = limits.previews or limits.drafts or limits.typing
        (self._plain.discard if may_follow else self._plain.add)(lane.id)
        was_watched = self._ringing.watches(lane.id)
        did, tones = await self._deliver(lane, channel, session, limits)
        if did == "something" or (did == "all" and bell.is_set()):
            self.progress.moved(lane.id)
            return False, None
        cursor = session.head if did == "all" else lane.cursor
        if was_watched or tones.hushed:
            now, is_known = self._worker.now(lane.id), False
            if did == "all":
                is_known, at = self._ringing.looks.shown(
                    session, lane.id, tones, now, first=not was_watched
                )
            if not is_known:
                ringing, at = await self._ringing.remind(session, lane, limits, cursor, now)
                if ringing:
                    return False, None
        if session.open_run is not None or lane.id in follows:
            self.progress.moved(lane.id)
            if await self._preview(lane, channel, session, bell):
                return False, None
        if cursor >= session.head:
            return True, at
        again = await self._look_again(session, lane, limits)
        return True, min([each for each in (at, again) if each is not None], default=None)

    def _note_homeless(self, lane: Conversation) -> None:
        """Note once that a place is of no account that is configured."""
        if lane.id not in self._homeless:
            self._homeless.add(lane.id)
            note("no_account", account=lane.address.channel, place=lane.address.place)

    async def _look_again(
        self, session: Session, lane: Conversation, limits: Capabilities
    ) -> datetime | None:
        """Return when what is held back here is to be shown."""
        events = await self._reader.events(session, lane)
        now = self._worker.now(lane.id)
        tones = await self._ringing.tones(session, lane, limits, events, now)
        if tones.held is not None:
            return tones.at
        return folded.look_again(events, self._clock.now())

    async def _preview(
        self, lane: Conversation, channel: Channel, session: Session, bell: asyncio.Event
    ) -> bool:
        limits, previews = channel.capabilities(lane.address), self._ringing.previews
        is_loud = session.open_run is not None and not limits.silent
        if is_loud and not await previews(session, lane, limits):
            return False
        return await self._previews.follow(lane, channel, session, bell)

    async def _deliver(
        self, lane: Conversation, channel: Channel, session: Session, limits: Capabilities
    ) -> tuple[Did, Tones]:
        """Do what the plan says, up to the first failure; say how it is shown."""
        events, receipts = await self._reader.read(session, lane)
        tones, now = AS_EVER, self._worker.now(lane.id)
        if events:
            tones = await self._ringing.tones(session, lane, limits, events, now)
        if tones.held is not None:
            events = tones.shown(events)
        if not events and not receipts:
            return "nothing", tones
        place = Place(
            session=session,
            conversation=lane,
            capabilities=limits,
            hushed=tones.hushed,
            spoken=await self._languages.spoken(session, lane)
            if self._languages
            else SpokenLanguages(),
        )
        scene = await self._reader.scene(session, events)
        if _length(events) > LONG:
            plan = await asyncio.to_thread(delivery.plan, place, events, receipts, scene)
        else:
            plan = delivery.plan(place, events, receipts, scene)
        steps = in_epoch(plan, events, await self._store.epoch())
        if not steps:
            return "nothing", tones
        if not await self._do_all(steps, lane, channel, session):
            return "something", tones
        reached = steps[-1].to if isinstance(steps[-1], Advance) else START
        is_all = reached == session.head and all([each.state in SETTLED for each in receipts])
        return "all" if is_all else "something", tones

    async def _do_all(
        self, steps: Sequence[Step], lane: Conversation, channel: Channel, session: Session
    ) -> bool:
        """Do the steps, up to the first failure; say whether there was none."""
        bound = START
        try:
            for step in steps:  # in a context of this lane's own (`KeyedWorker`)
                seq = _seq_of(step)
                if seq != bound:
                    bind_contextvars(trace=self._traces.of(session.id, seq))
                    bound = seq
                if not await self._do(step, lane, channel):
                    return False
        finally:
            unbind_contextvars("trace")
        return True

    # -- one step

    async def _do(self, step: Step, lane: Conversation, channel: Channel) -> bool:
        """Do a step; False when the plan must be made anew."""
        match step:
            case Show():
                if await self._has_stopped(lane):
                    return False
                if retry.asks_first(step.tries) and not await self._is_reached(lane, channel):
                    return False
                return await self._show(step, lane, channel)
            case Resolve(part=part, receipt=receipt):
                return await self._resolve(part, receipt, lane, channel)
            case Retract():
                return await self._retract(step, lane, channel)
            case React():
                return await self._react(step, lane, channel)
            case Note(receipt=receipt):
                await self._store.record(receipt)
                _note_settled(lane, receipt)
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
        probe = _probe(channel, lane.address)
        if probe is None:
            return True
        tried_at = self._clock.now()
        try:
            await self._called(channel, lane, lambda: probe(lane.address), within=PROBE)
        except ChannelError as error:
            if retry.is_reached(error):
                return True
            await self._not_told(lane, error, tried_at, "probe")
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
        settled = replace(receipt, state=sent.state, message=sent.message)
        await self._store.record(settled, over=_TRIED)
        self._waits.took(lane)
        tally.part(lane.address.channel, "retried" if step.tries > 1 else "shown")
        _tell(lane, part, sent, step.tries)
        return True

    async def _settle(self, receipt: Receipt) -> None:
        """Keep what became of an attempt, unless the platform has said more of it meanwhile."""
        await self._store.record(receipt, over=_TRIED)

    async def _send(self, part: Part, lane: Conversation, channel: Channel) -> Sent:
        edits = part.edits
        if edits is not None and isinstance(channel, Editing):
            await self._called(channel, lane, lambda: channel.edit(lane.address, edits, part))
            return Sent(message=edits)
        return await self._called(channel, lane, lambda: channel.send(lane.address, part))

    async def _called(
        self,
        channel: Channel,
        lane: Conversation,
        call: Callable[[], Awaitable[Result]],
        *,
        within: timedelta | None = None,
    ) -> Result:
        with self.troubles.calling(channel.name):
            return await called(channel, lane.address, call, within=within)

    async def _resolve(
        self, part: Part, receipt: Receipt, lane: Conversation, channel: Channel
    ) -> bool:
        if not isinstance(channel, Resolving):
            raise TypeError(f"{channel.name} says it resolves, but has no resolve()")
        tried_at = self._clock.now()
        try:
            sent = await self._called(channel, lane, lambda: channel.resolve(lane.address, part))
        except ChannelError as error:
            code = retry.silence(error) or receipt.code
            if receipt.code != code:
                await self._store.attempt(replace(receipt, code=code, at=self._clock.now()))
            await self._not_told(lane, error, tried_at, "ask")
            return False
        now = self._clock.now()
        if sent is None and not retry.is_absent(receipt.at, asked_at=tried_at, now=now):
            again = retry.Resolve(at=now + retry.UNDER_WAY, tries=lane.tries)
            await self._waits.wait(lane, again, _UNDER_WAY, tried_at)
            return False
        await self._settle(delivery.resolved(receipt, sent))
        return False

    async def _retract(self, step: Retract, lane: Conversation, channel: Channel) -> bool:
        receipt, change = step.receipt, (lane.id, step.receipt.part)
        if isinstance(channel, Deleting):
            attempts = self._changes.get(change, 0) + 1
            if retry.asks_first(attempts) and not await self._is_reached(lane, channel):
                return False
            tried_at = self._clock.now()
            try:
                await self._called(
                    channel, lane, lambda: channel.delete(lane.address, step.message)
                )
            except ChannelError as error:
                self._changes[change] = attempts
                decision = self._decision(lane, error, doing="change", attempts=attempts)
                if not isinstance(decision, retry.Drop | retry.Lessen):
                    await self._waits.wait(lane, decision, error, tried_at)
                    return False
                receipt = replace(receipt, state="failed", why="unchanged", code=error.code)
                _note("not_taken_back", lane, receipt)
        self._changes.pop(change, None)
        await self._store.record(receipt)
        return receipt.state != "failed"  # of which the place is told

    async def _react(self, step: React, lane: Conversation, channel: Channel) -> bool:
        if isinstance(channel, Reacting):
            try:
                await self._called(
                    channel,
                    lane,
                    lambda: channel.react(lane.address, step.message, step.emoji, step.gone),
                    within=REACTING,
                )
            except ChannelError as error:
                _note("change_left_out", lane, replace(step.receipt, code=error.code))
        await self._store.record(step.receipt)
        return True

    # -- failures

    async def _not_shown(
        self, part: Part, receipt: Receipt, lane: Conversation, error: ChannelError
    ) -> None:
        """Do with the part what is to be done; the plan is made anew."""
        tally.part(lane.address.channel, "not_shown")
        told = log.info if isinstance(error, RateLimited) else log.warning
        where, name = lane.address, type(error).__name__
        told(
            "part not sent",
            account=where.channel,
            place=where.place,
            part=part.id,
            error=name,
            code=error.code,
        )
        doing: retry.Doing = "send" if part.edits is None else "change"
        decision = self._decision(lane, error, doing=doing, attempts=receipt.tries, part=part)
        if isinstance(decision, retry.Drop) and await self._send_anew(part, receipt, error):
            return
        left = retry.left(receipt, decision, error)
        if left is not None:
            await self._settle(left)
            _note_failed(lane, left, decision, is_change=part.edits is not None)
        if not isinstance(decision, retry.Drop | retry.Lessen):
            await self._waits.wait(lane, decision, error, receipt.at)

    async def _not_told(
        self, lane: Conversation, error: ChannelError, tried_at: datetime, doing: retry.Doing
    ) -> None:
        """Let a lane wait whose platform did not say what it was asked."""
        decision = self._decision(lane, error, doing=doing)
        assert not isinstance(decision, retry.Drop | retry.Lessen), "nothing was to be shown"
        await self._waits.wait(lane, decision, error, tried_at)

    def _decision(
        self,
        lane: Conversation,
        error: ChannelError,
        *,
        doing: retry.Doing,
        attempts: int = 1,
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

    async def _send_anew(self, part: Part, receipt: Receipt, error: ChannelError) -> bool:
        """Let the text that was to replace a preview be a message; False: it was no such text."""
        if part.edits is None:
            return False
        known = await self._store.receipts(part.session, part.conversation, sources=())
        preview = live_preview(known)
        if preview is None or preview.message != part.edits:
            return False
        # In this order: after a death in between the preview is found and refused once more.
        await self._store.record(retry.anew(receipt, error))
        await self._store.record(replace(preview, state="deleted"))
        return True


def _seq_of(step: Step) -> Seq:
    """Return the event that a step is about."""
    match step:
        case Show(part=each) | Resolve(part=each):
            return each.source
        case Note(receipt=known) | Retract(receipt=known) | React(receipt=known):
            return known.source
        case Advance(to=seq):
            return seq
        case _:
            assert_never(step)


def _probe(channel: Channel, address: Address) -> Callable[[Address], Awaitable[None]] | None:
    """Return what an account can be asked that leaves no trace."""
    if isinstance(channel, Probing):
        return channel.probe
    if channel.capabilities(address).typing and isinstance(channel, Typing):
        return channel.typing
    return None


def _tell(lane: Conversation, part: Part, sent: Sent, tries: int) -> None:
    """Say that a part is shown; of a recap, what it stands for too."""
    where = lane.address
    if part.upto > part.source:
        note("summarised", account=where.channel, place=where.place, part=part.id, upto=part.upto)
    if is_written():
        log.info(
            "shown",
            account=where.channel,
            place=where.place,
            part=part.id,
            state=sent.state,
            tries=tries,
        )


def _note(reason: Reason, lane: Conversation, receipt: Receipt) -> None:
    where = lane.address
    note(reason, account=where.channel, place=where.place, part=receipt.part, code=receipt.code)


def _note_failed(
    lane: Conversation, left: Receipt, decision: retry.Decision, *, is_change: bool
) -> None:
    """Note what a failure leaves out, if anything: what only waits is no loss."""
    match decision:
        case retry.Lessen():
            _note("shown_in_less", lane, left)
        case retry.Drop(why="forbidden"):
            _note("forbidden", lane, left)
        case retry.Drop() if left.state == "unknown":
            _note("outcome_unknown", lane, left)
        case retry.Drop():
            _note("change_left_out" if is_change else "refused_by_platform", lane, left)
        case _:
            pass


def _note_settled(lane: Conversation, receipt: Receipt) -> None:
    """Note what a plan leaves out of what a place is shown."""
    match receipt:
        case _ if is_preview(receipt):
            pass
        case Receipt(state="unknown"):
            _note("outcome_unknown", lane, receipt)
        case Receipt(state="skipped", why="muted"):
            _note("muted", lane, receipt)
        case Receipt(state="skipped", why="unsupported"):
            _note("unsupported", lane, receipt)
        case _:
            pass


def _length(events: Sequence[Event]) -> int:
    contents = [getattr(event.body, "content", None) for event in events]
    return sum([len(each.text) for each in contents if each is not None])
