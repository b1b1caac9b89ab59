"""When schedules are due: once, every so often, by the wall clock; late, and when clocks change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import Refused
from bridge.domain.events import Cron, Every, Once, ScheduleSet
from bridge.domain.ids import ScheduleId
from bridge.session.schedule import (
    FAILED_OFTEN,
    GRACE,
    MOST_LATE,
    called,
    first_changed,
    first_of,
    first_slot,
    is_late,
    meant,
    next_slot,
    pause_after,
    planned_anew,
    slot_after,
)

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
    with pytest.raises(Refused, match="in the past"):
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
    with pytest.raises(Refused, match="at least one second"):
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
    with pytest.raises(Refused, match="No time ever"):
        first_slot(Cron(expression="0 0 */31 * 1#5"), NOW)


@pytest.mark.parametrize("zone", ["Berlin", "", "Europe", "../etc", "/etc/passwd", "a\0b"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(Refused, match="time zone"):
        first_slot(Cron(expression="0 9 * * *", zone=zone), NOW)


# -- the clock is set back ------------------------------------------------------------------------


@pytest.mark.parametrize("back", [3 * MINUTE, DAY, 400 * DAY])
def test_what_repeats_is_planned_anew_when_the_clock_was_set_back(back):
    """Also where it is now before the rule began; and it goes on from there as usual."""
    rule, slot, now = Every(seconds=60, start=NOW), NOW + 10 * MINUTE, NOW + 9 * MINUTE - back
    anew, first = planned_anew(rule, slot, now, again=0)
    assert now < first <= now + MINUTE
    assert (slot - first) % MINUTE == timedelta(0), "it stays at its seconds"
    assert next_slot(anew, first, first) == first + MINUTE
    later = first - DAY
    _, second = planned_anew(anew, first, later, again=1)
    assert later < second <= later + MINUTE, "and once more, before it was due"


def test_a_cron_rule_is_due_when_the_clock_as_it_is_now_says_so():
    rule = Cron(expression="0 9 * * *", zone="UTC")
    slot = NOW.replace(hour=9) + 5 * DAY
    _, first = planned_anew(rule, slot, slot - 3 * DAY + HOUR, again=0)
    assert first == slot - 2 * DAY


@pytest.mark.parametrize(
    ("rule", "slot"),
    [
        (Once(at=NOW + DAY), NOW + DAY),
        (Every(seconds=60, start=NOW + DAY), NOW + DAY),
        (Every(seconds=60, start=NOW), NOW + MINUTE),
        (Every(seconds=60, start=NOW), NOW - HOUR),
        (Cron(expression="0 9 * * *", zone="UTC"), NOW - HOUR),
    ],
)
def test_appointments_and_what_is_due_in_time_stay(rule, slot):
    assert planned_anew(rule, slot, NOW, again=0) == (rule, slot)


@given(
    st.integers(1, 10**6),
    st.integers(-(10**8), 10**8),
    st.integers(0, 10**8),
    st.integers(0, 1),
)
def test_what_repeats_never_waits_longer_than_it_takes(step, start, back, again):
    rule = Every(seconds=step, start=NOW + timedelta(seconds=start))
    slot = rule.start + timedelta(seconds=step)
    now = slot - timedelta(seconds=back)
    anew, first = planned_anew(rule, slot, now, again=again)
    assert first <= max(slot, now)
    assert first - now <= timedelta(seconds=step)
    assert next_slot(anew, first, first) == first + timedelta(seconds=step)


# -- late, at an end, after failures --------------------------------------------------------------


def scheduled(rule, **more):
    return ScheduleSet(
        schedule=ScheduleId("sch_1"), rule=rule, action="ask", text="tea", first=NOW, **more
    )


HOURLY = Every(seconds=3600, start=NOW)
HOURLY_CRON = Cron(expression="0 * * * *")


def fired(planned, slot, now):
    """Return the slots that are fired at `now`, one after the other, and the next one."""
    slots = [slot]
    while (following := slot_after(planned, slots[-1], now)) is not None and following <= now:
        slots.append(following)
    return slots, following


@pytest.mark.parametrize("rule", [HOURLY, HOURLY_CRON], ids=["every", "cron"])
def test_slots_that_were_missed_are_made_up_for_where_that_is_wanted(rule):
    now = NOW + 5 * HOUR + MINUTE
    slots, following = fired(scheduled(rule, late="all"), NOW, now)
    assert slots == [NOW + n * HOUR for n in range(6)]
    assert following == NOW + 6 * HOUR
    assert fired(scheduled(rule), NOW, now) == ([NOW], NOW + 6 * HOUR)


@pytest.mark.parametrize("rule", [HOURLY, HOURLY_CRON], ids=["every", "cron"])
def test_no_more_than_the_last_few_are_made_up_for(rule):
    """A month of a down bridge is not a thousand runs."""
    now = NOW + 30 * DAY + MINUTE
    slots, following = fired(scheduled(rule, late="all"), NOW, now)
    assert len(slots) <= 1 + MOST_LATE
    assert slots[1:] == [NOW + 30 * DAY - n * HOUR for n in reversed(range(MOST_LATE))]
    assert following == NOW + 30 * DAY + HOUR


def test_what_is_due_once_has_nothing_to_make_up_for():
    assert slot_after(scheduled(Once(at=NOW), late="all"), NOW, NOW + DAY) is None


def test_a_slot_is_late_after_a_few_minutes():
    assert not is_late(NOW, NOW + GRACE)
    assert is_late(NOW, NOW + GRACE + timedelta(seconds=1))


def test_nothing_is_due_after_the_end_or_more_often_than_was_said():
    ending = scheduled(HOURLY, until=NOW + HOUR)
    assert slot_after(ending, NOW, NOW) == NOW + HOUR
    assert slot_after(ending, NOW + HOUR, NOW + HOUR) is None
    assert slot_after(scheduled(HOURLY, times=2), NOW, NOW) == NOW + HOUR
    assert slot_after(scheduled(HOURLY, times=1), NOW, NOW) is None


def test_what_ends_before_its_first_time_is_refused():
    assert first_of(scheduled(HOURLY, until=NOW), NOW) == NOW
    with pytest.raises(Refused, match="end before its first time"):
        first_of(scheduled(HOURLY, until=NOW + MINUTE), NOW + MINUTE)


def test_a_slot_that_is_due_stays_so_under_a_new_rule_that_has_it():
    daily, weekly = (Cron(expression=f"0 9 * * {day}", zone="Europe/Berlin") for day in "*1")
    slot = first_slot(weekly, NOW)
    known = replace(scheduled(daily), first=slot)
    assert first_changed(known, scheduled(weekly), slot + MINUTE) == slot
    assert first_changed(known, scheduled(weekly), slot - MINUTE) == slot, "as it is planned anew"
    other = Cron(expression="1 9 * * *", zone="Europe/Berlin")
    assert first_changed(known, scheduled(other), slot) == slot + MINUTE
    assert first_changed(known, scheduled(Once(at=slot)), slot + MINUTE) == slot
    never = scheduled(Every(seconds=0, start=NOW))
    with pytest.raises(Refused, match="second"):
        first_changed(known, never, slot)


def test_after_failures_in_a_row_the_next_slot_is_farther_and_farther_away():
    minutely = scheduled(Every(seconds=60, start=NOW), late="all")
    pauses = [slot_after(minutely, NOW, NOW, failures=n) - NOW for n in range(8)]
    assert pauses[:2] == [MINUTE, MINUTE]
    assert pauses == sorted(pauses)
    assert pauses[FAILED_OFTEN] > 10 * MINUTE
    assert pauses[-1] <= DAY + MINUTE
    assert pause_after(10_000) == DAY


# -- how people call them -------------------------------------------------------------------------


def named(*ids, **names):
    wanted = {**dict.fromkeys(ids, ""), **names}
    return {
        ScheduleId(each): replace(scheduled(HOURLY), schedule=ScheduleId(each), name=name)
        for each, name in wanted.items()
    }


def test_a_schedule_is_called_by_the_beginning_of_its_id_or_its_name():
    known = named("sch_12ab34", "sch_12abff", "sch_77", sch_x="briefing", sch_y="briefing")
    words = called(known)
    assert list(words) == ["12AB", "12ABF", "77", "briefing", "sch_y"]
    assert [meant(known, each) for each in words] == list(known)
    assert meant(known, " 12ab ") == "sch_12ab34"
    assert meant(known, "sch_77") == "sch_77"
    assert meant(known, "12ABFFF") is None
    assert meant(known, "") is None


def test_a_number_of_thousands_of_digits_is_refused_like_any_other_that_is_none():
    with pytest.raises(Refused, match="five fields"):
        first_slot(Cron(expression=f"0 {'9' * 5000} * * *"), NOW)
