"""What this process need not ask the database for again, for it is the only writer.

`HotCache` knows what the hot path asks for: places, identities, the receipts of busy lanes. What
it read or committed stays true until this process commits something else. The rules:

- Told of every commit, in its order, before whoever waits for it. Where one failed, and may have
  been kept all the same, everything is learnt anew.
- What was read while something of the same place was committed is not kept: it may be older.
- Of a lane the unsettled receipts are known, and all those of sources after its `floor`.

`EventCache` knows the last events of the sessions that are in use. Whoever follows a session live
reads what was appended a moment ago; many do at once. Events change when somebody is
forgotten alone, and all of this is learnt anew then; so what was committed need not be read back.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import assert_type

from bridge.domain.events import Event
from bridge.domain.ids import ConversationId, ParticipantId, Seq, SessionId
from bridge.domain.parts import Address, Conversation, Receipt, ReceiptState
from bridge.domain.projection import (
    ArchivedSet,
    LaneClosed,
    LaneOpened,
    SlotSet,
    TitleSet,
    UsageKept,
    project,
)
from bridge.domain.records import replace
from bridge.ports.store import Appended
from storage.append_rules import Admitted, Append, origin_receipt
from storage.receipts import ReceiptBook
from storage.sql.ops import (
    Advance,
    CreateSession,
    Enrol,
    FactWrite,
    ForgetIdentity,
    Forgetting,
    IssueToken,
    KeepReceipt,
    KeepSnapshot,
    Move,
    Op,
    Postpone,
    PutSession,
    Register,
    Rename,
    Revive,
    RevokeTokens,
    Settle,
)

# -- the hot path ----------------------------------------------------------------------------------

_MOST = 10_000
"""Entries of each kind; then that kind is forgotten and learnt anew."""
_PARTS = 500
"""Receipts of one lane; then the lane is forgotten."""


_NotCached = (
    Settle
    | KeepSnapshot
    | CreateSession
    | PutSession
    | Rename
    | IssueToken
    | RevokeTokens
    | Forgetting
    | FactWrite
)


@dataclass(slots=True)
class _Lane:
    floor: Seq
    book: ReceiptBook = field(default_factory=ReceiptBook)
    parts: int = 0

    def keep(self, receipt: Receipt, over: Collection[ReceiptState] | None = None) -> None:
        self.parts += 1
        self.book.keep(receipt, over)


class HotCache:
    def __init__(self) -> None:
        self._places: dict[ConversationId, Conversation] = {}
        self._at: dict[Address, ConversationId] = {}
        self._people: dict[tuple[str, str], ParticipantId] = {}
        self._lanes: dict[tuple[SessionId, ConversationId], _Lane] = {}
        self._stamps: Counter[ConversationId] = Counter()
        self._renewed = 0
        self.forgotten = 0
        """How many identities were forgotten: what was read before may be no more."""

    def __len__(self) -> int:
        return len(self._places) + len(self._people) + len(self._lanes)

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
        """Take in an op that was committed, and its answer; what forgets is noted by forgetting."""
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
            case rest:
                assert_type(rest, _NotCached)

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
            case SlotSet() | TitleSet() | ArchivedSet() | UsageKept() | None:
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


# -- the last events -------------------------------------------------------------------------------

_EVENTS = 256
"""Kept per session."""
_WEIGHT = 16 * 1024 * 1024
"""Code points of event bodies kept over all sessions."""


class EventCache:
    """Heads and tails; told of each commit in its order."""

    def __init__(self) -> None:
        self._heads: dict[SessionId, Seq] = {}
        self._tails: OrderedDict[SessionId, deque[tuple[Event, int]]] = OrderedDict()
        self._weight = 0
        self.forgotten = 0

    def __len__(self) -> int:
        return sum(map(len, self._tails.values()))

    def forget(self) -> None:
        """Learn everything anew: something may have been committed that was not told of."""
        self._heads.clear()
        self._tails.clear()
        self._weight = 0
        self.forgotten += 1

    def head(self, session: SessionId) -> Seq | None:
        """Return the head, None where it was not learnt yet."""
        return self._heads.get(session)

    def learn(self, session: SessionId, head: Seq) -> Seq:
        """Note a head that was read and return it; what was committed meanwhile stands."""
        self._heads[session] = max(head, self._heads.get(session, head))
        return self._heads[session]

    def add(self, events: Sequence[Event], *, weight: int) -> None:
        """Note what one append brought; `weight` is the length of all its bodies."""
        session = events[-1].session
        self._heads[session] = events[-1].seq
        tail = self._tails.setdefault(session, deque())
        self._tails.move_to_end(session)
        tail.extend((event, weight // len(events)) for event in events)
        self._weight += weight // len(events) * len(events)
        while len(tail) > _EVENTS:
            self._weight -= tail.popleft()[1]
        while self._weight > _WEIGHT:
            _, dropped = self._tails.popitem(last=False)
            self._weight -= sum(each for _, each in dropped)

    def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event] | None:
        """Return the events after a seq, None where they are not all here."""
        head = self._heads.get(session)
        if head is None:
            return None
        if after >= head:
            return []
        tail = self._tails.get(session)
        if not tail or tail[0][0].seq > after + 1:
            return None
        first = after + 1 - tail[0][0].seq
        return [tail[at][0] for at in range(first, min(first + limit, len(tail)))]
