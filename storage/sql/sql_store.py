"""The `Store` port on a SQL database: writes go through the writer, reads straight to it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import Connection

from bridge.caches import cache
from bridge.domain.codec import encode, kind_of
from bridge.domain.epoch import Epoch
from bridge.domain.errors import StoreError, StoreUnavailable
from bridge.domain.events import Body, Draft, Event
from bridge.domain.ids import ConversationId, MessageId, ParticipantId, Seq, SessionId
from bridge.domain.inbound import Identity
from bridge.domain.parts import Address, Conversation, Receipt, ReceiptState
from bridge.domain.usage import Spent, in_order
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
from storage.append_rules import Append, asked
from storage.append_rules import whole as put_in
from storage.sql import directory, lanes, log, projections, schema
from storage.sql.caches import EventCache, HotCache
from storage.sql.database import Database
from storage.sql.ops import (
    Advance,
    ChangeFacts,
    CreateSession,
    DropFact,
    Enrol,
    ForgetHeard,
    ForgetIdentity,
    ForgetPlace,
    Forgetting,
    IssueToken,
    KeepFact,
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
    Rewrite,
    Settle,
)
from storage.sql.writer import Writer, apply
from storage.waiters import Waiters

Result = TypeVar("Result")

_FEW = 100
"""Events that are read at once in a thread of the hot path; more are read beside it."""


class SqlStore:
    """Make it within a running event loop, on a database that is up to date and locked.

    `count` notes that the database was copied or closed: what it is from then on, a copy is not.
    """

    def __init__(
        self, database: Database, epoch: Epoch, *, count: Callable[[], Awaitable[None]]
    ) -> None:
        self._database = database
        self._epoch = epoch
        self._count = count
        self._waiters = Waiters()
        self._event_cache = EventCache()
        self._known = HotCache()
        self._writer = Writer(self._commit, self._committed)
        self._closed = False
        self._in_doubt = False
        cache("store", forget=self._forget, size=self._size)

    # -- the store itself -------------------------------------------------------------------------

    async def epoch(self) -> Epoch:
        return self._epoch

    async def backup(self, to: Path) -> None:
        await self._database.backup(to)
        with suppress(StoreError):
            await self._count()

    async def scrub(self) -> None:
        self._still_open()
        await self._database.scrub()

    async def check(self) -> None:
        self._still_open()
        await self._database.look()
        if self._writer.fault is None:
            await self._read(schema.look)
        else:  # the last write failed: would one succeed by now?
            await self._database.write(schema.touch)
            self._settled()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._waiters.ring_all()
        await self._writer.close()
        with suppress(StoreError):
            await self._count()
        await self._database.close()

    async def _read(self, work: Callable[[Connection], Result]) -> Result:
        self._still_open()
        return await self._database.read(work)

    async def _browse(self, work: Callable[[Connection], Result]) -> Result:
        self._still_open()
        return await self._database.browse(work)

    def _still_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")

    async def _commit(self, ops: Sequence[Op]) -> list[object]:
        try:
            answers = await self._database.write(lambda connection: apply(connection, ops))
        except BaseException:  # it may have been kept all the same, now or in a while
            self._in_doubt = True
            self._forget()
            raise
        self._settled()
        return answers

    def _settled(self) -> None:
        """Learn anew what was in doubt, now that something was written after it."""
        if self._in_doubt:
            self._in_doubt = False
            self._forget()
            self._waiters.ring_all()

    def _forget(self) -> None:
        self._event_cache.forget()
        self._known.forget()

    def _size(self) -> int:
        return len(self._event_cache) + len(self._known)

    def _committed(self, ops: Sequence[Op], answers: Sequence[object]) -> None:
        grown: set[SessionId] = set()
        for op, answer in zip(ops, answers, strict=True):
            if isinstance(op, Forgetting):
                self._forget()
                continue
            self._known.note(op, answer)
            if isinstance(op, Append) and isinstance(answer, Appended) and answer.fresh:
                self._event_cache.add(answer.fresh, weight=sum(map(len, op.texts)))
                grown.add(op.session)
        for session in grown:
            self._waiters.ring(session)

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
        op = asked(session, drafts, at=at, expect=expect, origin=origin, producer=producer)
        return cast("Appended", await self._writer.submit(op))

    async def read(self, session: SessionId, *, after: Seq, limit: int) -> Sequence[Event]:
        self._still_open()
        recent = self._event_cache.read(session, after=after, limit=limit)
        if recent is not None:
            return recent
        if limit <= _FEW:
            return await self._read(lambda connection: log.read(connection, session, after, limit))
        rows = await self._browse(lambda connection: log.rows(connection, session, after, limit))
        return await asyncio.to_thread(log.events_of, rows)

    async def wait(self, session: SessionId, *, after: Seq) -> None:
        if self._closed:
            return
        bell = self._waiters.subscribe(session)
        try:
            if await self.head(session) <= after:
                await bell
        finally:
            self._waiters.unsubscribe(session, bell)

    async def repeated(self, account: str, external_id: str) -> Appended | None:
        key = (account, external_id)
        return (await self._read(lambda connection: log.repeated(connection, {key}))).get(key)

    async def keyed(self, session: SessionId, key: str) -> Event | None:
        return await self._read(lambda connection: log.keyed(connection, session, key))

    async def head(self, session: SessionId) -> Seq:
        self._still_open()
        known = self._event_cache.head(session)
        if known is not None:
            return known
        forgotten = self._event_cache.forgotten
        found = await self._read(lambda connection: log.head(connection, session))
        if forgotten != self._event_cache.forgotten:
            return found
        return self._event_cache.learn(session, found)

    async def put_session(
        self, session: SessionId, events: Sequence[Event], *, created_at: datetime
    ) -> bool:
        whole = await asyncio.to_thread(put_in, session, events)
        op = PutSession(session=session, whole=whole, at=created_at)
        return bool(await self._writer.submit(op))

    async def rewrite(
        self, session: SessionId, bodies: Mapping[Seq, Body], *, expect: Seq | None = None
    ) -> None:
        rows = tuple((seq, kind_of(body), encode(body)) for seq, body in bodies.items())
        await self._writer.submit(Rewrite(session=session, rows=rows, expect=expect))

    async def snapshot(self, session: SessionId) -> tuple[Seq, str] | None:
        return await self._read(lambda connection: log.snapshot(connection, session))

    async def keep_snapshot(self, session: SessionId, seq: Seq, body: str) -> None:
        await self._writer.submit(KeepSnapshot(session=session, seq=seq, body=body))

    # -- lanes ------------------------------------------------------------------------------------

    async def conversation(self, conversation: ConversationId) -> Conversation | None:
        self._still_open()
        known, stamp = self._known.place(conversation), self._known.stamp(conversation)
        if known is not None:
            return known
        found = await self._read(lambda connection: lanes.conversation(connection, conversation))
        if found is not None:
            self._known.learn_place(found, stamp)
        return found

    async def receipts(
        self, session: SessionId, conversation: ConversationId, *, sources: Collection[Seq]
    ) -> Sequence[Receipt]:
        self._still_open()
        known = self._known.receipts(session, conversation, sources)
        if known is not None:
            return known
        head, stamp = self._event_cache.head(session), self._known.stamp(conversation)
        found = await self._read(
            lambda connection: lanes.find_receipts(connection, session, conversation, sources)
        )
        if head is not None:
            self._known.learn_receipts(session, conversation, found, head=head, stamp=stamp)
        return found

    async def attempt(self, receipt: Receipt) -> None:
        await self._writer.submit(KeepReceipt(receipt=receipt))

    async def record(
        self, receipt: Receipt, *, over: Collection[ReceiptState] | None = None
    ) -> None:
        states = None if over is None else tuple(sorted(over))
        await self._writer.submit(KeepReceipt(receipt=receipt, over=states))

    async def advance(self, session: SessionId, conversation: ConversationId, to: Seq) -> None:
        await self._writer.submit(Advance(session=session, conversation=conversation, to=to))

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
        op = Postpone(
            session=session,
            conversation=conversation,
            until=until,
            tries=tries,
            error=error,
            suspended=suspended,
        )
        await self._writer.submit(op)

    async def revive(self, conversation: ConversationId) -> None:
        await self._writer.submit(Revive(conversation=conversation))

    async def behind(self) -> Sequence[ConversationId]:
        return await self._read(lanes.behind)

    async def source_of(self, conversation: ConversationId, message: MessageId) -> Seq | None:
        return await self._read(
            lambda connection: lanes.source_of(connection, conversation, message)
        )

    # -- the directory ----------------------------------------------------------------------------

    async def create_session(self, session: SessionId, *, at: datetime) -> bool:
        return bool(await self._writer.submit(CreateSession(session=session, at=at)))

    async def sessions(
        self, *, limit: int = 1000, after: SessionMark | None = None
    ) -> Sequence[SessionRow]:
        return await self._read(
            lambda connection: directory.list_sessions(connection, limit, after)
        )

    async def session(self, session: SessionId) -> SessionRow | None:
        return await self._read(lambda connection: directory.find_session(connection, session))

    async def identify(self, *, realm: str, user: str) -> ParticipantId | None:
        self._still_open()
        known, forgotten = self._known.person(realm, user), self._known.forgotten
        if known is not None:
            return known
        found = await self._read(lambda connection: directory.identify(connection, realm, user))
        if found is not None and self._known.forgotten == forgotten:
            self._known.learn_person(realm, user, found)
        return found

    async def enrol(
        self, participant: ParticipantId, *, name: str, realm: str, user: str, at: datetime
    ) -> ParticipantId:
        op = Enrol(participant=participant, name=name, realm=realm, user=user, at=at)
        return cast("ParticipantId", await self._writer.submit(op))

    async def rename(self, participant: ParticipantId, *, was: str, name: str) -> None:
        await self._writer.submit(Rename(participant=participant, was=was, name=name))

    async def forget_identity(self, *, realm: str, user: str) -> None:
        await self._writer.submit(ForgetIdentity(realm=realm, user=user))

    async def identities(self, participant: ParticipantId) -> Sequence[Identity]:
        return await self._read(
            lambda connection: directory.find_identities(connection, participant)
        )

    async def people(self) -> Sequence[Participant]:
        return await self._browse(directory.find_people)

    async def participants(
        self, ids: Collection[ParticipantId]
    ) -> Mapping[ParticipantId, Participant]:
        return await self._read(lambda connection: directory.find_participants(connection, ids))

    async def register(
        self,
        conversation: ConversationId,
        address: Address,
        *,
        room: bool,
        title: str,
        at: datetime,
    ) -> Conversation:
        op = Register(conversation=conversation, address=address, room=room, title=title, at=at)
        return cast("Conversation", await self._writer.submit(op))

    async def conversation_at(self, address: Address) -> Conversation | None:
        self._still_open()
        known = self._known.place_at(address)
        if known is not None:
            return known
        return await self._read(lambda connection: directory.conversation_at(connection, address))

    async def conversations(self, session: SessionId) -> Sequence[Conversation]:
        return await self._read(lambda connection: directory.following(connection, session))

    async def forget_place(self, conversation: ConversationId) -> None:
        await self._writer.submit(ForgetPlace(conversation=conversation))

    async def forget_heard(self, names: Collection[str]) -> None:
        await self._writer.submit(ForgetHeard(names=tuple(names)))

    async def move(self, conversation: ConversationId, *, place: str) -> None:
        await self._writer.submit(Move(conversation=conversation, place=place))

    async def issue_token(
        self, digest: str, participant: ParticipantId, *, label: str, at: datetime
    ) -> None:
        op = IssueToken(digest=digest, participant=participant, label=label, at=at)
        await self._writer.submit(op)

    async def bearer(self, digest: str) -> ParticipantId | None:
        return await self._read(lambda connection: directory.bearer(connection, digest))

    async def revoke_tokens(self, participant: ParticipantId, *, label: str | None) -> None:
        await self._writer.submit(RevokeTokens(participant=participant, label=label))

    # -- the agenda -------------------------------------------------------------------------------

    async def due_schedules(self, now: datetime, *, limit: int = 200) -> Sequence[DueSchedule]:
        return await self._read(
            lambda connection: projections.due_schedules(connection, now, limit)
        )

    async def next_slot(self) -> datetime | None:
        return await self._read(projections.next_slot)

    async def settle(self, session: SessionId, *, head: Seq, due_at: datetime | None) -> None:
        await self._writer.submit(Settle(session=session, head=head, due_at=due_at))

    async def restless(self, now: datetime) -> Sequence[SessionId]:
        return await self._read(lambda connection: projections.restless(connection, now))

    # -- facts ------------------------------------------------------------------------------------

    async def fact(self, scope: str, key: str) -> str | None:
        return await self._read(lambda connection: directory.find_fact(connection, scope, key))

    async def facts(self, scope: str) -> Mapping[str, str]:
        return await self._read(lambda connection: directory.find_facts(connection, scope))

    async def keep_fact(self, scope: str, key: str, value: str) -> None:
        await self._writer.submit(KeepFact(scope=scope, key=key, value=value))

    async def drop_fact(self, scope: str, key: str) -> None:
        await self._writer.submit(DropFact(scope=scope, key=key))

    async def change_facts(self, changes: Sequence[FactChange]) -> bool:
        return bool(await self._writer.submit(ChangeFacts(changes=tuple(changes))))

    # -- what runs used ---------------------------------------------------------------------------

    async def usage(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        session: SessionId | None = None,
    ) -> Sequence[Spent]:
        return in_order(
            await self._browse(
                lambda connection: projections.find_usage(connection, since, until, session)
            )
        )
