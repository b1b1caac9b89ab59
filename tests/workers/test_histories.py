"""A log that an agent was given once is not read again, and never differs from the log."""

from bridge.content import Content
from bridge.events import Draft, MessageReceived
from bridge.ids import SessionId
from bridge.workers import histories as module
from bridge.workers.histories import OVERHEAD, PAGE, Histories
from storage.memory import MemoryStore
from tests.playbook import ADA, DM, HERE
from tests.workers.rig import NINE

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
    histories = Histories(store)
    await histories.read(HERE, upto=5)
    await told(store, HERE, 2)
    assert [each.seq for each in await histories.read(HERE, upto=7)] == [1, 2, 3, 4, 5, 6, 7]
    assert store.gave == 7


async def test_what_was_said_after_is_left_out_even_when_it_is_known():
    store = Counting()
    await told(store, HERE, 5)
    histories = Histories(store)
    await histories.read(HERE, upto=5)
    assert [each.seq for each in await histories.read(HERE, upto=3)] == [1, 2, 3]


async def test_a_log_of_many_pages_is_whole():
    store = Counting()
    await told(store, HERE, 2 * PAGE + 1)
    found = await Histories(store).read(HERE, upto=2 * PAGE + 1)
    assert [each.seq for each in found] == list(range(1, 2 * PAGE + 2))


async def test_the_session_that_was_not_used_the_longest_makes_room():
    store = Counting()
    await told(store, HERE, 1, "word" * 100)
    await told(store, THERE, 1, "word" * 100)
    histories = Histories(store, most=OVERHEAD + 1000)
    await histories.read(HERE, upto=1)
    await histories.read(THERE, upto=1)
    await histories.read(THERE, upto=1)
    assert store.gave == 2
    await histories.read(HERE, upto=1)
    assert store.gave == 3


async def test_what_was_just_read_stays_however_large_it_is():
    store = Counting()
    await told(store, HERE, 3, "word" * 100)
    histories = Histories(store, most=10)
    assert len(await histories.read(HERE, upto=3)) == 3
    assert len(await histories.read(HERE, upto=3)) == 3
    assert store.gave == 3


async def test_a_large_session_makes_the_others_go_and_not_itself():
    store = Counting()
    await told(store, HERE, 1, "word")
    await told(store, THERE, 50, "word" * 100)
    histories = Histories(store, most=OVERHEAD * 10)
    await histories.read(HERE, upto=1)
    for _ in range(5):
        await histories.read(THERE, upto=50)
    assert store.gave == 51
    await histories.read(HERE, upto=1)
    assert store.gave == 52, "that one had gone"


async def test_an_event_is_weighed_once_and_by_its_texts(monkeypatch):
    weighed: list[object] = []
    real = module.weight_of
    monkeypatch.setattr(module, "weight_of", lambda body: weighed.append(body) or real(body))
    store = Counting()
    await told(store, HERE, 40, "word" * 100)
    histories = Histories(store)
    for upto in range(1, 41):
        await histories.read(HERE, upto=upto)
    assert len(weighed) == 40
    assert real(weighed[0]) == OVERHEAD + 400
