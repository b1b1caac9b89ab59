"""What a place is owed, dropped because whoever runs the bridge says so.

The courier does it, between two plans of the lane, so that nothing is under way there. A part that
was attempted stays unknown, for it may be seen; what was never sent is skipped, and says why. What
came after it was asked is not dropped. After a death in the middle the rest is owed as before.
"""

import asyncio
from dataclasses import dataclass, field

from bridge.delivery.shown_receipts import is_preview
from bridge.domain.ids import ConversationId, ParticipantId, Seq, SessionId
from bridge.domain.parts import SETTLED, Conversation, Receipt
from bridge.domain.records import replace
from bridge.ports.clock import Clock
from bridge.ports.store import Store
from bridge.unseen import note


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
        self._asked: dict[ConversationId, LaneDrop] = {}

    def ask(self, conversation: ConversationId, drop: LaneDrop) -> bool:
        """Have something dropped in a place; False where something else is about to be."""
        return self._asked.setdefault(conversation, drop) is drop

    def forget(self, conversation: ConversationId, drop: LaneDrop) -> bool:
        """Call it off, as whoever asked waits no longer; False where it has begun."""
        if not drop.begun and self._asked.get(conversation) is drop:
            del self._asked[conversation]
        return not drop.begun

    def is_asked(self, conversation: ConversationId) -> bool:
        """Say whether what a place is owed is to be dropped."""
        return conversation in self._asked

    async def drop(self, lane: Conversation) -> None:
        """Do what was asked of a lane, if anything was."""
        asked = self._asked.get(lane.id)
        if asked is None:
            return
        asked.begun = True
        try:
            behind = await self._dropped(lane, asked) if lane.session == asked.session else 0
        except BaseException:
            asked.begun = False
            raise
        del self._asked[lane.id]
        if not asked.done.done():
            asked.done.set_result(behind)

    async def _dropped(self, lane: Conversation, asked: LaneDrop) -> int:
        for each in await self._store.receipts(asked.session, lane.id, sources=()):
            if each.state not in SETTLED and not is_preview(each) and each.source <= asked.upto:
                await self._store.record(self._left(each), over=[each.state])
        behind = max(0, asked.upto - lane.cursor)
        if behind:
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

    def _left(self, receipt: Receipt) -> Receipt:
        """Return what is kept of a part that is not sent any more."""
        in_doubt = receipt.state == "attempted" or receipt.tries > 0
        return replace(
            receipt,
            state="unknown" if in_doubt else "skipped",
            why=receipt.why if in_doubt else "dropped",
            at=self._clock.now(),
        )
