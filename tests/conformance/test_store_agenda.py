"""The `Agenda` port, sentence by sentence."""

from datetime import datetime

from bridge.domain.content import Content
from bridge.domain.events import (
    Draft,
    Every,
    Pushed,
    ScheduleRemoved,
    ScheduleSet,
    Source,
    Triggered,
)
from bridge.domain.ids import ScheduleId, SessionId
from bridge.ports.store import DueSchedule, Store
from tests.stores import AT, S1, S2, later, put, said

TEA, BIN = ScheduleId("tea"), ScheduleId("bin")


def scheduled(schedule: ScheduleId, first: datetime | None) -> Draft:
    rule = Every(seconds=60, start=AT)
    body = ScheduleSet(schedule=schedule, rule=rule, action="say", text="Tea!", first=first)
    return Draft(body=body)


def fired(schedule: ScheduleId, slot: datetime, following: datetime | None) -> Source:
    return Source(kind="schedule", name=schedule, slot=slot, next_slot=following)


async def due(store: Store, now: datetime, **limit: int) -> list[tuple[str, str, datetime]]:
    found = await store.due_schedules(now, **limit)
    return [(each.session, each.schedule, each.slot) for each in found]


# -- schedules ------------------------------------------------------------------------------------


async def test_nothing_is_due_at_first(lived_in: Store):
    assert await lived_in.next_slot() is None
    assert await due(lived_in, later(10**6)) == []


async def test_a_schedule_is_due_from_its_slot_on(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(60)))
    assert await due(lived_in, later(59.999999)) == []
    assert await lived_in.due_schedules(later(60)) == [
        DueSchedule(session=S1, schedule=TEA, slot=later(60))
    ]
    assert await lived_in.next_slot() == later(60)


async def test_the_longest_overdue_comes_first(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(30)), scheduled(BIN, later(10)))
    await put(lived_in, S2, scheduled(TEA, later(20)))
    assert await due(lived_in, later(99)) == [
        (S1, BIN, later(10)),
        (S2, TEA, later(20)),
        (S1, TEA, later(30)),
    ]
    assert await due(lived_in, later(99), limit=1) == [(S1, BIN, later(10))]
    assert await lived_in.next_slot() == later(10)


async def test_setting_a_schedule_again_moves_its_slot(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(60)))
    await put(lived_in, S1, scheduled(TEA, later(5)))
    assert await due(lived_in, later(99)) == [(S1, TEA, later(5))]


async def test_a_removed_schedule_is_never_due(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(60)), Draft(body=ScheduleRemoved(schedule=TEA)))
    assert await due(lived_in, later(99)) == []
    assert await lived_in.next_slot() is None


async def test_a_schedule_without_a_first_slot_is_never_due(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, None))
    assert await lived_in.next_slot() is None


async def test_a_saying_of_a_schedule_moves_its_slot(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(60)))
    source = fired(TEA, later(60), later(120))
    await put(lived_in, S1, Draft(body=Pushed(source=source, content=Content(text="Tea!"))))
    assert await due(lived_in, later(200)) == [(S1, TEA, later(120))]


async def test_the_last_firing_of_a_schedule_ends_it(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(60)))
    source = fired(TEA, later(60), None)
    await put(lived_in, S1, Draft(body=Triggered(source=source, prompt="Tea?")))
    assert await lived_in.next_slot() is None


async def test_a_firing_repeated_by_its_key_moves_nothing(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(60)))
    first = Triggered(source=fired(TEA, later(60), later(120)), prompt="Tea?")
    second = Triggered(source=fired(TEA, later(60), later(999)), prompt="Tea?")
    await put(lived_in, S1, Draft(body=first, key="tea@60"))
    await put(lived_in, S1, Draft(body=second, key="tea@60"))
    assert await lived_in.next_slot() == later(120)


async def test_a_push_of_another_source_moves_no_slot(lived_in: Store):
    await put(lived_in, S1, scheduled(TEA, later(60)))
    source = Source(kind="webhook", name=TEA, next_slot=later(999))
    await put(lived_in, S1, Draft(body=Pushed(source=source, content=Content(text="x"))))
    assert await lived_in.next_slot() == later(60)


# -- settled sessions -----------------------------------------------------------------------------


async def restless(store: Store, now: datetime = AT) -> list[SessionId]:
    return sorted(await store.restless(now))


async def test_an_empty_session_has_nothing_to_be_done(lived_in: Store):
    assert await restless(lived_in) == []


async def test_a_session_is_restless_until_it_is_settled_at_its_head(lived_in: Store):
    await put(lived_in, S1, said("a"))
    assert await restless(lived_in) == [S1]
    await lived_in.settle(S1, head=1, due_at=None)
    assert await restless(lived_in) == []
    await put(lived_in, S1, said("b"))
    assert await restless(lived_in) == [S1]


async def test_settling_at_a_head_that_moved_on_does_not_settle(lived_in: Store):
    await put(lived_in, S1, said("a"), said("b"))
    await lived_in.settle(S1, head=1, due_at=None)
    assert await restless(lived_in) == [S1]


async def test_a_settled_session_is_restless_when_it_is_due(lived_in: Store):
    await put(lived_in, S1, said("a"))
    await lived_in.settle(S1, head=1, due_at=later(60))
    assert await restless(lived_in, later(59)) == []
    assert await restless(lived_in, later(60)) == [S1]
    await lived_in.settle(S1, head=1, due_at=None)
    assert await restless(lived_in, later(60)) == []


async def test_settling_an_unknown_session_is_no_error(lived_in: Store):
    await lived_in.settle(SessionId("s_nobody"), head=1, due_at=None)
    assert await restless(lived_in) == []
