"""What platforms say later: what became of a message, and that a place has moved.

The rules:

- Reports may come twice, out of order, and before the call that sent the message has returned: a
  receipt only ever moves on, from sent over delivered to read; a failure is believed unless someone
  saw the message.
- A part that failed and can be shown once the person writes again is owed, and its lane waits;
  unless they wrote since it was attempted: then it is shown at once.
- A part that was refused is owed in less (`bridge.lesser`), or the line that says it is missing is.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from bridge.errors import Refused
from bridge.ids import ConversationId
from bridge.inbound import Relocated, Reported
from bridge.parts import Conversation, Receipt, ReceiptState, Span
from bridge.ports import Clock, Store
from bridge.retry import further
from bridge.shown import loss_id
from bridge.workers.last_words import LastWords

RANKS: tuple[ReceiptState, ...] = ("attempted", "unknown", "submitted", "sent", "delivered", "read")
"""From the least to the most that is known of a message."""


class Reports:
    """`woken` hears of a lane in which there is something to do again."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        last_words: LastWords,
        woken: Callable[[ConversationId], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._last_words = last_words
        self._woken = woken

    async def take(self, reported: Reported) -> None:
        """Keep what became of a message. What is not ours, or no longer, is ignored."""
        key = reported.key
        if key is not None and key.epoch != (await self._store.epoch()).id:
            return
        lane = await self._store.conversation_at(reported.address)
        if lane is None or lane.session is None:
            return
        receipt = await self._receipt(lane, reported)
        if receipt is None or receipt.state not in _less_than(reported):
            return
        if reported.again:
            await self._owe(lane, receipt, reported)
        elif reported.state == "failed":
            await self._lessen(receipt, reported)
        else:
            known = replace(receipt, state=reported.state, message=reported.message)
            known = replace(known, code=reported.code, at=self._clock.now())
            await self._store.record(known, over=_less_than(reported))
        self._woken(lane.id)

    async def relocate(self, relocated: Relocated) -> None:
        known = await self._store.conversation_at(relocated.address)
        if known is not None:
            with suppress(Refused):  # the new address has a lane of its own by now
                await self._store.move(known.id, place=relocated.place)

    async def _owe(self, lane: Conversation, receipt: Receipt, reported: Reported) -> None:
        assert lane.session is not None
        if not self._last_words.since(lane.id, receipt.at):
            # The lane stops first: a part that is owed is sent as soon as anyone looks.
            await self._store.postpone(
                lane.session,
                lane.id,
                until=None,
                tries=lane.tries,
                error=reported.code,
                suspended=True,
            )
            if self._last_words.since(lane.id, receipt.at):
                await self._store.revive(lane.id)
        owed = replace(receipt, state="owed", message=None, tries=0, code=reported.code)
        await self._store.record(owed, over=_less_than(reported))

    async def _lessen(self, receipt: Receipt, reported: Reported) -> None:
        less = further(receipt.why, reported.less)
        known = replace(receipt, at=self._clock.now(), code=reported.code)
        if less:
            owed = replace(known, state="owed", message=None, tries=0, why=less)
            await self._store.record(owed, over=_less_than(reported))
            return
        failed = replace(known, state="failed", message=reported.message)
        if receipt.part != loss_id(receipt.source):
            # The line first: after a death in between the report comes again.
            span = Span(start=0, end=0)
            line = replace(known, part=loss_id(receipt.source), span=span, state="owed", tries=0)
            await self._store.record(replace(line, message=None, why=""))
        await self._store.record(failed, over=_less_than(reported))

    async def _receipt(self, lane: Conversation, reported: Reported) -> Receipt | None:
        """Return the receipt of what was sent.

        What is under way is looked through first: it may be settled between the two looks, but what
        is settled is not under way again with the same message.
        """
        assert lane.session is not None
        under_way = await self._store.receipts(lane.session, lane.id, sources=())
        receipt = _told_of(reported, lane, under_way)
        if receipt is not None:
            return receipt
        source = await self._store.source_of(lane.id, reported.message)
        if source is None:
            return None
        known = await self._store.receipts(lane.session, lane.id, sources=(source,))
        return _told_of(reported, lane, known)


def _told_of(reported: Reported, lane: Conversation, known: Sequence[Receipt]) -> Receipt | None:
    key = reported.key
    if key is None:
        return next((each for each in known if each.message == reported.message), None)
    ours = (key.session, key.conversation) == (lane.session, lane.id)
    return next((each for each in known if ours and each.part == key.part), None)


def _less_than(reported: Reported) -> Sequence[ReceiptState]:
    """Return the states of a message of which less is known than this report says."""
    end = "delivered" if reported.state == "failed" else reported.state
    return RANKS[: RANKS.index(end)]
