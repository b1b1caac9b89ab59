"""A batch: whatever was asked for while the last one was written, applied in one transaction.

What is asked for at the same time has no order but this: writes to the directory, appends, then
what concerns lanes, the agenda and snapshots; within each of these, the order of the calls. So
whoever waits for one call before making the next is always right, and appends made one after the
other without waiting keep their order.
"""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection

from bridge.errors import Refused
from storage.admission import Append
from storage.sql.agenda import settle_many
from storage.sql.directory import enlist
from storage.sql.facts import write_fact
from storage.sql.lanes import change_lanes, keep_receipts
from storage.sql.log import append_many, keep_snapshots
from storage.sql.ops import Enlisting, FactWrite, KeepReceipt, KeepSnapshot, LaneChange, Op, Settle


def apply(connection: Connection, ops: Sequence[Op]) -> list[object]:
    """Apply a batch and return what each of its ops is answered, in their order.

    A `BridgeError` among the answers is that op's alone. Raises what the database raises; then
    nothing of the batch may be kept.
    """
    answers: list[object] = [None] * len(ops)
    others = [(at, op) for at, op in enumerate(ops) if not isinstance(op, Append)]
    for at, other in others:
        if isinstance(other, Enlisting):
            answers[at] = _enlisted(connection, other)
    appends = [op for op in ops if isinstance(op, Append)]
    results = iter(append_many(connection, appends))
    for at, op in enumerate(ops):
        if isinstance(op, Append):
            answers[at] = next(results)
    _apply_plain(connection, [op for _, op in others])
    for at, other in others:
        if isinstance(other, FactWrite):
            answers[at] = write_fact(connection, other)
    return answers


def _apply_plain(connection: Connection, ops: Sequence[Op]) -> None:
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
