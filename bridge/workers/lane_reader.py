"""What a plan of delivery is made from: the events that a lane has still to show, and its receipts.

A lane may have something owed before its cursor, which a later failure made so: that comes first.
"""

from collections.abc import Sequence

from bridge.events import Event
from bridge.ids import Seq
from bridge.parts import SETTLED, Conversation, Receipt
from bridge.ports import Clock, Store
from bridge.session import Session
from bridge.showing import Scene, people_in, places_in, referred
from bridge.shown import is_preview, live_preview
from bridge.workers.names import Names

PAGE = 500
FARTHEST = 5000
"""Events read for one plan at most: what is farther behind becomes a recap and another plan."""

Reading = tuple[Sequence[Event], Sequence[Receipt]]


class LaneReader:
    """Reads for the courier. `several`: more than one agent may answer."""

    def __init__(self, store: Store, names: Names, clock: Clock, *, several: bool) -> None:
        self._store = store
        self._names = names
        self._clock = clock
        self._several = several

    async def read(self, session: Session, lane: Conversation) -> Reading:
        """Return what is to be shown next, and the receipts that a plan needs."""
        events = await self.events(session, lane)
        receipts = await self._receipts(session, lane, events)
        owed = await self._owed(session, lane, receipts)
        if owed:
            return owed, await self._receipts(session, lane, owed)
        return events, receipts

    async def scene(self, session: Session, events: Sequence[Event]) -> Scene:
        """Return what one must know beside the lane to show these events."""
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

    async def events(self, session: Session, lane: Conversation) -> Sequence[Event]:
        """Return the events past the lane's cursor, as many as one plan takes."""
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

    async def _event(self, session: Session, seq: Seq) -> Event | None:
        found = await self._store.read(session.id, after=seq - 1, limit=1)
        return found[0] if found else None
