"""The reference store: everything in one process's memory, gone with it.

It keeps to the same contract as the SQL store; no call gives way to another between its first
read and its last write, so each is a transaction. What is kept survives `close`: `reopen` stands
for a process that starts again on the same database.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bridge.epoch import FIRST, Epoch
from bridge.errors import Refused, UnknownSession
from bridge.events import Draft, Event
from bridge.ids import (
    START,
    ConversationId,
    MessageId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.parts import Address, Conversation, Receipt, ReceiptState
from bridge.plugins import Section, StorePlugin
from bridge.ports import (
    Appended,
    DueSchedule,
    Origin,
    Producer,
    SessionMark,
    SessionRow,
    Surroundings,
)
from bridge.projection import (
    ArchivedSet,
    LaneClosed,
    LaneOpened,
    SlotSet,
    TitleSet,
    UsageKept,
    project,
)
from storage.admission import InboxKey, Ledger, admit, asked, origin_receipt
from storage.bells import Bells
from storage.memory_usage import MemoryUsage
from storage.receipts import ReceiptBook

Lane = tuple[SessionId, ConversationId]


class MemoryStore(MemoryUsage):
    def __init__(self, epoch: Epoch = FIRST) -> None:
        super().__init__()
        self._epoch = epoch
        self._bells = Bells()
        self._rows: dict[SessionId, SessionRow] = {}
        self._ledgers: dict[SessionId, Ledger] = {}
        self._events: dict[SessionId, list[Event]] = {}
        self._inbox: dict[InboxKey, Appended] = {}
        self._snapshots: dict[SessionId, tuple[Seq, str]] = {}
        self._settled: dict[SessionId, tuple[Seq, datetime | None]] = {}
        self._slots: dict[tuple[SessionId, ScheduleId], datetime] = {}
        self._conversations: dict[ConversationId, Conversation] = {}
        self._places: dict[Address, ConversationId] = {}
        self._receipts: dict[Lane, ReceiptBook] = defaultdict(ReceiptBook)

    # -- the store itself -------------------------------------------------------------------------

    def reopen(self) -> None:
        """Be used again after `close`, with everything that was kept."""
        self._closed = False

    async def epoch(self) -> Epoch:
        return self._epoch

    async def backup(self, to: Path) -> None:
        raise Refused(f"the memory store keeps nothing that could be copied to {to}")

    async def close(self) -> None:
        self._closed = True
        self._bells.ring_all()

    # -- the log ----------------------------------------------------------------------------------

    async def append(
        self,
        session: SessionId,
        drafts: Sequence[Draft],
        *,
        at: datetime,
        expect: Seq | None = None,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        await self.check()
        append = asked(session, drafts, at=at, expect=expect, origin=origin, producer=producer)
        admitted = admit(append, self._ledger(session), self._inbox)
        receipt = origin_receipt(admitted)
        if receipt is not None:
            self._keep(receipt)
        for event in admitted.appended.fresh:
            self._apply(event)
        if admitted.appended.fresh:
            self._bells.ring(session)
        return admitted.appended

    async def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event]:
        await self.check()
        self._ledger(session)
        return self._events[session][after : after + limit]

    async def wait(self, session: SessionId, *, after: Seq) -> None:
        if self._closed or self._ledger(session).head > after:
            return
        bell = self._bells.subscribe(session)
        try:
            await bell
        finally:
            self._bells.unsubscribe(session, bell)

    async def head(self, session: SessionId) -> Seq:
        await self.check()
        return self._ledger(session).head

    async def snapshot(self, session: SessionId) -> tuple[Seq, str] | None:
        await self.check()
        return self._snapshots.get(session)

    async def keep_snapshot(self, session: SessionId, seq: Seq, body: str) -> None:
        await self.check()
        kept = self._snapshots.get(session)
        if kept is None or kept[0] <= seq:
            self._snapshots[session] = (seq, body)

    def _ledger(self, session: SessionId) -> Ledger:
        if session not in self._ledgers:
            raise UnknownSession
        return self._ledgers[session]

    def _apply(self, event: Event) -> None:
        self._events[event.session].append(event)
        row = replace(self._rows[event.session], head=event.seq, touched_at=event.at)
        match project(event.body):
            case LaneOpened(conversation=conversation, welcome=welcome):
                self._open_lane(conversation, event.session, event.seq - welcome)
            case LaneClosed(conversation=conversation):
                self._close_lane(conversation, event.session)
            case SlotSet(schedule=schedule, at=None):
                self._slots.pop((event.session, schedule), None)
            case SlotSet(schedule=schedule, at=datetime() as at):
                self._slots[event.session, schedule] = at
            case TitleSet(title=title):
                row = replace(row, title=title)
            case ArchivedSet():
                row = replace(row, archived=True)
            case UsageKept() as kept:
                self._keep_usage(event, kept)
            case None:
                pass
        self._rows[event.session] = row

    # -- lanes ------------------------------------------------------------------------------------

    async def conversation(self, conversation: ConversationId) -> Conversation | None:
        await self.check()
        return self._conversations.get(conversation)

    async def receipts(
        self, session: SessionId, conversation: ConversationId, *, sources: Collection[Seq]
    ) -> Sequence[Receipt]:
        await self.check()
        return self._receipts[session, conversation].find(sources)

    async def attempt(self, receipt: Receipt) -> None:
        await self.check()
        self._keep(receipt)

    async def record(
        self, receipt: Receipt, *, over: Collection[ReceiptState] | None = None
    ) -> None:
        await self.check()
        self._keep(receipt, over)

    async def advance(self, session: SessionId, conversation: ConversationId, to: Seq) -> None:
        await self.check()
        lane = self._lane(session, conversation)
        if lane is not None:
            self._conversations[conversation] = replace(
                lane, cursor=max(lane.cursor, to), tries=0, due_at=None
            )

    async def postpone(
        self,
        session: SessionId,
        conversation: ConversationId,
        *,
        until: datetime | None,
        tries: int,
        error: str,
        suspended: bool = False,
    ) -> None:
        await self.check()
        lane = self._lane(session, conversation)
        if lane is not None:
            self._conversations[conversation] = replace(
                lane, due_at=until, tries=tries, last_error=error, suspended=suspended
            )

    async def revive(self, conversation: ConversationId) -> None:
        await self.check()
        known = self._conversations.get(conversation)
        if known is not None:
            self._conversations[conversation] = replace(
                known, due_at=None, tries=0, suspended=False
            )

    async def behind(self) -> Sequence[ConversationId]:
        await self.check()
        return [each.id for each in self._conversations.values() if self._is_behind(each)]

    async def source_of(self, conversation: ConversationId, message: MessageId) -> Seq | None:
        await self.check()
        known = self._conversations.get(conversation)
        if known is None or known.session is None:
            return None
        return self._receipts[known.session, conversation].source_of(message)

    def _keep(self, receipt: Receipt, over: Collection[ReceiptState] | None = None) -> None:
        self._receipts[receipt.session, receipt.conversation].keep(receipt, over)

    def _lane(self, session: SessionId, conversation: ConversationId) -> Conversation | None:
        known = self._conversations.get(conversation)
        return known if known is not None and known.session == session else None

    def _is_behind(self, lane: Conversation) -> bool:
        if lane.session is None or lane.suspended:
            return False
        book = self._receipts[lane.session, lane.id]
        return book.unsettled or lane.cursor < self._ledgers[lane.session].head

    def _open_lane(self, place: ConversationId, session: SessionId, cursor: Seq) -> None:
        known = self._conversations.get(place)
        if known is not None:
            opened = replace(_without_lane(known), session=session, cursor=cursor)
            self._conversations[place] = opened

    def _close_lane(self, conversation: ConversationId, session: SessionId) -> None:
        lane = self._lane(session, conversation)
        if lane is not None:
            self._conversations[conversation] = _without_lane(lane)

    # -- the directory ----------------------------------------------------------------------------

    async def create_session(self, session: SessionId, *, at: datetime) -> bool:
        await self.check()
        if session in self._rows:
            return False
        self._ledgers[session] = Ledger(session=session, head=START, open_run=None)
        self._events[session] = []
        self._settled[session] = (START, None)
        self._rows[session] = SessionRow(
            id=session, head=START, title="", archived=False, created_at=at, touched_at=at
        )
        return True

    async def sessions(
        self, *, limit: int = 1000, after: SessionMark | None = None
    ) -> Sequence[SessionRow]:
        await self.check()
        rows = sorted(self._rows.values(), key=lambda row: row.id)
        ordered = sorted(rows, key=lambda row: row.touched_at, reverse=True)
        return [row for row in ordered if after is None or _is_after(row, after)][:limit]

    async def session(self, session: SessionId) -> SessionRow | None:
        await self.check()
        return self._rows.get(session)

    async def register(
        self,
        conversation: ConversationId,
        address: Address,
        *,
        room: bool,
        title: str,
        at: datetime,
    ) -> Conversation:
        del at  # kept by stores that outlive the process
        there = await self.conversation_at(address) or self._conversations.get(conversation)
        if there is None:
            there = Conversation(id=conversation, address=address, room=room, title=title)
            self._places[address] = conversation
            self._conversations[conversation] = there
        return there

    async def conversation_at(self, address: Address) -> Conversation | None:
        await self.check()
        there = self._places.get(address)
        return None if there is None else self._conversations[there]

    async def conversations(self, session: SessionId) -> Sequence[Conversation]:
        await self.check()
        found = [each for each in self._conversations.values() if each.session == session]
        return sorted(found, key=lambda each: each.id)

    async def move(self, conversation: ConversationId, *, place: str) -> None:
        await self.check()
        known = self._conversations.get(conversation)
        if known is None:
            return
        address = replace(known.address, place=place)
        there = await self.conversation_at(address)
        if there is not None and there.id != conversation:
            if there.session is not None:
                raise Refused(f"{conversation} cannot move to where {there.id} is")
            del self._conversations[there.id]
        del self._places[known.address]
        self._places[address] = conversation
        self._conversations[conversation] = replace(known, address=address)

    # -- the agenda -------------------------------------------------------------------------------

    async def due_schedules(self, now: datetime, *, limit: int = 200) -> Sequence[DueSchedule]:
        await self.check()
        due = [
            DueSchedule(session=session, schedule=schedule, slot=slot)
            for (session, schedule), slot in self._slots.items()
            if slot <= now
        ]
        return sorted(due, key=lambda each: (each.slot, each.session, each.schedule))[:limit]

    async def next_slot(self) -> datetime | None:
        await self.check()
        return min(self._slots.values(), default=None)

    async def settle(self, session: SessionId, *, head: Seq, due_at: datetime | None) -> None:
        await self.check()
        if session in self._rows:
            self._settled[session] = (head, due_at)

    async def restless(self, now: datetime) -> Sequence[SessionId]:
        await self.check()
        return [session for session in self._rows if self._is_restless(session, now)]

    def _is_restless(self, session: SessionId, now: datetime) -> bool:
        head, due_at = self._settled[session]
        return head != self._ledgers[session].head or (due_at is not None and due_at <= now)


def _without_lane(conversation: Conversation) -> Conversation:
    return Conversation(
        id=conversation.id,
        address=conversation.address,
        room=conversation.room,
        title=conversation.title,
    )


class MemorySection(Section):
    """A store in memory has nothing to set."""


@asynccontextmanager
async def _open(section: MemorySection, surroundings: Surroundings) -> AsyncIterator[MemoryStore]:
    del section, surroundings
    store = MemoryStore()
    try:
        yield store
    finally:
        await store.close()


plugin = StorePlugin(config=MemorySection, open=_open)


def _is_after(row: SessionRow, mark: SessionMark) -> bool:
    if row.touched_at == mark.touched_at:
        return row.id > mark.id
    return row.touched_at < mark.touched_at
