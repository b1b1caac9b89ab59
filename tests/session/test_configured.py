"""Schedules that the configuration sets: what is to change in a session by them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bridge.domain.commands import PauseSchedule, RemoveSchedule, SetSchedule
from bridge.domain.errors import Refused
from bridge.domain.events import Cron, Every
from bridge.domain.ids import ScheduleId
from bridge.session.configured import ORIGIN, Configured, changes, end_of, rule_of
from tests.playbook import ADA, HERE, seconds, with_ada

BRIEFING = Configured(
    name="briefing", session=HERE, rule=Cron(expression="0 9 * * *"), action="ask", text="news?"
)
WATCH = replace(BRIEFING, name="watch", rule=Every(seconds=1800, start=ORIGIN), late="skip")


def played(*wanted, play=None):
    """Play what the configuration wants; return the play and what it changed."""
    play = play or with_ada(seconds(1))
    fresh = [ScheduleId(f"sch_{play.head}_{n}") for n, _ in enumerate(wanted)]
    made = changes(play.session, wanted, fresh)
    for each in made:
        play >> each
        assert play.error is None
    return play, made


def test_what_is_new_is_set_and_the_same_again_changes_nothing():
    play, made = played(BRIEFING, WATCH)
    assert [each.name for each in made] == ["briefing", "watch"]
    assert {each.name: each.by for each in play.session.schedules.values()} == {
        "briefing": None,
        "watch": None,
    }
    assert played(BRIEFING, WATCH, play=play)[1] == []


@pytest.mark.parametrize(
    "change",
    [
        {"text": "weather?"},
        {"action": "say"},
        {"rule": Cron(expression="0 8 * * *")},
        {"late": "all"},
        {"until": datetime(2030, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_differs_is_changed(change):
    play, _ = played(BRIEFING)
    (known,) = play.session.schedules
    _, (made,) = played(replace(BRIEFING, **change), play=play)
    assert made.schedule == known, "it is the same schedule"
    assert played(replace(BRIEFING, **change), play=play)[1] == []


def test_what_is_gone_is_removed_and_what_people_set_stays():
    play, _ = played(BRIEFING, WATCH)
    theirs = SetSchedule(
        schedule=ScheduleId("sch_x"), rule=WATCH.rule, action="ask", text="tea", by=ADA
    )
    play >> theirs
    _, (made,) = played(WATCH, play=play)
    assert isinstance(made, RemoveSchedule)
    assert sorted(each.name for each in play.session.schedules.values()) == ["", "watch"]


def test_what_was_paused_stays_so_and_what_an_owner_changed_is_set_again():
    play, _ = played(BRIEFING)
    (known,) = play.session.schedules
    play >> PauseSchedule(schedule=known, by=ADA)
    assert played(BRIEFING, play=play)[1] == []
    changed = SetSchedule(
        schedule=known, rule=BRIEFING.rule, action="ask", text="x", by=ADA, name="briefing"
    )
    play >> changed
    played(BRIEFING, play=play)
    (each,) = play.session.schedules.values()
    assert (each.text, each.by, each.paused) == ("news?", None, True)


def test_a_rule_is_read_as_after_every_and_is_the_same_at_each_start():
    assert rule_of("weekday 9:00", "Asia/Tokyo") == Cron(
        expression="0 9 * * 1-5", zone="Asia/Tokyo"
    )
    assert rule_of("every 30 minutes", "UTC") == Every(seconds=1800, start=ORIGIN)


@pytest.mark.parametrize(
    "when", ["now and then", "day 9:00 until friday", "day 9:00 3 times", "day 9:00 late skip"]
)
def test_what_is_no_rule_alone_is_refused(when):
    with pytest.raises(Refused):
        rule_of(when, "UTC")


def test_the_last_day_ends_where_its_zone_is():
    assert end_of(date(2030, 1, 1), "Asia/Tokyo") == datetime(2030, 1, 1, 14, 59, 59, tzinfo=UTC)
