"""The plan of a round: the same from the same seed, and as much trouble as was asked for."""

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.schedule import ANSWERS, EVENTS, LINES, plan


def planned(seed="1", **changes):
    given = {
        "seconds": 3600.0,
        "kills": 12.0,
        "words": 30.0,
        "platforms": ["phone", "office"],
        "rooms": [False, True, False],
        "restarts": True,
    }
    return plan(seed, **(given | changes))


def test_the_same_seed_plans_the_same_and_another_something_else():
    assert planned("1") == planned("1")
    assert planned("1") != planned("2")


def test_an_hour_has_more_than_500_kills_some_of_them_in_bursts():
    blows = [each for each in planned().process if each.what == "kill"]
    assert sum(1 + len(each.gaps) for each in blows) > 500
    assert {len(each.gaps) for each in blows} == {0, 1, 2}
    assert all(0.2 <= gap <= 3.0 for each in blows for gap in each.gaps)


def test_every_sort_of_trouble_comes_on_every_platform():
    found = {(each.what, each.where) for each in planned().network}
    sorts = [*LINES, *ANSWERS, *EVENTS, "down"]
    assert found == {(what, where) for what in sorts for where in ("phone", "office")}


def test_only_a_server_is_restarted():
    assert {each.how for each in planned().database} == {"fast", "immediate"}
    assert planned(restarts=False).database == []


def test_words_are_overheard_in_rooms_only():
    lines = planned().lines
    assert {each.kind for each in lines} == {"plain", "tool", "leave", "overheard"}
    assert {each.writer for each in lines if each.kind == "overheard"} == {1}


@given(seed=st.text(max_size=5), seconds=st.floats(1, 600), words=st.floats(0, 60))
def test_everything_is_in_order_and_in_time_and_each_word_has_its_number(seed, seconds, words):
    made = planned(seed, seconds=seconds, words=words)
    for blows in (made.process, made.network, made.database, made.lines):
        times = [each.at for each in blows]
        assert times == sorted(times)
    assert [each.number for each in made.lines] == list(range(1, len(made.lines) + 1))
    assert all(each.at < seconds for each in (*made.process, *made.network, *made.database))
