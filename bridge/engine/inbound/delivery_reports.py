"""What platforms say later: what became of a message, and that a place has moved.

The rules:

- Reports may come twice, out of order, and before the call that sent the message has returned: a
  receipt only ever moves on, from sent over delivered to read; a failure is believed unless someone
  saw the message.
- A part that failed and can be shown once the person writes again is owed, and its lane waits;
  unless they wrote since it was attempted: then it is shown at once.
- A part that was refused is owed in less (`bridge.delivery.lesser`), or the line that says it is
  missing is: after it is known to be missing, for before that nothing is to be told.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog
from structlog.contextvars import bind_contextvars

from bridge.delivery.notify import is_reminder
from bridge.delivery.retry import further
from bridge.delivery.shown_receipts import SILENT, is_loss, is_preview, loss_of
from bridge.domain.errors import Refused
from bridge.domain.ids import ConversationId
from bridge.domain.inbound import Relocated, Reported
from bridge.domain.parts import Conversation, Receipt, ReceiptState, Span, Why
from bridge.engine.last_inbound import LastInbound
from bridge.engine.traces import Traces
from bridge.ports.clock import Clock
from bridge.ports.store import Store
from bridge.unseen import Reason, note

log = structlog.get_logger()

RANKS: tuple[ReceiptState, ...] = ("attempted", "unknown", "submitted", "sent", "delivered", "read")
"""From the least to the most that is known of a message."""

_TOLD_OTHERWISE: frozenset[Why] = frozenset({"unchanged", "forbidden"})
"""Of what failed for these no such line tells."""


class DeliveryReports:
    """`woken` hears of a lane in which there is something to do again.

    `traces`: how what was sent is called in the log of the process.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        last_inbound: LastInbound,
        woken: Callable[[ConversationId], None],
        traces: Traces | None = None,
    ) -> None:
        self._traces = traces or Traces()
        self._store = store
        self._clock = clock
        self._last_inbound = last_inbound
        self._woken = woken

    async def take(self, reported: Reported) -> None:
        """Keep what became of a message. What is not ours, or no longer, is noted and left."""
        bind_contextvars(trace=f"{reported.address.channel}:{reported.message}")
        key = reported.key
        if key is not None and key.epoch != (await self._store.epoch()).id:
            _leave(reported, "another epoch")
            return
        lane = await self._store.conversation_at(reported.address)
        if lane is None or lane.session is None:
            _leave(reported, "unknown place")
            return
        receipt = await self._receipt(lane, reported)
        if receipt is None:
            _leave(reported, "unknown message")
            return
        bind_contextvars(trace=self._traces.of(lane.session, receipt.source))
        if receipt.state not in _less_than(reported):
            if reported.state == "failed" and not reported.again:
                await self._tell_of(receipt)  # it comes again after a death in the middle
            _leave(reported, "more is known")
            return
        log.info(
            "reported",
            account=lane.address.channel,
            conversation=lane.id,
            part=receipt.part,
            state="owed" if reported.again else reported.state,
            code=reported.code,
        )
        if reported.again:
            await self._owe(lane, receipt, reported)
        elif reported.state == "failed":
            await self._lessen(lane, receipt, reported)
        else:
            known = replace(receipt, state=reported.state, message=reported.message)
            code = receipt.code if receipt.code == SILENT and not reported.code else reported.code
            known = replace(known, code=code, at=self._clock.now())
            await self._store.record(known, over=_less_than(reported))
        self._woken(lane.id)

    async def relocate(self, relocated: Relocated) -> None:
        known, address = await self._store.conversation_at(relocated.address), relocated.address
        try:
            if known is not None:
                await self._store.move(known.id, place=relocated.place)
                return
        except Refused:  # the new address has a lane of its own by now
            pass
        note("move_not_made", account=address.channel, place=address.place)

    async def _owe(self, lane: Conversation, receipt: Receipt, reported: Reported) -> None:
        assert lane.session is not None
        if not self._last_inbound.since(lane.id, receipt.at):
            _note("place_closed", lane, receipt, reported.code)
            # The lane stops first: a part that is owed is sent as soon as anyone looks.
            await self._store.postpone(
                lane.session,
                lane.id,
                until=None,
                tries=lane.tries,
                error=reported.code,
                suspended=True,
            )
            if self._last_inbound.since(lane.id, receipt.at):
                await self._store.revive(lane.id)
        owed = replace(receipt, state="owed", message=None, tries=0, code=reported.code)
        await self._store.record(owed, over=_less_than(reported))

    async def _lessen(self, lane: Conversation, receipt: Receipt, reported: Reported) -> None:
        less = further(receipt.why, reported.less)
        known = replace(receipt, at=self._clock.now(), code=reported.code)
        reason: Reason = "shown_in_less" if less else "refused_by_platform"
        _note(reason, lane, receipt, reported.code)
        if less:
            owed = replace(known, state="owed", message=None, tries=0, why=less)
            await self._store.record(owed, over=_less_than(reported))
            return
        failed = replace(known, state="failed", message=reported.message)
        await self._store.record(failed, over=_less_than(reported))
        await self._tell_of(failed)

    async def _tell_of(self, receipt: Receipt) -> None:
        """Owe the line that tells of a part that failed, unless it was begun before."""
        if is_loss(receipt.part) or is_preview(receipt) or is_reminder(receipt):
            return
        known = await self._store.receipts(
            receipt.session, receipt.conversation, sources=(receipt.source,)
        )
        by_part, line = {each.part: each for each in known}, loss_of(receipt)
        failed, told = by_part.get(receipt.part), by_part.get(line)
        if failed is None or failed.state != "failed" or failed.why in _TOLD_OTHERWISE:
            return
        if told is not None and told.state != "skipped":
            return
        span, at = Span(start=0, end=0), self._clock.now()
        owed = replace(failed, part=line, span=span, state="owed", at=at, tries=0)
        await self._store.record(replace(owed, message=None, why=""))
        self._woken(receipt.conversation)

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


def _note(reason: Reason, lane: Conversation, receipt: Receipt, code: str) -> None:
    where = lane.address
    note(reason, account=where.channel, place=where.place, part=receipt.part, code=code)


def _leave(reported: Reported, why: str) -> None:
    address = reported.address
    note(
        "stale_report",
        account=address.channel,
        place=address.place,
        message=reported.message,
        state=reported.state,
        why=why,
    )


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
