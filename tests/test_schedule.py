"""When schedules are due: once, every so often, by the wall clock; late, and when clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Refused
from bridge.events import Cron, Every, Once
from bridge.schedule import first_slot, next_slot

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
YEAR_2024 = datetime(2024, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def slots(rule, now, count):
    """The first slots of a rule, each fired on time."""
    found = [first_slot(rule, now)]
    while len(found) < count:
        found.append(next_slot(rule, found[-1], found[-1]))
    return found


def berlin(*when):
    return datetime(*when, tzinfo=BERLIN).astimezone(UTC)


# -- once -----------------------------------------------------------------------------------------


def test_once_is_due_at_its_time_and_never_again():
    rule = Once(at=NOW + HOUR)
    assert first_slot(rule, NOW) == NOW + HOUR
    assert next_slot(rule, NOW + HOUR, NOW + HOUR) is None


def test_once_at_this_very_moment_is_still_due():
    assert first_slot(Once(at=NOW), NOW) == NOW


def test_once_in_the_past_is_refused():
    with pytest.raises(Refused, match="is over"):
        first_slot(Once(at=NOW - MINUTE), NOW)


# -- every ----------------------------------------------------------------------------------------


def test_every_begins_at_its_start():
    rule = Every(seconds=3600, start=NOW + MINUTE)
    assert slots(rule, NOW, 3) == [NOW + MINUTE, NOW + MINUTE + HOUR, NOW + MINUTE + 2 * HOUR]


def test_every_with_a_start_long_ago_keeps_its_beat():
    rule = Every(seconds=3600, start=NOW - 90 * DAY + MINUTE)
    assert first_slot(rule, NOW) == NOW + MINUTE


def test_after_a_long_sleep_every_fires_once_late_and_then_in_the_future():
    rule = Every(seconds=60, start=NOW)
    assert next_slot(rule, NOW, NOW + 3 * HOUR) == NOW + 3 * HOUR + MINUTE


@pytest.mark.parametrize("seconds", [0, -60])
def test_every_of_no_time_at_all_is_refused(seconds):
    with pytest.raises(Refused, match="at least a second"):
        first_slot(Every(seconds=seconds, start=NOW), NOW)


def test_a_time_past_the_calendar_is_refused_or_never():
    rule = Every(seconds=400_000_000_000, start=NOW)
    assert next_slot(rule, NOW, NOW) is None
    with pytest.raises(Refused, match="too far"):
        first_slot(rule, NOW + MINUTE)


@given(
    seconds=st.integers(1, 10**6),
    start=st.integers(-(10**7), 10**7),
    late=st.integers(0, 10**6),
)
def test_slots_of_every_are_in_the_future_on_the_beat_and_none_is_left_out(seconds, start, late):
    rule = Every(seconds=seconds, start=NOW + timedelta(seconds=start))
    slot = first_slot(rule, NOW)
    now = slot + timedelta(seconds=late)
    following = next_slot(rule, slot, now)
    assert now < following <= now + timedelta(seconds=seconds)
    assert (following - rule.start) % timedelta(seconds=seconds) == timedelta(0)


# -- cron -----------------------------------------------------------------------------------------


def test_cron_is_read_in_its_zone_and_answers_in_utc():
    rule = Cron(expression="30 9 * * 1-5", zone="Europe/Berlin")
    friday, monday = slots(rule, NOW, 2)
    assert friday == datetime(2026, 1, 16, 8, 30, tzinfo=UTC)
    assert monday == datetime(2026, 1, 19, 8, 30, tzinfo=UTC)
    assert friday.tzinfo is UTC


def test_after_a_long_sleep_cron_fires_once_late_and_then_in_the_future():
    rule = Cron(expression="*/10 * * * *")
    slot = first_slot(rule, NOW)
    assert next_slot(rule, slot, NOW + 5 * HOUR + MINUTE) == NOW + 5 * HOUR + 10 * MINUTE


def test_nine_in_the_morning_stays_nine_when_clocks_change():
    rule = Cron(expression="0 9 * * *", zone="Europe/Berlin")
    spring = slots(rule, berlin(2026, 3, 28, 0, 0), 3)
    assert [slot.hour for slot in spring] == [8, 7, 7]
    autumn = slots(rule, berlin(2026, 10, 24, 0, 0), 3)
    assert [slot.hour for slot in autumn] == [7, 8, 8]


def test_a_time_that_does_not_exist_is_due_right_after_the_gap():
    rule = Cron(expression="30 2 * * *", zone="Europe/Berlin")
    assert slots(rule, berlin(2026, 3, 28, 12, 0), 2) == [
        berlin(2026, 3, 29, 3, 0),
        berlin(2026, 3, 30, 2, 30),
    ]


def test_two_times_that_meet_after_the_gap_are_one_slot():
    rule = Cron(expression="0 2,3 * * *", zone="Europe/Berlin")
    assert slots(rule, berlin(2026, 3, 28, 12, 0), 2) == [
        berlin(2026, 3, 29, 3, 0),
        berlin(2026, 3, 30, 2, 0),
    ]


def test_a_time_that_comes_twice_is_due_the_first_time_only():
    rule = Cron(expression="30 2 * * *", zone="Europe/Berlin")
    assert slots(rule, berlin(2026, 10, 24, 12, 0), 2) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
    ]


def test_set_in_the_repeated_hour_a_rule_is_due_the_day_after():
    repeated = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    rule = Cron(expression="30 2 * * *", zone="Europe/Berlin")
    assert first_slot(rule, repeated) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_half_hour_by_cron_goes_on_through_both_changes():
    rule = Cron(expression="*/30 * * * *", zone="Europe/Berlin")
    for change in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        found = slots(rule, change, 8)
        assert {after - before for before, after in pairwise(found)} == {30 * MINUTE}


@given(
    expression=st.sampled_from(
        ["*/7 * * * *", "30 2 * * *", "0 1,2,3 * * *", "15 */2 * * 0", "0 0 29 2 *", "59 23 L * *"]
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    start=st.integers(0, 6 * 366 * 24 * 60).map(lambda minutes: YEAR_2024 + minutes * MINUTE),
    late=st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_slots_of_cron_strictly_increase(expression, zone, start, late):
    rule = Cron(expression=expression, zone=zone)
    slot = first_slot(rule, start)
    assert slot > start
    following = next_slot(rule, slot, slot + late)
    assert following > slot + late


@pytest.mark.parametrize("expression", ["", "* * * *", "0 0 9 * * *", "@daily"])
def test_a_rule_without_five_fields_is_refused_with_an_example(expression):
    with pytest.raises(Refused, match="five fields"):
        first_slot(Cron(expression=expression), NOW)


@pytest.mark.parametrize("expression", ["61 * * * *", "0 9 * * MOON", "0 0 30 2 *", "*/0 * * * *"])
def test_a_field_that_cannot_be_read_is_named(expression):
    with pytest.raises(Refused, match="Bad "):
        first_slot(Cron(expression=expression), NOW)


def test_a_day_that_never_comes_is_refused():
    with pytest.raises(Refused, match="never"):
        first_slot(Cron(expression="0 0 */31 * 1#5"), NOW)


@pytest.mark.parametrize("zone", ["Berlin", "", "Europe", "../etc", "/etc/passwd", "a\0b"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(Refused, match="time zone"):
        first_slot(Cron(expression="0 9 * * *", zone=zone), NOW)
