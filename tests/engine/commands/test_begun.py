"""How many sessions people begin with /new, how often, and whose they are."""

from bridge import session_texts
from bridge.domain.ids import SessionId
from bridge.engine.commands import begun
from bridge.engine.commands.begun import Begun
from storage.memory import MemoryStore
from tests.engine.rig import SetClock
from tests.playbook import ADA, BOB, EVE

ONE, TWO, THREE = map(SessionId, ("s_1", "s_2", "s_3"))


def kept() -> tuple[Begun, SetClock]:
    clock = SetClock()
    return Begun(MemoryStore(), clock), clock


async def test_what_was_begun_is_its_beginners_and_counted_once() -> None:
    they, _ = kept()
    for _ in range(2):
        assert await they.begin(ADA, ONE) == ""
    assert await they.of(ADA) == [ONE]
    assert await they.was_begun(ONE, BOB)
    assert not await they.was_begun(TWO, ADA)


async def test_an_archived_one_makes_room_and_is_known_as_begun(monkeypatch) -> None:
    monkeypatch.setattr(begun, "MOST", 1)
    they, _ = kept()
    await they.begin(ADA, ONE)
    assert await they.begin(ADA, TWO) == session_texts.too_many(1)
    assert await they.begin(ADA, ONE) == "", "it is there already"
    assert await they.archive(ADA, ONE) == ""
    assert await they.begin(ADA, TWO) == ""
    assert await they.was_begun(ONE, ADA)


async def test_of_two_who_are_one_what_each_began_is_counted_together(monkeypatch) -> None:
    monkeypatch.setattr(begun, "MOST_AN_HOUR", 2)
    they, clock = kept()
    await they.begin(ADA, ONE)
    await they.begin(BOB, TWO)
    await they.give(BOB, ADA)
    assert sorted(await they.of(ADA)) == [ONE, TWO]
    assert await they.of(BOB) == []
    assert await they.begin(ADA, THREE) == session_texts.TOO_OFTEN
    clock.forward(3601)
    assert await they.begin(ADA, THREE) == ""


async def test_a_clock_that_was_set_back_bars_nobody(monkeypatch) -> None:
    monkeypatch.setattr(begun, "MOST_AN_HOUR", 1)
    they, clock = kept()
    clock.forward(7200)
    await they.begin(ADA, ONE)
    clock.set_back(begun.HOUR)
    assert await they.begin(ADA, TWO) == ""


async def test_whoever_is_out_leaves_it_to_others_whose_places_it_takes_none_of(
    monkeypatch,
) -> None:
    monkeypatch.setattr(begun, "MOST", 1)
    they, _ = kept()
    await they.begin(ADA, ONE)
    await they.left(ADA, ONE, [BOB])
    assert (await they.of(ADA), await they.of(BOB)) == ([], [ONE])
    assert await they.begin(BOB, TWO) == ""
    await they.left(EVE, THREE, [BOB])
    assert THREE not in await they.of(BOB), "nobody began it so"
