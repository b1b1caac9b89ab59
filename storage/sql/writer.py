"""The group-commit writer: while one batch is being committed, the next one gathers.

The rules:

- There is no timer: an op that finds the writer idle is written at once.
- An answer is given, and a waiter woken, only after the commit.
- A batch that fails is written again one op at a time, so that only the op that cannot be
  written fails. If the connection was lost nothing is tried again: every op of the batch fails.
- A caller who is cancelled does not take back what was asked.
- At most `_ROOM` ops wait; whoever comes then waits for room, in the order of coming.
- Closing lets everything that was taken in be written first.
- A batch is one transaction. What is asked for at the same time has no order but this: writes to
  the directory, appends, then what concerns lanes, the agenda and snapshots; within each of these,
  the order of the calls. So whoever waits for one call before making the next is always right, and
  appends made one after the other without waiting keep their order.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby

import structlog
from sqlalchemy import Connection

from bridge.domain.errors import BridgeError, Refused, StoreError, StoreUnavailable
from storage.append_rules import Append
from storage.sql.database import ConnectionLost
from storage.sql.directory import enlist, write_fact
from storage.sql.forgetting import forget
from storage.sql.lanes import change_lanes, keep_receipts
from storage.sql.log import append_many, keep_snapshots
from storage.sql.ops import (
    Enlisting,
    FactWrite,
    Forgetting,
    KeepReceipt,
    KeepSnapshot,
    LaneChange,
    Op,
    Settle,
)
from storage.sql.projections import settle_many

_Plain = KeepReceipt | LaneChange | Settle | KeepSnapshot
"""Whose answer is nothing."""


def apply(connection: Connection, ops: Sequence[Op]) -> list[object]:
    """Apply a batch and return what each of its ops is answered, in their order.

    A `BridgeError` among the answers is that op's alone. Raises what the database raises; then
    nothing of the batch may be kept.
    """
    answers: list[object] = [None] * len(ops)
    appends: list[tuple[int, Append]] = []
    facts: list[tuple[int, FactWrite]] = []
    plain: list[_Plain] = []
    forgetting: list[tuple[int, Forgetting]] = []
    for at, op in enumerate(ops):
        if isinstance(op, Append):
            appends.append((at, op))
        elif isinstance(op, Enlisting):
            answers[at] = _enlisted(connection, op)
        elif isinstance(op, Forgetting):
            forgetting.append((at, op))
        elif isinstance(op, FactWrite):
            facts.append((at, op))
        else:
            plain.append(op)
    results = append_many(connection, [append for _, append in appends])
    for (at, _), result in zip(appends, results, strict=True):
        answers[at] = result
    _apply_plain(connection, plain)
    for at, each in forgetting:
        answers[at] = forget(connection, each)
    for at, fact in facts:
        answers[at] = write_fact(connection, fact)
    return answers


def _apply_plain(connection: Connection, ops: Sequence[_Plain]) -> None:
    kept = [op for op in ops if isinstance(op, KeepReceipt)]
    for over, alike in groupby(kept, lambda op: op.over):
        keep_receipts(connection, [op.receipt for op in alike], over)
    change_lanes(connection, [op for op in ops if isinstance(op, LaneChange)])
    settle_many(connection, [op for op in ops if isinstance(op, Settle)])
    folds = [(op.session, op.seq, op.body) for op in ops if isinstance(op, KeepSnapshot)]
    keep_snapshots(connection, folds)


def _enlisted(connection: Connection, op: Enlisting) -> object:
    try:
        return enlist(connection, op)
    except Refused as error:
        return error


_MOST = 512
"""Ops of one batch: enough that the commit's own cost is shared out, few enough to be quick."""
_ROOM = 4096
"""Ops that may wait."""

_log = structlog.get_logger()

Commit = Callable[[Sequence[Op]], Awaitable[list[object]]]
Committed = Callable[[Sequence[Op], Sequence[object]], None]
Item = tuple[Op, asyncio.Future[object]]


class Writer:
    """`commit` writes ops in one transaction and returns their answers.

    `committed` is told the ops and their answers after each commit, before anyone else is.
    `fault` is why the last batch could not be written, if it could not.
    """

    def __init__(self, commit: Commit, committed: Committed) -> None:
        self._commit = commit
        self._committed = committed
        self._room = asyncio.Semaphore(_ROOM)
        self._waiting: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="store-writer")
        self.fault: StoreUnavailable | None = None

    async def submit(self, op: Op) -> object:
        """Return the op's answer once it is durable.

        Raises the op's own error, or `StoreUnavailable`.
        """
        await self._room.acquire()
        if self._closing:
            self._room.release()
            raise StoreUnavailable("the store is closed")
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append((op, future))
        self._wake.set()
        return await future

    async def close(self) -> None:
        self._closing = True
        self._wake.set()
        await self._task

    async def _run(self) -> None:
        try:
            while self._waiting or not self._closing:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._write(self._next_batch())
        finally:  # should it ever fail, nobody may be left waiting
            self._closing = True
            for _, future in self._waiting:
                self._resolve(future, StoreUnavailable("the writer has stopped"))

    def _next_batch(self) -> list[Item]:
        return [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]

    async def _write(self, batch: Sequence[Item]) -> None:
        try:
            answers = await self._commit([op for op, _ in batch])
        except BridgeError as error:
            await self._failed(batch, error)
        except Exception as error:  # noqa: BLE001 - one bad op must not end the writer
            _log.exception("store_write_failed", ops=len(batch))
            await self._failed(batch, StoreError(f"writing failed: {type(error).__name__}"))
        else:
            self.fault = None
            try:
                self._committed([op for op, _ in batch], answers)
            finally:
                for (_, future), answer in zip(batch, answers, strict=True):
                    self._resolve(future, answer)

    async def _failed(self, batch: Sequence[Item], error: BridgeError) -> None:
        if len(batch) > 1 and not isinstance(error, ConnectionLost):
            for item in batch:
                await self._write([item])
            return
        self.fault = error if isinstance(error, StoreUnavailable) else None
        for _, future in batch:
            self._resolve(future, error)

    def _resolve(self, future: asyncio.Future[object], answer: object) -> None:
        self._room.release()
        if future.done():  # its caller was cancelled
            return
        if isinstance(answer, BridgeError):
            future.set_exception(answer)
        else:
            future.set_result(answer)
