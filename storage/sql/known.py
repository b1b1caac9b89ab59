"""What the hot path asks for again and again: places, identities, the receipts of busy lanes.

This process is the only writer, so what it read or committed stays true until it commits
something else. The rules:

- Told of every commit, in its order, before whoever waits for it. Where one failed, and may have
  been kept all the same, everything is learnt anew.
- What was read while something of the same place was committed is not kept: it may be older.
- Of a lane the unsettled receipts are known, and all those of sources after its `floor`.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from bridge.events import Event
from bridge.ids import ConversationId, ParticipantId, Seq, SessionId
from bridge.parts import Address, Conversation, Receipt, ReceiptState
from bridge.ports import Appended
from bridge.projection import LaneClosed, LaneOpened, project
from storage.admission import Admitted, Append, origin_receipt
from storage.receipts import ReceiptBook
from storage.sql.ops import (
    Advance,
    Enrol,
    ForgetIdentity,
    KeepReceipt,
    Move,
    Op,
    Postpone,
    Register,
    Revive,
)

_MOST = 10_000
"""Entries of each kind; then that kind is forgotten and learnt anew."""
_PARTS = 500
"""Receipts of one lane; then the lane is forgotten."""


@dataclass(slots=True)
class _Lane:
    floor: Seq
    book: ReceiptBook = field(default_factory=ReceiptBook)
    parts: int = 0

    def keep(self, receipt: Receipt, over: Collection[ReceiptState] | None = None) -> None:
        self.parts += 1
        self.book.keep(receipt, over)


class Known:
    def __init__(self) -> None:
        self._places: dict[ConversationId, Conversation] = {}
        self._at: dict[Address, ConversationId] = {}
        self._people: dict[tuple[str, str], ParticipantId] = {}
        self._lanes: dict[tuple[SessionId, ConversationId], _Lane] = {}
        self._stamps: Counter[ConversationId] = Counter()
        self._renewed = 0
        self.forgotten = 0
        """How many identities were forgotten: what was read before may be no more."""

    def stamp(self, conversation: ConversationId) -> int:
        """Return how often something of a place may have been committed."""
        return self._stamps[conversation] + self._renewed

    def forget(self) -> None:
        """Learn everything anew: something may have been committed that was not told of."""
        self._renewed += 1
        self.forgotten += 1
        self._places.clear()
        self._at.clear()
        self._people.clear()
        self._lanes.clear()

    # -- identities and places

    def person(self, realm: str, user: str) -> ParticipantId | None:
        return self._people.get((realm, user))

    def learn_person(self, realm: str, user: str, participant: ParticipantId) -> None:
        _make_room(self._people)
        self._people[realm, user] = participant

    def place(self, conversation: ConversationId) -> Conversation | None:
        return self._places.get(conversation)

    def place_at(self, address: Address) -> Conversation | None:
        known = self._places.get(self._at.get(address, ConversationId("")))
        return known if known is not None and known.address == address else None

    def learn_place(self, found: Conversation, stamp: int) -> None:
        """Note what was read when the place's stamp was this."""
        if self.stamp(found.id) == stamp:
            _make_room(self._places)
            _make_room(self._at)
            self._places[found.id] = found
            self._at[found.address] = found.id

    # -- receipts

    def receipts(
        self, session: SessionId, conversation: ConversationId, sources: Collection[Seq]
    ) -> Sequence[Receipt] | None:
        """Return what was asked for, None where it is not all here."""
        lane = self._lanes.get((session, conversation))
        if lane is None or min(sources, default=lane.floor + 1) <= lane.floor:
            return None
        return lane.book.find(sources)

    def learn_receipts(
        self,
        session: SessionId,
        conversation: ConversationId,
        found: Sequence[Receipt],
        *,
        head: Seq,
        stamp: int,
    ) -> None:
        """Note a lane's receipts that were read when the head and the stamp were these."""
        if self.stamp(conversation) != stamp:
            return
        _make_room(self._lanes)
        lane = self._lanes[session, conversation] = _Lane(head)
        for receipt in found:
            lane.keep(receipt)

    # -- commits

    def note(self, op: Op, answer: object) -> None:
        """Take in an op that was committed, and its answer."""
        match op:
            case KeepReceipt(receipt=receipt, over=over):
                self._keep(receipt, over)
            case Append():
                if isinstance(answer, Appended) and answer.fresh:
                    self._note_append(op, answer)
            case Advance(session=session, conversation=conversation, to=to):
                self._advance(session, conversation, to)
            case Postpone(conversation=conversation) | Revive(conversation=conversation):
                self._forget(conversation)
            case Move(conversation=conversation) | Register(conversation=conversation):
                self._forget(conversation)
            case Enrol(realm=realm, user=user):
                self.learn_person(realm, user, ParticipantId(str(answer)))
            case ForgetIdentity(realm=realm, user=user):
                self.forgotten += 1
                self._people.pop((realm, user), None)
            case _:
                pass

    def _note_append(self, op: Append, appended: Appended) -> None:
        receipt = origin_receipt(Admitted(appended=appended, origin=op.origin))
        if receipt is not None:
            self._keep(receipt)
        for event in appended.fresh:
            self._note_lane(event)

    def _note_lane(self, event: Event) -> None:
        match project(event.body):
            case LaneOpened(conversation=conversation) | LaneClosed(conversation=conversation):
                self._forget(conversation)
                self._lanes.pop((event.session, conversation), None)
            case _:
                pass

    def _keep(self, receipt: Receipt, over: Collection[ReceiptState] | None = None) -> None:
        self._stamps[receipt.conversation] += 1
        key = receipt.session, receipt.conversation
        lane = self._lanes.get(key)
        if lane is None:
            return
        if over is None or receipt.part in lane.book:
            lane.keep(receipt, over)
        if lane.parts > _PARTS or receipt.part not in lane.book:
            del self._lanes[key]  # of a part that is not here, nobody knows whether it was replaced

    def _advance(self, session: SessionId, conversation: ConversationId, to: Seq) -> None:
        self._stamps[conversation] += 1
        known = self._places.get(conversation)
        if known is not None and known.session == session:
            self._places[conversation] = replace(
                known, cursor=max(known.cursor, to), tries=0, due_at=None
            )

    def _forget(self, conversation: ConversationId) -> None:
        self._stamps[conversation] += 1
        self._places.pop(conversation, None)


def _make_room(entries: dict) -> None:  # type: ignore[type-arg]
    if len(entries) >= _MOST:
        entries.clear()
