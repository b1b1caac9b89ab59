"""The group-commit writer: what shares a transaction, and what becomes of a batch that fails."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from bridge.domain.errors import Conflict, Refused, StoreError, StoreUnavailable
from bridge.domain.ids import ConversationId
from storage.sql import writer as module
from storage.sql.database import ConnectionLost
from storage.sql.ops import Op, Revive
from storage.sql.writer import Writer
from tests.waiting import soon

BAD, LOST, FULL, SOFT = "bad", "lost", "full", "soft"


class Ledger:
    """A database that notes its transactions and is as slow as it is told to be."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.told: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def commit(self, ops: Sequence[Op]) -> list[object]:
        await self.open.wait()
        names = [_name(op) for op in ops]
        if BAD in names:
            raise ZeroDivisionError
        if LOST in names:
            raise ConnectionLost
        if FULL in names:
            raise StoreUnavailable("the disk is full")
        self.batches.append(names)
        return [Conflict() if name == SOFT else f"{name} kept" for name in names]

    def committed(self, ops: Sequence[Op], answers: Sequence[object]) -> None:
        self.told += [_name(op) for op in ops]


def _name(op: Op) -> str:
    assert isinstance(op, Revive)
    return op.conversation


@pytest.fixture
def database() -> Ledger:
    return Ledger()


@pytest.fixture
async def writer(database: Ledger) -> AsyncIterator[Writer]:
    writer = Writer(database.commit, database.committed)
    yield writer
    database.open.set()
    await writer.close()


def asked(writer: Writer, *names: str) -> list[asyncio.Task[object]]:
    """Ask for all of these at once, in this order."""
    return [
        asyncio.create_task(writer.submit(Revive(conversation=ConversationId(name))))
        for name in names
    ]


async def outcomes(calls: list[asyncio.Task[object]]) -> list[object]:
    found = await soon(asyncio.gather(*calls, return_exceptions=True))
    return [type(each) if isinstance(each, Exception) else each for each in found]


async def test_what_comes_while_one_batch_is_written_goes_into_the_next(writer, database):
    database.open.clear()
    first = asked(writer, "a")
    await asyncio.sleep(0.01)
    rest = asked(writer, "b", "c", "d")
    await asyncio.sleep(0.01)
    database.open.set()
    assert await outcomes(first + rest) == ["a kept", "b kept", "c kept", "d kept"]
    assert database.batches == [["a"], ["b", "c", "d"]]


async def test_an_answer_is_given_only_after_the_commit(writer, database):
    database.open.clear()
    (call,) = asked(writer, "a")
    await asyncio.sleep(0.02)
    assert not call.done()
    assert database.told == []
    database.open.set()
    assert await call == "a kept"
    assert database.told == ["a"]


async def test_an_error_that_is_one_ops_answer_fails_that_op_alone(writer, database):
    assert await outcomes(asked(writer, "a", SOFT, "b")) == ["a kept", Conflict, "b kept"]
    assert database.batches == [["a", SOFT, "b"]]


@pytest.mark.parametrize(("bad", "error"), [(BAD, StoreError), (FULL, StoreUnavailable)])
async def test_a_batch_that_fails_is_written_again_one_by_one(writer, database, bad, error):
    assert await outcomes(asked(writer, "a", bad, "b")) == ["a kept", error, "b kept"]
    assert database.batches == [["a"], ["b"]]
    assert database.told == ["a", "b"]


async def test_after_a_lost_connection_nothing_of_the_batch_is_tried_again(writer, database):
    assert await outcomes(asked(writer, "a", LOST, "b")) == [ConnectionLost] * 3
    assert await outcomes(asked(writer, "c")) == ["c kept"]
    assert database.batches == [["c"]]


async def test_a_cancelled_caller_does_not_take_back_what_was_asked(writer, database):
    database.open.clear()
    first = asked(writer, "a")
    await asyncio.sleep(0.01)
    second, third = asked(writer, "b", "c")
    await asyncio.sleep(0.01)
    second.cancel()
    database.open.set()
    assert await outcomes([*first, third]) == ["a kept", "c kept"]
    assert database.batches == [["a"], ["b", "c"]]


async def test_whoever_finds_no_room_waits_and_keeps_its_turn(database, monkeypatch):
    monkeypatch.setattr(module, "_ROOM", 2)
    writer = Writer(database.commit, database.committed)
    database.open.clear()
    calls = asked(writer, *"abcdefgh")
    await asyncio.sleep(0.01)
    assert len(writer._waiting) <= 2
    database.open.set()
    await outcomes(calls)
    assert database.told == list("abcdefgh")
    await writer.close()


async def test_cancelled_callers_give_their_room_back(database, monkeypatch):
    monkeypatch.setattr(module, "_ROOM", 2)
    writer = Writer(database.commit, database.committed)
    for _ in range(3):
        database.open.clear()
        calls = asked(writer, *"abcd")
        await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        database.open.set()
        await asyncio.gather(*calls, return_exceptions=True)
    assert await outcomes(asked(writer, *"efgh")) == [f"{name} kept" for name in "efgh"]
    await writer.close()


async def test_a_batch_has_a_limit(writer, database, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 3)
    await outcomes(asked(writer, *"abcdefgh"))
    assert [len(batch) for batch in database.batches] == [3, 3, 2]


async def test_closing_writes_what_was_taken_in_and_refuses_the_rest(database):
    writer = Writer(database.commit, database.committed)
    database.open.clear()
    calls = asked(writer, "a", "b")
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0.01)
    late = asked(writer, "late")
    database.open.set()
    assert await outcomes(calls + late) == ["a kept", "b kept", StoreUnavailable]
    await closing


async def test_the_fault_of_the_last_write_is_known_until_one_succeeds(writer):
    assert writer.fault is None
    await outcomes(asked(writer, FULL))
    assert str(writer.fault) == "the disk is full"
    await outcomes(asked(writer, "a"))
    assert writer.fault is None


async def test_a_refused_op_is_no_fault_of_the_database(database):
    async def refuse(ops: Sequence[Op]) -> list[object]:
        raise Refused("too large")

    writer = Writer(refuse, database.committed)
    assert await outcomes(asked(writer, "a")) == [Refused]
    assert writer.fault is None
    await writer.close()


async def test_nobody_is_left_waiting_when_the_writer_itself_fails(database, monkeypatch):
    def stumble(ops: Sequence[Op], answers: Sequence[object]) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "_MOST", 1)
    writer = Writer(database.commit, stumble)
    assert await outcomes(asked(writer, "a", "b")) == ["a kept", StoreUnavailable]
    assert await outcomes(asked(writer, "c")) == [StoreUnavailable]
    with pytest.raises(ZeroDivisionError):
        await writer.close()
