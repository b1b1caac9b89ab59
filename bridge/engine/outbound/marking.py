"""Marks: an emoji on each message that asked the agent shows how far the bridge is with it.

The rules:

- What is to be shown is derived: from the fold (`bridge.session.marks`), and from the receipts that
  say which mark each message has. Only where they differ something is done; so a mark is right
  after a crash, and what changed twice meanwhile is shown once.
- A mark holds up nothing: this works beside the lanes, and a failure is noted and left. It is
  tried again a few times at most, and soon; then it counts as shown. But one that says that work is
  going on is taken off as soon as the platform takes calls again, within a day.
- A change may be several calls. What may be there since one of them failed is taken off with the
  next change, also where the failed one counts as shown.
- A place that takes no reactions is not asked again before the next start.
- What was asked long ago and never marked is left alone.
- Where a message has a mark that is not the last one, a fact says so: its place is looked at first
  at the next start. What a process that died may have shown there is taken off, whatever it was,
  also where nothing is to be marked any more.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bridge.domain.errors import (
    ChangeRefused,
    ChannelError,
    Gone,
    RateLimited,
    Rejected,
    Unauthorized,
)
from bridge.domain.ids import ChannelName, ConversationId, MessageId, PartId, Seq, SessionId
from bridge.domain.parts import Conversation, Receipt, Span
from bridge.domain.reactions import EMOJI_OF, MARKS
from bridge.domain.records import replace
from bridge.engine.access.admission import Admission
from bridge.engine.keyed_worker import KeyedWorker
from bridge.engine.outbound.calls import called
from bridge.engine.store_health import StoreHealth
from bridge.ports.channel import Channel, Reacting
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session.fold import Session
from bridge.session.marks import OPEN_MARKS, is_open
from bridge.session.state import Asked

log = structlog.get_logger()

SCOPE = "marked"
"""Of the facts that name the places in which a mark is not the last one."""

MOST_TRIES = 3
AGAIN = timedelta(seconds=5)
MOST_PAUSE = timedelta(minutes=5)
ENDS_WITHIN = timedelta(days=1)
"""How long it is tried to take off a mark that is not true any more."""

LONGEST_WAIT = timedelta(minutes=2)
LONG_AGO = timedelta(minutes=10)
WITHIN = timedelta(seconds=15)
"""How long one call may take."""


Shown = Callable[[], Awaitable[None]]


def _asked(session: Session, place: ConversationId) -> tuple[Asked, ...]:
    return tuple([each for each in session.asked if each.place == place])


def mark_id(seq: Seq) -> PartId:
    return PartId(f"mark:{seq}")


class Marking:
    """Marks the messages of the places that it is woken for."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        channels: Mapping[ChannelName, Channel],
        *,
        admission: Admission,
        clock: Clock,
        health: StoreHealth,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._channels = channels
        self._admission = admission
        self._clock = clock
        self._worker = KeyedWorker("marking", self._work_on, clock, health)
        self._settled: dict[ConversationId, tuple[SessionId, tuple[Asked, ...]]] = {}
        self._refusing: set[ConversationId] = set()
        self._unmarked: set[ConversationId] = set()
        """Where the configuration marks nothing, and nothing is left to be taken off."""
        self._tries: dict[tuple[ConversationId, Seq], int] = {}
        self._noted: set[ConversationId] | None = None
        self._doubtful: set[ConversationId] = set()
        self._sure: set[tuple[ConversationId, Seq]] = set()
        self._half: dict[tuple[ConversationId, Seq], frozenset[str]] = {}
        """What may be there since a change failed, of which nobody knows how much was made."""

    def wake(self, session: Session) -> None:
        """Look at the places from which the agent was asked, where anything has changed."""
        places = {each.place for each in session.asked} & session.conversations.keys()
        for place in places - self._refusing - self._unmarked:
            if self._settled.get(place) != (session.id, _asked(session, place)):
                self._worker.wake(place)

    async def recall(self) -> None:
        """Look again at what a process that died may have left in between."""
        for conversation in tuple(await self._places()):
            self._worker.wake(conversation)

    async def close(self, grace: float) -> None:
        await self._worker.close(grace)

    async def _work_on(self, conversation: ConversationId) -> datetime | None:
        """Mark what is to be marked; return when to look again."""
        lane = await self._store.conversation(conversation)
        channel = self._channels.get(lane.address.channel) if lane is not None else None
        if lane is None or channel is None or lane.session is None or lane.suspended:
            return None
        session = await self._sessions.fold(lane.session)
        asked = _asked(session, conversation)
        is_marked, is_able = self._is_marked(lane), _is_able(lane, channel)
        is_left = is_able and conversation in await self._places()  # by a process that marked
        if not is_able or not (is_marked or is_left):  # not looked at with every event
            self._settled[conversation] = (session.id, asked)
            if not is_marked and conversation not in await self._places():
                self._unmarked.add(conversation)
            return None
        if not asked or self._settled.get(conversation) == (session.id, asked):
            return None
        if not await self._admission.may_show(lane, session):
            return None
        wanted = asked if is_marked else tuple(replace(each, mark="none") for each in asked)
        again = await self._mark(lane, channel, session, wanted)
        if again is None:
            self._settled[conversation] = (session.id, asked)
            await self._note(conversation, left=any(map(is_open, wanted)))
        return again

    def _is_marked(self, lane: Conversation) -> bool:
        return self._admission.account(lane.address.channel).marks(room=lane.room)

    async def _mark(
        self, lane: Conversation, channel: Channel, session: Session, asked: tuple[Asked, ...]
    ) -> datetime | None:
        sources = {each.seq for each in asked}
        receipts = await self._store.receipts(session.id, lane.id, sources=sources)
        known = {each.part: each.code for each in receipts}
        messages = {
            each.source: each.message
            for each in receipts
            if each.why == "origin" and each.message is not None
        }
        again: list[datetime] = []
        await self._places()
        for each in asked:
            had, message = known.get(mark_id(each.seq)), messages.get(each.seq)
            is_old = had is None and self._clock.now() - each.at > LONG_AGO
            if had == each.mark or message is None or is_old:
                continue
            if is_open(each):
                await self._note(lane.id, left=True)
            gone = self._gone(lane.id, each, had)
            call = _call(channel, lane, message, EMOJI_OF[each.mark], gone)
            ends = not is_open(each) and (had in OPEN_MARKS or bool(gone))
            self._half[lane.id, each.seq] = frozenset([EMOJI_OF[each.mark], *gone]) - {""}
            at = await self._show(lane, session, each, call, ends=ends)
            if at is not None:
                again.append(at)
            if lane.id in self._refusing:
                return None
        return min(again, default=None)

    async def _show(
        self, lane: Conversation, session: Session, asked: Asked, call: Shown, *, ends: bool
    ) -> datetime | None:
        """Show one mark; return when to try again, None when it is settled.

        `ends`: it takes the place of one that is not true any more.
        """
        channel, where = self._channels[lane.address.channel], lane.address
        try:
            await called(channel, where, call, within=WITHIN)
        except ChannelError as error:
            log.info(
                "not marked",
                account=where.channel,
                place=where.place,
                code=error.code,
                why=str(error),
            )
            at = self._again(lane, asked, error, ends=ends)
            if at is not None:
                return at
            if isinstance(error, ChangeRefused):  # the message is gone
                self._half.pop((lane.id, asked.seq), None)
        else:
            self._half.pop((lane.id, asked.seq), None)
        self._tries.pop((lane.id, asked.seq), None)
        if lane.id in self._doubtful:
            self._sure.add((lane.id, asked.seq))
        await self._store.record(_receipt(session, lane, asked, self._clock.now()))
        return None

    def _gone(self, place: ConversationId, asked: Asked, had: str | None) -> Sequence[str]:
        """Return which emoji are to be taken off: what is there, or may be."""
        known = {each for mark, each in EMOJI_OF.items() if mark == had}
        if place in self._doubtful and (place, asked.seq) not in self._sure:
            known |= set(MARKS)
        known |= self._half.get((place, asked.seq), frozenset())
        return [each for each in MARKS if each in known - {EMOJI_OF[asked.mark]}]

    def _again(
        self, lane: Conversation, asked: Asked, error: ChannelError, *, ends: bool
    ) -> datetime | None:
        now = self._clock.now()
        match error:
            case ChangeRefused():
                return None
            case Rejected() | Gone() | Unauthorized():
                self._refusing.add(lane.id)
                return None
            case _:
                tries = self._tries.get((lane.id, asked.seq), 0) + 1
                self._tries[lane.id, asked.seq] = tries
                pause = min(AGAIN * 2 ** (tries - 1), MOST_PAUSE)
                at = error.until if isinstance(error, RateLimited) else now + pause
                if ends:
                    return at if at - asked.at <= ENDS_WITHIN else None
                return at if tries < MOST_TRIES and at - now <= LONGEST_WAIT else None

    async def _places(self) -> set[ConversationId]:
        if self._noted is None:
            self._noted = {ConversationId(each) for each in await self._store.facts(SCOPE)}
            self._doubtful = set(self._noted)
        return self._noted

    async def _note(self, conversation: ConversationId, *, left: bool) -> None:
        """Keep whether a mark of a place is not the last one."""
        noted = await self._places()
        if left and conversation not in noted:
            await self._store.keep_fact(SCOPE, conversation, "1")
            noted.add(conversation)
        elif not left and conversation in noted:
            await self._store.drop_fact(SCOPE, conversation)
            noted.discard(conversation)


def _is_able(lane: Conversation, channel: Channel) -> bool:
    return channel.capabilities(lane.address).reacts and isinstance(channel, Reacting)


def _call(
    channel: Channel, lane: Conversation, message: MessageId, emoji: str, gone: Sequence[str]
) -> Shown:
    if not isinstance(channel, Reacting):
        raise TypeError(f"{channel.name} says it reacts, but has no react()")
    shown = [emoji] if emoji else []
    return lambda: channel.react(lane.address, message, shown, gone)


def _receipt(session: Session, lane: Conversation, asked: Asked, now: datetime) -> Receipt:
    """Return what says which mark a message has: it is no message, so nothing was sent."""
    return Receipt(
        session=session.id,
        conversation=lane.id,
        part=mark_id(asked.seq),
        source=asked.seq,
        upto=asked.seq,
        span=Span(start=0, end=0),
        state="skipped",
        at=now,
        code=asked.mark,
    )
