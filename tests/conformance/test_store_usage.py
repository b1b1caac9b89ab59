"""The `Usages` port, sentence by sentence."""

from datetime import date, datetime, timedelta

import pytest

from bridge.domain.errors import RunOver
from bridge.domain.events import Draft, RunFinished, RunStarted, Usage, UsageReported
from bridge.domain.ids import ParticipantId, RunId, SessionId
from bridge.domain.usage import Spent, Used
from bridge.ports.store import Store
from tests.stores import ADA, AT, BOB, S1, S2

DAY = timedelta(days=1)
TODAY = AT.date()
LARGE = Usage(input_tokens=100, output_tokens=20, cost=0.25, model="large")
FREE = Usage(input_tokens=7, output_tokens=3)


@pytest.fixture
async def store(store: Store) -> Store:
    for session in (S1, S2):
        await store.create_session(session, at=AT)
    return store


async def use(
    store: Store,
    run: str,
    usage: Usage | None = LARGE,
    *,
    asker: ParticipantId | None = ADA,
    agent: str = "echo",
    session: SessionId = S1,
    at: datetime = AT,
) -> None:
    """Let a run begin and end."""
    begun = RunStarted(run=RunId(run), agent=agent, upto=0, node="n")
    ended = RunFinished(
        run=RunId(run), outcome="completed", upto=0, usage=usage, agent=agent, asker=asker
    )
    await store.append(session, [Draft(body=begun), Draft(body=ended)], at=at)


def spent(day: date = TODAY, **other) -> Spent:
    given = {"session": S1, "participant": ADA, "agent": "echo", "model": "large", **other}
    return Spent(day=day, **given)


ONE = Used(runs=1, input_tokens=100, output_tokens=20, cost=0.25)
TWO = Used(runs=2, input_tokens=200, output_tokens=40, cost=0.5)


async def test_at_first_nothing_was_used(store: Store):
    assert list(await store.usage()) == []


async def test_runs_of_one_day_session_person_agent_and_model_are_one(store: Store):
    await use(store, "r_1")
    await use(store, "r_2", at=AT + timedelta(hours=1))
    assert list(await store.usage()) == [spent(used=TWO)]


async def test_whatever_differs_is_told_apart_with_the_newest_day_first(store: Store):
    await use(store, "r_1")
    await use(store, "r_2", at=AT + DAY)
    await use(store, "r_3", asker=BOB)
    await use(store, "r_4", asker=None)
    await use(store, "r_5", agent="deep")
    await use(store, "r_6", session=S2)
    assert list(await store.usage()) == [
        spent(TODAY + DAY, used=ONE),
        spent(participant=None, used=ONE),
        spent(agent="deep", used=ONE),
        spent(used=ONE),
        spent(participant=BOB, used=ONE),
        spent(session=S2, used=ONE),
    ]


async def test_tokens_without_a_price_are_told_apart(store: Store):
    await use(store, "r_1", FREE)
    (found,) = await store.usage()
    assert found.model == ""
    assert found.used == Used(runs=1, input_tokens=7, output_tokens=3, unpriced=10)


async def test_an_answer_whose_agent_says_nothing_of_it_counts_and_used_nothing(store: Store):
    await use(store, "r_1", None)
    assert list(await store.usage()) == [spent(model="", used=Used(runs=1))]


async def test_a_run_that_was_nobodys_answer_does_not_count(store: Store):
    await use(store, "r_1", None, agent="")
    assert list(await store.usage()) == []


async def test_what_a_stopped_run_used_may_be_reported_later_and_counts_once(store: Store):
    begun = RunStarted(run=RunId("r_1"), agent="echo", upto=0, node="n")
    ended = RunFinished(run=RunId("r_1"), outcome="cancelled", upto=0)
    report = UsageReported(run=RunId("r_1"), usage=LARGE, agent="echo", asker=ADA)
    await store.append(S1, [Draft(body=begun), Draft(body=ended)], at=AT)
    for _ in range(2):
        await store.append(S1, [Draft(body=report, key="usage:r_1")], at=AT)
    await store.append(S1, [Draft(body=report)], at=AT)
    assert list(await store.usage()) == [spent(used=ONE)]


async def test_what_is_asked_for_is_bounded_by_days_and_session(store: Store):
    for number in range(4):
        await use(store, f"r_{number}", at=AT + number * DAY)
    await use(store, "r_9", session=S2)
    days = [each.day for each in await store.usage(since=TODAY + DAY, until=TODAY + 2 * DAY)]
    assert days == [TODAY + 2 * DAY, TODAY + DAY]
    assert [each.session for each in await store.usage(until=TODAY)] == [S1, S2]
    assert [each.session for each in await store.usage(session=S2)] == [S2]


async def test_what_is_not_appended_counts_for_nothing(store: Store):
    ended = RunFinished(
        run=RunId("r_1"), outcome="completed", upto=0, usage=LARGE, agent="echo", asker=ADA
    )
    with pytest.raises(RunOver):
        await store.append(S1, [Draft(body=ended)], at=AT)
    assert list(await store.usage()) == []


async def test_a_day_is_one_in_utc(store: Store):
    await use(store, "r_1", at=datetime.fromisoformat("2026-03-01T23:30:00-05:00"))
    assert [each.day for each in await store.usage()] == [date(2026, 3, 2)]
