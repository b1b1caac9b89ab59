"""A batch: many ops in a few statements, each as if the ones before it had been written."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event

from bridge.domain.content import Content
from bridge.domain.errors import Conflict, Refused, RunOver, UnknownSession
from bridge.domain.events import ConversationLinked, Draft, MessageComposed
from bridge.domain.ids import SessionId
from bridge.ports.store import Appended, Origin, Producer
from storage.append_rules import Append, asked
from storage.sql import lanes, log
from storage.sql.ops import (
    Advance,
    CreateSession,
    KeepReceipt,
    KeepSnapshot,
    Move,
    Op,
    Postpone,
    Register,
    Revive,
    Settle,
)
from storage.sql.schema import SCHEMA, create
from storage.sql.writer import apply
from tests.stores import (
    AT,
    C1,
    C2,
    R1,
    S1,
    S2,
    address,
    finished,
    heard,
    linked,
    receipt,
    said,
    started,
    texts,
)

NOBODY = SessionId("s_nobody")


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        create(connection, SCHEMA)
        setting = [CreateSession(session=each, at=AT) for each in (S1, S2)]
        places = [
            Register(conversation=each, address=address(each), room=False, title="", at=AT)
            for each in (C1, C2)
        ]
        apply(connection, [*setting, *places])
        yield connection
    engine.dispose()


def saying(session: SessionId, *drafts: Draft, **how: Any) -> Append:
    given = {"expect": None, "origin": None, "producer": None, **how}
    return asked(session, drafts, at=AT, **given)


def kinds(answers: list[object]) -> list[object]:
    return [type(each) for each in answers]


def statements(connection: Connection, ops: list[Op]) -> int:
    """Return how many statements a batch takes."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(connection, "before_cursor_execute", counted)
    apply(connection, ops)
    event.remove(connection, "before_cursor_execute", counted)
    return count


def test_one_bad_op_leaves_the_others_alone(connection):
    answers = apply(
        connection,
        [
            saying(S1, said("a")),
            saying(NOBODY, said("x")),
            saying(S1, said("x"), expect=7),
            saying(S1, finished()),
            saying(S1, said("b")),
        ],
    )
    assert kinds(answers) == [Appended, UnknownSession, Conflict, RunOver, Appended]
    assert texts(log.read(connection, S1, 0, 10)) == ["a", "b"]


def test_later_appends_see_the_heads_keys_and_origins_of_earlier_ones(connection):
    answers = apply(
        connection,
        [
            saying(S1, said("a", key="k"), expect=0, origin=heard("1")),
            saying(S1, said("again", key="k")),
            saying(S2, said("again"), origin=heard("1")),
            saying(S1, said("b"), expect=1),
            saying(S1, said("late"), expect=1),
        ],
    )
    assert kinds(answers) == [Appended, Appended, Appended, Appended, Conflict]
    first, same_key, same_origin, *_ = answers
    assert isinstance(first, Appended)
    assert isinstance(same_key, Appended)
    assert isinstance(same_origin, Appended)
    assert same_key.events == same_origin.events == first.events
    assert same_key.fresh == same_origin.fresh == ()
    assert texts(log.read(connection, S1, 0, 10)) == ["a", "b"]


def test_later_appends_see_the_run_that_earlier_ones_opened_and_ended(connection):
    speech = Draft(body=MessageComposed(run=R1, agent="echo", content=Content(text="hi")))
    answers = apply(
        connection,
        [
            saying(S1, started()),
            saying(S1, started()),
            saying(S1, speech),
            saying(S1, finished()),
            saying(S1, speech),
        ],
    )
    assert kinds(answers) == [Appended, Conflict, Appended, Appended, RunOver]


def test_later_appends_see_the_numbers_of_earlier_ones(connection):
    numbers = [Producer(id="tab", epoch=0, seq=seq) for seq in (0, 1, 1, 2)]
    answers = apply(connection, [saying(S1, said("x"), producer=each) for each in numbers])
    assert [isinstance(each, Appended) and each.repeated for each in answers] == [
        False,
        False,
        True,
        False,
    ]


def test_what_the_directory_is_told_is_there_for_the_appends_of_the_same_batch(connection):
    new = SessionId("s_new")
    answers = apply(connection, [saying(new, said("a")), CreateSession(session=new, at=AT)])
    assert kinds(answers) == [Appended, bool]


def test_changes_of_one_lane_are_applied_in_their_order(connection):
    apply(connection, [saying(S1, linked(C1), said("a"), said("b"))])
    wait = Postpone(session=S1, conversation=C1, until=AT, tries=2, error="429", suspended=True)
    apply(
        connection,
        [
            wait,
            Revive(conversation=C1),
            Advance(session=S1, conversation=C1, to=3),
            Advance(session=S1, conversation=C1, to=2),
        ],
    )
    lane = lanes.conversation(connection, C1)
    assert lane is not None
    assert (lane.cursor, lane.tries, lane.due_at, lane.suspended) == (3, 0, None, False)
    apply(connection, [Revive(conversation=C1), wait])
    lane = lanes.conversation(connection, C1)
    assert lane is not None
    assert (lane.tries, lane.suspended) == (2, True)


def test_a_link_and_what_is_said_of_its_lane_may_come_together(connection):
    advance = Advance(session=S1, conversation=C1, to=2)
    apply(connection, [advance, saying(S1, linked(C1), said("a"))])
    lane = lanes.conversation(connection, C1)
    assert lane is not None
    assert lane.cursor == 2


def test_the_last_of_several_receipts_of_a_part_stands(connection):
    states = ("attempted", "sent", "read")
    apply(connection, [KeepReceipt(receipt=receipt("1:0", each)) for each in states])
    (kept,) = lanes.find_receipts(connection, S1, C1, [1])
    assert kept.state == "read"


def test_a_refused_move_leaves_the_rest_of_the_batch_alone(connection):
    apply(connection, [saying(S1, linked(C1), linked(C2))])
    answers = apply(connection, [Move(conversation=C1, place="c_2"), saying(S1, said("a"))])
    assert kinds(answers) == [Refused, Appended]


def lively(count: int) -> list[Op]:
    """Return a batch of this many of everything that a busy bridge writes."""
    ops: list[Op] = []
    for n in range(count):
        origin = Origin(account="a", external_id=f"{count}.{n}", conversation=C1, message=f"m{n}")
        number = Producer(id=f"{count}.{n}", epoch=0, seq=0)
        ops += [
            saying(S1, said("x", key=f"{count}.{n}"), origin=origin, producer=number),
            saying(S2, said("y")),
            KeepReceipt(receipt=receipt(f"{n}:0", "attempted", conversation=C2)),
            Advance(session=S1, conversation=C1, to=n),
            Settle(session=S1, head=n, due_at=None),
            KeepSnapshot(session=S1, seq=n, body="{}"),
        ]
    return ops


def test_a_batch_takes_the_same_few_statements_whatever_its_size(connection):
    apply(connection, [saying(S1, linked(C1))])
    few, many = statements(connection, lively(2)), statements(connection, lively(150))
    assert few == many <= 15


def test_an_empty_batch_is_nothing(connection):
    assert apply(connection, []) == []
    assert statements(connection, []) == 0


def test_a_linked_conversation_that_nobody_knows_breaks_nothing(connection):
    unknown = Draft(body=ConversationLinked(conversation="c_nobody"))
    assert kinds(apply(connection, [saying(S1, unknown)])) == [Appended]


def test_finding_receipts_does_not_look_at_the_whole_lane(connection):
    plans: list[str] = []

    def explain(_: object, cursor: Any, statement: str, given: Any, *__: object) -> None:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given)
        plans.extend(row[3] for row in cursor.fetchall())

    event.listen(connection, "before_cursor_execute", explain)
    lanes.find_receipts(connection, S1, C1, [1, 2])
    event.remove(connection, "before_cursor_execute", explain)
    searches = [plan for plan in plans if "SEARCH" in plan]
    assert ["receipts_source" in searches[0], "receipts_unsettled" in searches[1]] == [True, True]
    assert len(searches) == 2
