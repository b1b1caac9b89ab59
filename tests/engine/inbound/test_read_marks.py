"""Read marks: they cover only what is stored, and name what stands close before them."""

import asyncio

import pytest

from bridge.domain.errors import StoreUnavailable
from bridge.engine.inbound.read_marks import MOST_NAMED, KeptMarks
from bridge.ports.feed import Mark, Marking


class Facts(dict[str, str]):
    """Facts in memory. `refuses` is raised by the next writings."""

    refuses: Exception | None = None

    async def put(self, key: str, value: str) -> None:
        if self.refuses is not None:
            raise self.refuses
        self[key] = value

    async def remove(self, key: str) -> None:
        self.pop(key, None)

    async def all(self) -> dict[str, str]:
        return dict(self)


def marks(facts: Facts, overlap: int = 0) -> KeptMarks:
    return KeptMarks(facts, Marking(prefixes=("dm:", "room:"), overlap=overlap))


def at(position: int) -> Mark:
    return Mark(name="dm:1", position=position)


async def test_it_names_what_was_stored_within_the_overlap():
    facts = Facts()
    kept = marks(facts, overlap=10)
    for position in (95, 100, 89, 91):
        kept.moved(at(position))
    await kept.save()
    assert facts == {"dm:1": "100 95 91"}
    assert kept.has(at(91))
    assert not kept.has(at(92))
    assert not kept.has(None)
    assert kept.after("dm:1") == 90


async def test_it_names_only_so_many():
    kept = marks(facts := Facts(), overlap=10_000)
    for position in range(2 * MOST_NAMED):
        kept.moved(at(position))
    await kept.save()
    assert len(facts["dm:1"].split()) == MOST_NAMED


def test_what_waits_holds_it_back_until_it_is_stored_or_dropped():
    kept = marks(Facts())
    for position in (1, 2, 3, 4):
        kept.expect(at(position))
    kept.moved(at(1))
    kept.moved(at(4))
    assert kept.stored("dm:1")[0] == 1
    kept.dropped(at(3))
    kept.moved(at(2))
    assert kept.stored("dm:1")[0] == 4


def test_what_is_ahead_when_the_listening_ends_is_read_again():
    kept = marks(Facts())
    kept.expect(at(1))
    kept.moved(at(2))
    kept.fall_back()
    assert not kept.stored("dm:1")
    kept.moved(at(1))
    assert kept.stored("dm:1")[0] == 1


async def test_what_was_kept_is_loaded_once_and_only_what_is_a_mark():
    facts = Facts({"dm:1": "7 6", "since": "1", "room:2": "9"})
    kept = marks(facts)
    await kept.load()
    facts["dm:3"] = "1"
    await kept.load()
    assert sorted(kept.names()) == ["dm:1", "room:2"]
    assert kept.has(at(6))


async def test_whatever_fails_to_be_written_is_written_next_time():
    facts = Facts()
    kept = marks(facts)
    kept.moved(at(3))
    facts.refuses = StoreUnavailable()
    await kept.save()
    facts.refuses = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await kept.save()
    facts.refuses = None
    await kept.save()
    assert facts == {"dm:1": "3"}


async def test_a_mark_is_kept_as_its_platform_writes_it():
    """Time stamps, in the form that they were always kept in."""
    facts = Facts({"dm:1": "1700000000.000100"})
    marking = Marking(
        prefixes=("dm:",),
        read=lambda text: int(text.replace(".", "")),
        written=lambda at: f"{at // 1_000_000}.{at % 1_000_000:06}",
    )
    kept = KeptMarks(facts, marking)
    await kept.load()
    assert kept.stored("dm:1") == (1_700_000_000_000_100,)
    kept.moved(at(1_700_000_001_000_001))
    await kept.save()
    assert facts == {"dm:1": "1700000001.000001"}


async def test_a_mark_begun_before_the_kept_ones_were_read_gives_way_to_the_kept_one():
    """We may speak somewhere before we listen: what was missed there is not skipped by it."""
    facts = Facts({"dm:1": "7"})
    kept = marks(facts)
    kept.begin("dm:1", 99)
    kept.begin("dm:2", 99)
    await kept.load()
    await kept.save()
    assert facts == {"dm:1": "7", "dm:2": "99"}


async def test_a_source_of_which_nothing_waits_takes_no_memory():
    kept = marks(Facts())
    for number in range(100):
        mark = Mark(name=f"room:{number}", position=1)
        kept.expect(mark)
        kept.moved(mark)
        kept.forget(mark.name)
    assert not kept.names()
    assert not kept._waiting
    assert not kept._ahead


async def test_what_was_begun_is_kept_when_keep_returns_also_while_another_writes_it():
    class Slow(Facts):
        async def put(self, key: str, value: str) -> None:
            await goes_on.wait()
            await super().put(key, value)

    goes_on, facts = asyncio.Event(), Slow()
    kept = marks(facts)
    kept.begin("dm:1", 5)
    first = asyncio.create_task(kept.keep())
    await asyncio.sleep(0)  # it writes
    second = asyncio.create_task(kept.keep())
    await asyncio.sleep(0)
    assert not second.done()
    goes_on.set()
    await asyncio.gather(first, second)
    assert facts == {"dm:1": "5"}
    kept.begin("dm:2", 6)
    facts.refuses = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await kept.keep()
