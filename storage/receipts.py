"""The receipts of one lane in memory, found by source, by message, or by being unsettled."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from operator import attrgetter

from bridge.domain.ids import MessageId, PartId, Seq
from bridge.domain.parts import SETTLED, Receipt, ReceiptState


class ReceiptBook:
    def __init__(self) -> None:
        self._by_part: dict[PartId, Receipt] = {}
        self._parts: dict[Seq, set[PartId]] = defaultdict(set)
        self._unsettled: set[PartId] = set()
        self._shows: dict[MessageId, set[PartId]] = defaultdict(set)

    def __contains__(self, part: PartId) -> bool:
        return part in self._by_part

    @property
    def unsettled(self) -> bool:
        return bool(self._unsettled)

    def keep(self, receipt: Receipt, over: Collection[ReceiptState] | None = None) -> None:
        """Keep a receipt in place of an earlier one of its part, if that is in such a state."""
        known = self._by_part.get(receipt.part)
        if known is not None and over is not None and known.state not in over:
            return
        self._drop(receipt.part)
        self._by_part[receipt.part] = receipt
        self._parts[receipt.source].add(receipt.part)
        if receipt.state not in SETTLED:
            self._unsettled.add(receipt.part)
        if receipt.message is not None:
            self._shows[receipt.message].add(receipt.part)

    def find(self, sources: Collection[Seq]) -> Sequence[Receipt]:
        """Return the receipts of these sources and every unsettled one, in their order."""
        parts = self._unsettled.union(*[self._parts.get(source, ()) for source in sources])
        if not parts:
            return []
        found = [self._by_part[part] for part in parts]
        return sorted(found, key=attrgetter("source", "part"))

    def source_of(self, message: MessageId) -> Seq | None:
        """Return the last event that a message shows."""
        parts = self._shows.get(message, ())
        return max((self._by_part[part].source for part in parts), default=None)

    def _drop(self, part: PartId) -> None:
        old = self._by_part.pop(part, None)
        if old is None:
            return
        self._parts[old.source].discard(part)
        self._unsettled.discard(part)
        if old.message is not None:
            self._shows[old.message].discard(part)
