"""The reference store: everything in one process's memory, gone with it.

It keeps to the same contract as the SQL store; no call gives way to another between its first
read and its last write, so each is a transaction. What is kept survives `close`: `reopen` stands
for a process that starts again on the same database.

`MemoryStore` is the port. Beside the log and the lanes it is made of books, which know neither
each other nor whether the store is open: what runs used, who there is, and the receipts of lanes.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

from bridge.domain.codec import kind_of
from bridge.domain.epoch import FIRST, Epoch
from bridge.domain.errors import Conflict, Refused, StoreUnavailable, UnknownSession
from bridge.domain.events import Body, Draft, Event
from bridge.domain.ids import (
    START,
    ConversationId,
    MessageId,
    ParticipantId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.domain.inbound import Identity
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
from bridge.domain.usage import Spent, Used, in_order, total, used
from bridge.plugins import Section, StorePlugin
from bridge.ports.store import (
    Appended,
    DueSchedule,
    FactChange,
    Origin,
    Participant,
    Producer,
    SessionMark,
    SessionRow,
)
from bridge.ports.surroundings import Surroundings
from storage.append_rules import InboxKey, Ledger, admit, asked, names_any, origin_receipt
from storage.append_rules import whole as put_in
from storage.receipts import ReceiptBook
from storage.text_cleaning import clean
from storage.waiters import Waiters

Lane = tuple[SessionId, ConversationId]
_Group = tuple[date, SessionId, ParticipantId | None, str, str]


class _UsageBook:
    """What each run used, counted once."""

    def __init__(self) -> None:
        self._runs: dict[tuple[SessionId, RunId], tuple[_Group, Used]] = {}

    def keep(self, event: Event, kept: UsageKept) -> None:
        day, model = event.at.date(), kept.usage.model
        group = (day, event.session, kept.participant, kept.agent, model)
        self._runs.setdefault((event.session, kept.run), (group, used(kept.usage)))

    def find(
        self, since: date | None, until: date | None, session: SessionId | None
    ) -> Sequence[Spent]:
        groups: dict[_Group, list[Used]] = {}
        for group, part in self._runs.values():
            is_late = since is None or group[0] >= since
            is_early = until is None or group[0] <= until
            if is_late and is_early and session in {None, group[1]}:
                groups.setdefault(group, []).append(part)
        return in_order(_spent(group, total(parts)) for group, parts in groups.items())


def _spent(group: _Group, whole: Used) -> Spent:
    day, session, participant, agent, model = group
    return Spent(
        day=day, session=session, participant=participant, agent=agent, model=model, used=whole
    )


class _PeopleBook:
    """Participants, their identities on platforms, and the digests of their tokens."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[ParticipantId, str]] = {}
        self._participants: dict[ParticipantId, Participant] = {}
        self._identities: dict[tuple[str, str], ParticipantId] = {}

    def identify(self, realm: str, user: str) -> ParticipantId | None:
        return self._identities.get((realm, user))

    def enrol(
        self, participant: ParticipantId, name: str, realm: str, user: str, at: datetime
    ) -> ParticipantId:
        owner = self._identities.setdefault((realm, user), participant)
        if owner == participant:
            self._participants.setdefault(owner, Participant(id=owner, name=name, since=at))
        return owner

    def rename(self, participant: ParticipantId, was: str, name: str) -> None:
        known = self._participants.get(participant)
        if known is not None and known.name == was:
            self._participants[participant] = replace(known, name=name)

    def forget(self, realm: str, user: str) -> None:
        self._identities.pop((realm, user), None)

    def identities(self, participant: ParticipantId) -> Sequence[Identity]:
        mine = [pair for pair, whose in self._identities.items() if whose == participant]
        return [Identity(realm=realm, user=user) for realm, user in sorted(mine)]

    def people(self) -> Sequence[Participant]:
        return [self._participants[each] for each in sorted(self._participants)]

    def find(self, ids: Collection[ParticipantId]) -> Mapping[ParticipantId, Participant]:
        return {each: self._participants[each] for each in ids if each in self._participants}

    def issue_token(self, digest: str, participant: ParticipantId, label: str) -> None:
        self._tokens.setdefault(digest, (participant, label))

    def bearer(self, digest: str) -> ParticipantId | None:
        participant, _ = self._tokens.get(digest, (None, ""))
        return participant

    def revoke_tokens(self, participant: ParticipantId, label: str | None) -> None:
        self._tokens = {
            digest: (whose, called)
            for digest, (whose, called) in self._tokens.items()
            if whose != participant or label not in {None, called}
        }


class MemoryStore:
    def __init__(self, epoch: Epoch = FIRST) -> None:
        self._fault = ""
        self._epoch = epoch
        self._waiters = Waiters()
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
        self._facts: dict[str, dict[str, str]] = defaultdict(dict)
        self._people = _PeopleBook()
        self._usage = _UsageBook()

    # -- the store itself -------------------------------------------------------------------------

    def reopen(self) -> None:
        """Be used again after `close`, with everything that was kept."""
        self._fault = ""

    async def check(self) -> None:
        if self._fault:
            raise StoreUnavailable(self._fault)

    async def epoch(self) -> Epoch:
        return self._epoch

    async def scrub(self) -> None:
        await self.check()

    async def backup(self, to: Path) -> None:
        raise Refused(f"the memory store keeps nothing that could be copied to {to}")

    async def close(self) -> None:
        self._fault = "the store is closed"
        self._waiters.ring_all()

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
        if self._fault:
            raise StoreUnavailable(self._fault)
        append = asked(session, drafts, at=at, expect=expect, origin=origin, producer=producer)
        if (ledger := self._ledgers.get(session)) is None:
            raise UnknownSession
        admitted = admit(append, ledger, self._inbox)
        receipt = origin_receipt(admitted)
        if receipt is not None:
            self._receipts[receipt.session, receipt.conversation].keep(receipt)
        for event in admitted.appended.fresh:
            self._apply(event)
        if admitted.appended.fresh:
            self._waiters.ring(session)
        return admitted.appended

    async def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event]:
        if self._fault:
            raise StoreUnavailable(self._fault)
        if (events := self._events.get(session)) is None:
            raise UnknownSession
        return events[after : after + limit]

    async def wait(self, session: SessionId, *, after: Seq) -> None:
        if self._fault or self._ledger(session).head > after:
            return
        bell = self._waiters.subscribe(session)
        try:
            await bell
        finally:
            self._waiters.unsubscribe(session, bell)

    async def head(self, session: SessionId) -> Seq:
        await self.check()
        return self._ledger(session).head

    async def repeated(self, account: str, external_id: str) -> Appended | None:
        if self._fault:
            raise StoreUnavailable(self._fault)
        return self._inbox.get((account, external_id))

    async def keyed(self, session: SessionId, key: str) -> Event | None:
        await self.check()
        return self._ledger(session).keys.get(clean(key))

    async def put_session(
        self, session: SessionId, events: Sequence[Event], *, created_at: datetime
    ) -> bool:
        whole = put_in(session, events)
        if not await self.create_session(session, at=created_at):
            return False
        ledger, head = self._ledgers[session], len(whole.events)
        ledger.head, ledger.open_run = head, whole.open_run
        ledger.keys.update({each.key: each for each in whole.events if each.key is not None})
        self._events[session] += whole.events
        self._rows[session] = replace(
            self._rows[session],
            head=head,
            title=whole.title,
            archived=whole.archived,
            touched_at=whole.events[-1].at if whole.events else created_at,
        )
        return True

    async def rewrite(
        self, session: SessionId, bodies: Mapping[Seq, Body], *, expect: Seq | None = None
    ) -> None:
        await self.check()
        ledger, log = self._ledger(session), self._events[session]
        if expect not in {None, ledger.head}:
            raise Conflict
        for seq, body in bodies.items():
            assert kind_of(log[seq - 1].body) == kind_of(body)
            log[seq - 1] = replace(log[seq - 1], body=body)
        events = {each.seq: each for each in log if each.seq in bodies}
        ledger.keys.update({each.key: each for each in events.values() if each.key is not None})
        self._snapshots.pop(session, None)
        for key, known in list(self._inbox.items()):
            if any(each.session == session and each.seq in bodies for each in known.events):
                del self._inbox[key]
            elif not known.events or known.events[0].session == session:
                self._inbox[key] = replace(known, reply=None)

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
            case SlotSet(schedule=schedule, at=at):
                self._set_slot(event.session, schedule, at)
            case TitleSet(title=title):
                row = replace(row, title=title)
            case ArchivedSet(archived=archived):
                row = replace(row, archived=archived)
            case UsageKept() as kept:
                self._usage.keep(event, kept)
            case None:
                pass
        self._rows[event.session] = row

    def _set_slot(self, session: SessionId, schedule: ScheduleId, at: datetime | None) -> None:
        if at is None:
            self._slots.pop((session, schedule), None)
        else:
            self._slots[session, schedule] = at

    # -- lanes ------------------------------------------------------------------------------------

    async def conversation(self, conversation: ConversationId) -> Conversation | None:
        if self._fault:
            raise StoreUnavailable(self._fault)
        return self._conversations.get(conversation)

    async def receipts(
        self, session: SessionId, conversation: ConversationId, *, sources: Collection[Seq]
    ) -> Sequence[Receipt]:
        if self._fault:
            raise StoreUnavailable(self._fault)
        return self._receipts[session, conversation].find(sources)

    async def attempt(self, receipt: Receipt) -> None:
        if self._fault:
            raise StoreUnavailable(self._fault)
        self._receipts[receipt.session, receipt.conversation].keep(receipt)

    async def record(
        self, receipt: Receipt, *, over: Collection[ReceiptState] | None = None
    ) -> None:
        if self._fault:
            raise StoreUnavailable(self._fault)
        self._receipts[receipt.session, receipt.conversation].keep(receipt, over)

    async def advance(self, session: SessionId, conversation: ConversationId, to: Seq) -> None:
        if self._fault:
            raise StoreUnavailable(self._fault)
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
        if self._fault:
            raise StoreUnavailable(self._fault)
        there = self._places.get(address)
        return None if there is None else self._conversations[there]

    async def conversations(self, session: SessionId) -> Sequence[Conversation]:
        await self.check()
        found = [each for each in self._conversations.values() if each.session == session]
        return sorted(found, key=lambda each: each.id)

    async def forget_place(self, conversation: ConversationId) -> None:
        await self.check()
        known = self._conversations.pop(conversation, None)
        if known is not None:
            self._places.pop(known.address, None)
        for lane in [each for each in self._receipts if each[1] == conversation]:
            del self._receipts[lane]

    async def forget_heard(self, names: Collection[str]) -> None:
        await self.check()
        for key in [each for each in self._inbox if names_any(each[1], names)]:
            del self._inbox[key]

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

    # -- people -----------------------------------------------------------------------------------

    async def identify(self, *, realm: str, user: str) -> ParticipantId | None:
        if self._fault:
            raise StoreUnavailable(self._fault)
        return self._people.identify(realm, user)

    async def enrol(
        self, participant: ParticipantId, *, name: str, realm: str, user: str, at: datetime
    ) -> ParticipantId:
        await self.check()
        return self._people.enrol(participant, name, realm, user, at)

    async def rename(self, participant: ParticipantId, *, was: str, name: str) -> None:
        await self.check()
        self._people.rename(participant, was, name)

    async def forget_identity(self, *, realm: str, user: str) -> None:
        await self.check()
        self._people.forget(realm, user)

    async def identities(self, participant: ParticipantId) -> Sequence[Identity]:
        await self.check()
        return self._people.identities(participant)

    async def people(self) -> Sequence[Participant]:
        await self.check()
        return self._people.people()

    async def participants(
        self, ids: Collection[ParticipantId]
    ) -> Mapping[ParticipantId, Participant]:
        await self.check()
        return self._people.find(ids)

    async def issue_token(
        self, digest: str, participant: ParticipantId, *, label: str, at: datetime
    ) -> None:
        del at  # kept by stores that outlive the process
        await self.check()
        self._people.issue_token(digest, participant, label)

    async def bearer(self, digest: str) -> ParticipantId | None:
        await self.check()
        return self._people.bearer(digest)

    async def revoke_tokens(self, participant: ParticipantId, *, label: str | None) -> None:
        await self.check()
        self._people.revoke_tokens(participant, label)

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
        if self._fault:
            raise StoreUnavailable(self._fault)
        if session in self._rows:
            self._settled[session] = (head, due_at)

    async def restless(self, now: datetime) -> Sequence[SessionId]:
        await self.check()
        return [session for session in self._rows if self._is_restless(session, now)]

    def _is_restless(self, session: SessionId, now: datetime) -> bool:
        head, due_at = self._settled[session]
        return head != self._ledgers[session].head or (due_at is not None and due_at <= now)

    # -- facts and usage --------------------------------------------------------------------------

    async def fact(self, scope: str, key: str) -> str | None:
        return self._facts[scope].get(key)

    async def facts(self, scope: str) -> Mapping[str, str]:
        return dict(self._facts[scope])

    async def keep_fact(self, scope: str, key: str, value: str) -> None:
        self._facts[scope][key] = value

    async def drop_fact(self, scope: str, key: str) -> None:
        self._facts[scope].pop(key, None)

    async def change_facts(self, changes: Sequence[FactChange]) -> bool:
        await self.check()
        if any(self._facts[each.scope].get(each.key) != each.expected for each in changes):
            return False
        for each in changes:
            if each.new is None:
                self._facts[each.scope].pop(each.key, None)
            else:
                self._facts[each.scope][each.key] = each.new
        return True

    async def usage(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        session: SessionId | None = None,
    ) -> Sequence[Spent]:
        await self.check()
        return self._usage.find(since, until, session)


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
