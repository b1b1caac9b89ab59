"""What a place is owed, dropped because whoever runs the bridge says so.

The courier does it, between two plans of the lane, so that nothing is under way there. A part that
was attempted stays unknown, for it may be seen; what was never sent is skipped, and says why. What
came after it was asked is not dropped. After a death in the middle the rest is owed as before.

What was taken back is never dropped: people were told that it is gone. Where the place shows it,
the event that takes it back stays owed, behind the cursor, until the place has removed it.
"""

import asyncio
from dataclasses import dataclass, field

from bridge.delivery.shown_receipts import ShownReceipts, is_preview, part_id
from bridge.domain.events import Event, MessageDeleted, Redacted
from bridge.domain.ids import ConversationId, ParticipantId, Seq, SessionId
from bridge.domain.parts import SETTLED, Conversation, Receipt, Span
from bridge.domain.records import replace
from bridge.ports.clock import Clock
from bridge.ports.store import Store
from bridge.unseen import note

PAGE = 500

TakesBack = MessageDeleted | Redacted


@dataclass(slots=True, kw_only=True)
class LaneDrop:
    """What `by` asked to be dropped: what a place is owed of a session up to an event.

    `done` is how many events the place was behind of these. `begun`: it can not be called off.
    """

    session: SessionId
    upto: Seq
    by: ParticipantId
    begun: bool = False
    done: "asyncio.Future[int]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class LaneDrops:
    """Kept by this process alone: what a process that died was asked is asked again."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.asked: dict[ConversationId, LaneDrop] = {}
        """Where what a place is owed is to be dropped."""

    def ask(self, conversation: ConversationId, drop: LaneDrop) -> bool:
        """Have something dropped in a place; False where something else is about to be."""
        return self.asked.setdefault(conversation, drop) is drop

    def forget(self, conversation: ConversationId, drop: LaneDrop) -> bool:
        """Call it off, as whoever asked waits no longer; False where it has begun."""
        if not drop.begun and self.asked.get(conversation) is drop:
            del self.asked[conversation]
        return not drop.begun

    async def drop(self, lane: Conversation) -> None:
        """Do what was asked of a lane, if anything was."""
        asked = self.asked.get(lane.id)
        if asked is None:
            return
        asked.begun = True
        try:
            behind = await self._dropped(lane, asked) if lane.session == asked.session else 0
        except BaseException:
            asked.begun = False
            raise
        del self.asked[lane.id]
        if not asked.done.done():
            asked.done.set_result(behind)

    async def _dropped(self, lane: Conversation, asked: LaneDrop) -> int:
        for each in await self._store.receipts(asked.session, lane.id, sources=()):
            is_owed = each.state not in SETTLED and not is_preview(each)
            if is_owed and each.source <= asked.upto and not await self._takes_back(each):
                await self._store.record(self._left(each), over=[each.state])
        behind = max(0, asked.upto - lane.cursor)
        if behind:
            await self._keep_takebacks(lane, asked)
            await self._store.advance(asked.session, lane.id, asked.upto)
        where = lane.address
        note(
            "dropped",
            account=where.channel,
            place=where.place,
            events=behind,
            upto=asked.upto,
            by=asked.by,
        )
        return behind

    async def _takes_back(self, receipt: Receipt) -> bool:
        found = await self._store.read(receipt.session, after=receipt.source - 1, limit=1)
        return any(isinstance(each.body, TakesBack) for each in found)

    async def _keep_takebacks(self, lane: Conversation, asked: LaneDrop) -> None:
        """Keep owed what takes something back that the place shows."""
        after = lane.cursor
        while after < asked.upto:
            page = await self._store.read(asked.session, after=after, limit=PAGE)
            for event in page:
                if event.seq <= asked.upto and isinstance(event.body, TakesBack):
                    await self._keep(lane, event, event.body)
            after = page[-1].seq if page else asked.upto

    async def _keep(self, lane: Conversation, event: Event, body: TakesBack) -> None:
        earlier = body.earlier if isinstance(body, MessageDeleted) else ()
        targets = {body.target, *earlier}
        known = await self._store.receipts(event.session, lane.id, sources={*targets, event.seq})
        receipts = {each.part: each for each in known}
        part, shown = part_id(event.seq, 0), ShownReceipts(receipts)
        if part not in receipts and any(shown.copies(each) for each in targets):
            owed = Receipt(
                session=event.session,
                conversation=lane.id,
                part=part,
                source=event.seq,
                upto=event.seq,
                span=Span(start=0, end=0),
                state="owed",
                at=self._clock.now(),
            )
            await self._store.record(owed)

    def _left(self, receipt: Receipt) -> Receipt:
        """Return what is kept of a part that is not sent any more."""
        in_doubt = receipt.state == "attempted" or receipt.tries > 0
        return replace(
            receipt,
            state="unknown" if in_doubt else "skipped",
            why=receipt.why if in_doubt else "dropped",
            at=self._clock.now(),
        )
