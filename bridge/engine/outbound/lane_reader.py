"""What a plan of delivery is made from: the events that a lane has still to show, and its receipts.

A lane may have something owed before its cursor, which a later failure made so: that comes first.
Lanes of a session that have come equally far have the same to show: it is read, and looked through,
once for all of them.

`unread` says which calls a place has not shown whole, so that nobody can approve them from there.
A client of the HTTP side shows every call whole by itself; it is no place in the store, and nobody
knows what it has shown by now. So words typed there, which may have been on their way when the
question came, answer it only as a reply to it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import is_

from bridge import texts
from bridge.delivery import call_display
from bridge.delivery.recap import RECAP_LATEST
from bridge.delivery.rendering import Scene, people_in, places_in, referred
from bridge.delivery.shown_receipts import live_preview, owed_before, was_shown
from bridge.domain.commands import Answer
from bridge.domain.events import ConversationLinked, Event, PlannedCall
from bridge.domain.ids import ConversationId, QuestionId, Seq
from bridge.domain.parts import Conversation, Receipt, Reply
from bridge.domain.records import replace
from bridge.engine.last_said import last_said
from bridge.engine.names import CLIENTS, DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.store import Store
from bridge.session import visible
from bridge.session.fold import OpenQuestion, Session
from bridge.session.tool_grants import DENYING

PAGE = 500
AT_ONCE = timedelta(seconds=1)
"""How long what was looked up to show events in one place serves the next."""
MOST_AT_ONCE = 4_000
"""Characters of a call that are looked at on the loop."""
FARTHEST = 5000
"""Events read for one plan at most: what is farther behind becomes a recap and another plan."""

Reading = tuple[Sequence[Event], Sequence[Receipt]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unshown:
    """What is past a cursor of a session; `sources` are those events and what they refer to."""

    session: Session
    after: Seq
    events: Sequence[Event]
    sources: frozenset[Seq]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A scene, and what it was made for."""

    session: Session
    events: Sequence[Event]
    scene: Scene

    def serves(self, session: Session, events: Sequence[Event], now: datetime) -> bool:
        """Say whether it says of these events just what was looked up for them."""
        is_now = session is self.session and abs(now - self.scene.now) <= AT_ONCE
        return is_now and (events is self.events or _are_same(events, self.events))


class LaneReader:
    """Reads for the courier. `several`: more than one agent may answer."""

    def __init__(self, store: Store, names: DisplayNames, clock: Clock, *, several: bool) -> None:
        self._store = store
        self._names = names
        self._clock = clock
        self._several = several
        self._last: _Shown | None = None
        self._unshown: _Unshown | None = None

    async def read(self, session: Session, lane: Conversation) -> Reading:
        """Return what is to be shown next, and the receipts that a plan needs."""
        events = await self.events(session, lane)
        receipts = await self._receipts(session, lane, events)
        owed = await self._owed(session, lane, receipts) if receipts else ()
        if owed:
            return owed, await self._receipts(session, lane, owed)
        return events, receipts

    async def scene(self, session: Session, events: Sequence[Event]) -> Scene:
        """Return what one must know beside the lane to show these events.

        Many places in a row are shown the same ones: what the last scene says serves them all.
        """
        now, last = self._clock.now(), self._last
        if last is None or not last.serves(session, events, now):
            scene = await self._scene(session, events, now)
            self._last = _Shown(session=session, events=events, scene=scene)
            return scene
        return last.scene if last.scene.now == now else replace(last.scene, now=now)

    async def _scene(self, session: Session, events: Sequence[Event], now: datetime) -> Scene:
        found = [await self._event(session, seq) for seq in referred(events)]
        related = {event.seq: event for event in found if event is not None}
        bodies = [event.body for event in (*events, *related.values())]
        people = {who for body in bodies for who in people_in(body)}
        places = {place for body in bodies for place in places_in(body)}
        return Scene(
            now=now,
            several=self._several,
            names=await self._names.in_session(session, people),
            places={place: await self._names.where(place) for place in places},
            related=related,
            labels=self._names.labels,
            epoch=(await self._store.epoch()).id,
            missed=await self._missed(session, events),
        )

    async def _missed(self, session: Session, events: Sequence[Event]) -> Mapping[Seq, str]:
        """Return what was said last before each private place came that is told what it follows."""
        missed = {}
        for seq, linked in [(each.seq, each.body) for each in events]:
            if not isinstance(linked, ConversationLinked) or not linked.welcome:
                continue
            place = await self._store.conversation(linked.conversation)
            if place is not None and not place.room:
                after = visible.hidden_in(session, place)
                said = last_said(
                    self._store, self._names, session, RECAP_LATEST, after=after, upto=seq - 1
                )
                missed[seq] = await said
        return missed

    async def _owed(
        self, session: Session, lane: Conversation, receipts: Sequence[Receipt]
    ) -> Sequence[Event]:
        """Return the events before the cursor that a later failure made owed again."""
        seqs = owed_before(receipts, lane.cursor)
        if isinstance(seqs, range):
            return await self._between(session, seqs.start - 1, seqs.stop - 1)
        found = [await self._event(session, seq) for seq in seqs]
        return [event for event in found if event is not None]

    async def events(self, session: Session, lane: Conversation) -> Sequence[Event]:
        """Return the events past the lane's cursor, as many as one plan takes."""
        known, after = self._unshown, lane.cursor
        if after >= session.head:
            return ()
        if known is None or known.session is not session or known.after != after:
            events = tuple(await self._between(session, after, session.head))
            known = _Unshown(session=session, after=after, events=events, sources=_sources(events))
            self._unshown = known
        return known.events

    async def _between(self, session: Session, after: Seq, upto: Seq) -> Sequence[Event]:
        found: list[Event] = []
        while after < upto and len(found) < FARTHEST:
            page = await self._store.read(session.id, after=after, limit=PAGE)
            found += [event for event in page if event.seq <= upto]
            if len(page) < PAGE:
                break
            after = page[-1].seq
        return found

    async def _receipts(
        self, session: Session, lane: Conversation, events: Sequence[Event]
    ) -> Sequence[Receipt]:
        known = self._unshown
        is_known = known is not None and events is known.events
        sources = known.sources if known is not None and is_known else _sources(events)
        receipts = await self._store.receipts(session.id, lane.id, sources=sources)
        preview = live_preview(receipts) if receipts and events else None
        if preview is None:
            return receipts
        sources |= frozenset(range(preview.source + 1, events[-1].seq + 1))
        return await self._store.receipts(session.id, lane.id, sources=sources)

    async def _event(self, session: Session, seq: Seq) -> Event | None:
        found = await self._store.read(session.id, after=seq - 1, limit=1)
        return found[0] if found else None


def _are_same(some: Sequence[Event], others: Sequence[Event]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


def _sources(events: Sequence[Event]) -> frozenset[Seq]:
    """Return the numbers of events, and of those that they refer to."""
    return frozenset([event.seq for event in events]) | referred(events) if events else frozenset()


# -- calls that were not shown whole ---------------------------------------------------------------


async def unread(
    store: Store, session: Session, where: ConversationId | None, *, typed: bool
) -> frozenset[QuestionId]:
    """Return the questions about calls that were not shown whole in a place.

    What is `typed` may come before the end of a question has arrived there; a button is that end.
    """
    about = {key: each for key, each in session.questions.items() if each.call is not None}
    if typed and where in CLIENTS:
        return frozenset(about)
    lane = await store.conversation(where) if about and where is not None else None
    if lane is None:
        return frozenset()
    receipts = await store.receipts(
        session.id, lane.id, sources={each.asked for each in about.values()}
    )

    async def is_unread(question: OpenQuestion) -> bool:
        if typed and lane.cursor < question.asked:
            return True
        return not (was_shown(receipts, question.asked) and await _fits(question.call))

    return frozenset([key for key, each in about.items() if await is_unread(each)])


async def _fits(call: PlannedCall | None) -> bool:
    """Say whether a call is shown whole in a place; a long one is looked at beside the loop."""
    assert call is not None
    if len(call.arguments) <= MOST_AT_ONCE:
        return call_display.fits_in_parts(call)
    return await asyncio.to_thread(call_display.fits_in_parts, call)


def refusal(answer: Answer, unread: frozenset[QuestionId]) -> Reply | None:
    """Return what is said to whoever lets a call run that they cannot have read."""
    if answer.question not in unread or answer.answer in DENYING:
        return None
    is_client = answer.conversation in CLIENTS
    return Reply(text=texts.CALL_MEANWHILE if is_client else texts.CALL_NOT_SHOWN, refused=True)
