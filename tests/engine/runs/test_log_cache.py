"""A log that an agent was given once is not read again, and never differs from the log."""

import asyncio

import pytest

from bridge.domain.content import Content
from bridge.domain.events import Draft, MessageReceived
from bridge.domain.ids import SessionId
from bridge.engine.runs import log_cache as module
from bridge.engine.runs.log_cache import OVERHEAD, PAGE, LogCache
from storage.memory import MemoryStore
from tests.engine.rig import NINE
from tests.playbook import ADA, DM, HERE

THERE = SessionId("s_there")


class Counting(MemoryStore):
    """Counts the events that were read from it."""

    def __init__(self) -> None:
        super().__init__()
        self.gave = 0

    async def read(self, session, *, after, limit):
        found = await super().read(session, after=after, limit=limit)
        self.gave += len(found)
        return found


async def told(store: MemoryStore, session: SessionId, count: int, text: str = "word") -> None:
    await store.create_session(session, at=NINE)
    said = MessageReceived(participant=ADA, conversation=DM, content=Content(text=text))
    await store.append(session, [Draft(body=said)] * count, at=NINE)


async def test_what_was_read_once_is_not_read_again():
    store = Counting()
    await told(store, HERE, 5)
    log_cache = LogCache(store)
    await log_cache.read(HERE, upto=5)
    await told(store, HERE, 2)
    assert [each.seq for each in await log_cache.read(HERE, upto=7)] == [1, 2, 3, 4, 5, 6, 7]
    assert store.gave == 7


async def test_what_was_said_after_is_left_out_even_when_it_is_known():
    store = Counting()
    await told(store, HERE, 5)
    log_cache = LogCache(store)
    await log_cache.read(HERE, upto=5)
    assert [each.seq for each in await log_cache.read(HERE, upto=3)] == [1, 2, 3]


async def test_a_log_of_many_pages_is_whole():
    store = Counting()
    await told(store, HERE, 2 * PAGE + 1)
    found = await LogCache(store).read(HERE, upto=2 * PAGE + 1)
    assert [each.seq for each in found] == list(range(1, 2 * PAGE + 2))


async def test_the_session_that_was_not_used_the_longest_makes_room():
    store = Counting()
    await told(store, HERE, 1, "word" * 100)
    await told(store, THERE, 1, "word" * 100)
    log_cache = LogCache(store, most=OVERHEAD + 1000)
    await log_cache.read(HERE, upto=1)
    await log_cache.read(THERE, upto=1)
    await log_cache.read(THERE, upto=1)
    assert store.gave == 2
    await log_cache.read(HERE, upto=1)
    assert store.gave == 3


async def test_of_a_log_that_was_summed_up_only_what_came_since_is_read():
    """And a page before, to which people may refer."""
    store = Counting()
    await told(store, HERE, 8 * PAGE)
    whole, log = await LogCache(store).recent(HERE, upto=8 * PAGE, summed_up=7 * PAGE)
    assert store.gave == 2 * PAGE
    assert (whole, log[0].seq, log[-1].seq) == (7 * PAGE, 6 * PAGE + 1, 8 * PAGE)


async def test_of_a_log_that_was_never_summed_up_only_its_newest_part_is_read(monkeypatch):
    monkeypatch.setattr(module, "NEWEST", 2 * PAGE)
    store = Counting()
    await told(store, HERE, 9 * PAGE)
    log_cache = LogCache(store)
    whole, log = await log_cache.recent(HERE, upto=9 * PAGE, summed_up=0)
    assert store.gave == 3 * PAGE
    assert (whole, log[0].seq) == (7 * PAGE, 6 * PAGE + 1)
    await told(store, HERE, 5)
    again, log = await log_cache.recent(HERE, upto=9 * PAGE + 5, summed_up=0)
    assert store.gave == 3 * PAGE + 5
    assert (again, log[0].seq, log[-1].seq) == (whole, 6 * PAGE + 1, 9 * PAGE + 5)


async def test_a_short_log_is_worked_from_whole():
    store = Counting()
    await told(store, HERE, 5)
    whole, log = await LogCache(store).recent(HERE, upto=5, summed_up=0)
    assert (whole, len(log)) == (0, 5)


async def test_all_of_a_log_is_read_only_where_it_is_asked_for():
    store = Counting()
    await told(store, HERE, 8 * PAGE)
    log_cache = LogCache(store)
    await log_cache.recent(HERE, upto=8 * PAGE, summed_up=7 * PAGE)
    log = await log_cache.read(HERE, upto=8 * PAGE)
    assert [each.seq for each in log] == list(range(1, 8 * PAGE + 1))
    assert store.gave == 8 * PAGE


async def test_what_was_just_read_stays_however_large_it_is():
    store = Counting()
    await told(store, HERE, 3, "word" * 100)
    log_cache = LogCache(store, most=10)
    assert len(await log_cache.read(HERE, upto=3)) == 3
    assert len(await log_cache.read(HERE, upto=3)) == 3
    assert store.gave == 3


async def test_a_large_session_makes_the_others_go_and_not_itself():
    store = Counting()
    await told(store, HERE, 1, "word")
    await told(store, THERE, 50, "word" * 100)
    log_cache = LogCache(store, most=OVERHEAD * 10)
    await log_cache.read(HERE, upto=1)
    for _ in range(5):
        await log_cache.read(THERE, upto=50)
    assert store.gave == 51
    await log_cache.read(HERE, upto=1)
    assert store.gave == 52, "that one had gone"


async def test_an_event_is_weighed_once_and_by_its_texts(monkeypatch):
    weighed: list[object] = []
    real = module.weight_of
    monkeypatch.setattr(module, "weight_of", lambda body: weighed.append(body) or real(body))
    store = Counting()
    await told(store, HERE, 40, "word" * 100)
    log_cache = LogCache(store)
    for upto in range(1, 41):
        await log_cache.read(HERE, upto=upto)
    assert len(weighed) == 40
    assert real(weighed[0]) == OVERHEAD + 400


async def test_what_a_run_was_given_stays_as_it_is_while_the_log_grows():
    store = Counting()
    await told(store, HERE, 3)
    log_cache = LogCache(store)
    given = await log_cache.read(HERE, upto=3)
    await told(store, HERE, 2)
    await log_cache.read(HERE, upto=5)
    assert [each.seq for each in given] == [1, 2, 3]
    assert (len(given), given[-1].seq, given[2].seq) == (3, 3, 3)
    assert [each.seq for each in given[1:]] == [2, 3]
    with pytest.raises(IndexError):
        given[3]


async def test_two_who_read_at_once_read_each_event_once():
    store = Counting()
    await told(store, HERE, 2)
    log_cache = LogCache(store)
    await log_cache.read(HERE, upto=2)
    await told(store, HERE, PAGE + 1)
    both = await asyncio.gather(*(log_cache.read(HERE, upto=PAGE + 3) for _ in range(2)))
    assert [[each.seq for each in found] for found in both] == [list(range(1, PAGE + 4))] * 2


async def test_a_log_whose_beginning_is_read_later_is_whole_and_has_each_event_once():
    store = Counting()
    await told(store, HERE, 8 * PAGE)
    log_cache = LogCache(store)
    await log_cache.recent(HERE, upto=8 * PAGE, summed_up=7 * PAGE + 500)
    log = await log_cache.read(HERE, upto=8 * PAGE)
    assert [each.seq for each in log] == list(range(1, 8 * PAGE + 1))
