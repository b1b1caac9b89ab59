"""When people say something is to happen: each accepted phrase, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import Refused
from bridge.domain.events import Cron, Every, Once
from bridge.session import phrases
from bridge.session.schedule import first_slot

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
"""A Wednesday, half past ten in Berlin."""

BERLIN = "Europe/Berlin"


def every(written, zone=BERLIN):
    return phrases.every(f"{written} look", NOW, zone)


def once(written, zone=BERLIN, now=NOW):
    rule = phrases.once(f"{written} look", now, zone).rule
    assert isinstance(rule, Once)
    return rule.at


def read_or_why(read, written, zone=BERLIN):
    """Return what is understood, or why nothing is."""
    try:
        return read(f"{written} look", NOW, zone)
    except Refused as refused:
        return str(refused)


def utc(*when):
    return datetime(*when, tzinfo=UTC)


# -- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("written", phrases.EVERY)
def test_every_phrase_of_the_list_is_read_and_is_due(written):
    """The list in the documents, in the answer to any other phrase, and here is one."""
    understood = every(written)
    assert understood.text == "look"
    assert first_slot(understood.rule, NOW) > NOW


@pytest.mark.parametrize("written", phrases.ONCE)
def test_every_phrase_for_once_is_read_and_is_due(written):
    assert once(written) > NOW


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("30 minutes", 30),
        ("minute", 1),
        ("1 min", 1),
        ("hour", 60),
        ("2 hours", 120),
        ("2h", 120),
        ("every 5 mins", 5),
    ],
)
def test_so_many_minutes_or_hours_are_counted_from_now(written, minutes):
    step = timedelta(minutes=minutes)
    assert every(written).rule == Every(seconds=minutes * 60, start=NOW + step)


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("day at 18:00", "0 18 * * *"),
        ("day 9pm", "0 21 * * *"),
        ("day 12am", "0 0 * * *"),
        ("day 12:30 pm", "30 12 * * *"),
        ("day at noon", "0 12 * * *"),
        ("day midnight", "0 0 * * *"),
        ("weekday 9:00", "0 9 * * 1-5"),
        ("Workdays at 09:05", "5 9 * * 1-5"),
        ("weekend 10:00", "0 10 * * 6,0"),
        ("monday 8:30", "30 8 * * 1"),
        ("Sun 8:30", "30 8 * * 0"),
        ("mon, wed and fri 7am", "0 7 * * 1,3,5"),
        ("fridays, mondays 7:00", "0 7 * * 1,5"),
        ("1st 9:00", "0 9 1 * *"),
        ("the 31st of the month at 9:00", "0 9 31 * *"),
        ("month on the 2nd at 9:00", "0 9 2 * *"),
        ("last day of the month 9:00", "0 9 L * *"),
        ("cron */5 * * * *", "*/5 * * * *"),
    ],
)
def test_days_are_rules_of_cron_in_the_zone(written, expression):
    assert every(written).rule == Cron(expression=expression, zone=BERLIN)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("in 2 hours", utc(2026, 3, 4, 11, 30)),
        ("in an hour", utc(2026, 3, 4, 10, 30)),
        ("in 20 min", utc(2026, 3, 4, 9, 50)),
        ("in 3 days", utc(2026, 3, 7, 9, 30)),
        ("in a week", utc(2026, 3, 11, 9, 30)),
        ("today 18:00", utc(2026, 3, 4, 17)),
        ("tomorrow at 9:00", utc(2026, 3, 5, 8)),
        ("18:00", utc(2026, 3, 4, 17)),
        ("at 9am", utc(2026, 3, 5, 8)),
        ("5:30 p.m.", utc(2026, 3, 4, 16, 30)),
        ("9 a.m. UTC", utc(2026, 3, 5, 9)),
        ("12:00 am", utc(2026, 3, 4, 23)),
        ("12 p. m.", utc(2026, 3, 4, 11)),
        ("on friday 9:00", utc(2026, 3, 6, 8)),
        ("wednesday 18:00", utc(2026, 3, 4, 17)),
        ("wednesday 9:00", utc(2026, 3, 11, 8)),
        ("2026-12-24 18:00", utc(2026, 12, 24, 17)),
        ("on 2026-07-01 at 18:00", utc(2026, 7, 1, 16)),
        ("tomorrow 9:00 America/New_York", utc(2026, 3, 5, 14)),
        ("tomorrow 9:00 UTC", utc(2026, 3, 5, 9)),
    ],
)
def test_once_is_a_time_on_the_wall_clock(written, at):
    assert once(written) == at


def test_days_from_now_are_the_same_time_of_day_also_when_clocks_change():
    """Berlin's clocks go forward on 29 March 2026."""
    friday = utc(2026, 3, 27, 9)
    assert once("in 3 days", now=friday) == utc(2026, 3, 30, 8)
    assert once("in 72 hours", now=friday) == utc(2026, 3, 30, 9)


def test_a_time_that_does_not_exist_is_as_much_later_and_one_that_comes_twice_the_first():
    assert once("2026-03-29 2:30") == utc(2026, 3, 29, 1, 30), "half past three"
    assert once("2026-10-25 2:30") == utc(2026, 10, 25, 0, 30)


# -- what may follow ------------------------------------------------------------------------------


def test_the_zone_that_is_named_counts_and_it_is_said_whether_one_was():
    named = every("day 9:00 America/Sao_Paulo")
    assert named.rule == Cron(expression="0 9 * * *", zone="America/Sao_Paulo")
    assert (named.zone, named.is_zone_named) == ("America/Sao_Paulo", True)
    assert not every("day 9:00").is_zone_named


@pytest.mark.parametrize("text", ["est-ce que tu es là", "Ist it", "gmt", "-5 on the list", "ZEST"])
def test_words_that_only_begin_like_a_zone_are_none(text):
    assert phrases.every(f"day 9:00 {text}", NOW, BERLIN).text == text


def test_words_with_a_slash_are_no_zone():
    assert phrases.every("day 9:00 and/or so", NOW, BERLIN).text == "and/or so"


@pytest.mark.parametrize(
    ("written", "until"),
    [
        ("10 minutes until 18:00", utc(2026, 3, 4, 17)),
        ("day 9:00 until friday", utc(2026, 3, 6, 22, 59, 59)),
        ("day 9:00 until 2026-12-24", utc(2026, 12, 24, 22, 59, 59)),
        ("day 9:00 until 2026-12-24 18:00", utc(2026, 12, 24, 17)),
        ("day 9:00 UTC until 2026-12-24 18:00", utc(2026, 12, 24, 18)),
    ],
)
def test_an_end_is_a_day_a_time_or_both(written, until):
    assert every(written).until == until


def test_how_often_and_what_becomes_of_late_times():
    understood = every("10 minutes 6 times until 18:00 late skip")
    assert (understood.times, understood.late) == (6, "skip")
    assert understood.until == utc(2026, 3, 4, 17)
    assert every("10 minutes").times is None


def test_with_say_the_words_are_said_as_they_are():
    said = phrases.once("in 20 minutes say Tea is ready", NOW, BERLIN)
    assert (said.action, said.text) == ("say", "Tea is ready")
    asked = phrases.once("in 20 minutes: saying hello\nin two lines", NOW, BERLIN)
    assert (asked.action, asked.text) == ("ask", "saying hello\nin two lines")


@pytest.mark.parametrize("written", [f"every {each}" for each in phrases.EVERY])
def test_a_program_says_elsewhere_what_is_to_happen(written):
    assert phrases.timed(written, NOW, BERLIN).rule == every(written).rule
    assert phrases.timed("once in 2 hours", NOW, BERLIN).rule == Once(at=utc(2026, 3, 4, 11, 30))


@pytest.mark.parametrize(
    "written", ["every day 9:00 look", "once in 2 hours say", "every", "once", ""]
)
def test_whatever_else_a_program_writes_there_is_refused(written):
    with pytest.raises(Refused, match="do not understand"):
        phrases.timed(written, NOW, BERLIN)


# -- what is not read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["", "now and then", "9:00", "day", "day 25:00", "day 13pm", "day 0am", "32nd 9:00", "weekly",
     "day 9:00pmx", "30 seconds", "day 9", "fortnight 9:00"],
)  # fmt: skip
def test_any_other_phrase_is_refused_with_those_that_are_read(written):
    with pytest.raises(Refused) as refused:
        every(written)
    assert all(f"`{each}`" in str(refused.value) for each in phrases.EVERY)


@pytest.mark.parametrize("written", ["", "soon", "tomorrow", "in the evening", "in 2 lightyears"])
def test_any_other_time_for_once_is_refused_with_those_that_are_read(written):
    with pytest.raises(Refused) as refused:
        once(written)
    assert all(f"`{each}`" in str(refused.value) for each in phrases.ONCE)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("0 minutes", "at least one second"),
        ("day 9:00 Europe/Berlni", "no time zone"),
        ("day 9:00 UTC+2", "no time zone"),
        ("day 9:00 GMT +5:30", "no time zone"),
        ("day 9:00 PST", "no time zone"),
        ("day 9:00 +02:00", "no time zone"),
        ("day 18:00:30", "do not understand"),
        ("day 9:00 until 2026-02-30", "no day"),
        ("day 9:00 until then", "do not understand"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(written, why):
    with pytest.raises(Refused, match=why):
        every(written)


@pytest.mark.parametrize(
    ("written", "why"),
    [("2026-13-01 9:00", "no day"), ("9999-12-31 23:59", "too far"), ("in 99999 weeks", "")],
)
def test_no_time_is_too_far_or_wrong_for_an_answer(written, why):
    found = read_or_why(phrases.once, written, zone="America/New_York")
    assert why in found if isinstance(found, str) else found.rule.at > NOW


def test_what_is_to_happen_has_to_be_said():
    with pytest.raises(Refused, match="Say what is to happen"):
        phrases.every("day 9:00", NOW, BERLIN)
    with pytest.raises(Refused, match="Say what is to happen"):
        phrases.once("in 2 hours say ", NOW, BERLIN)


@given(written=st.text(max_size=60), more=st.sampled_from([*phrases.EVERY, *phrases.ONCE, ""]))
def test_whatever_is_written_is_understood_or_refused(written, more):
    for read in (phrases.every, phrases.once):
        for text in (written, f"{more} {written}", f"{written} {more}"):
            assert read_or_why(read, text)


def test_a_time_is_shown_on_the_wall_clock_of_a_zone():
    assert phrases.local(NOW, BERLIN) == "2026-03-04 10:30"


def test_a_time_at_the_end_of_time_is_shown_all_the_same():
    last = datetime.max.replace(tzinfo=UTC)
    assert phrases.local(last, "Asia/Tokyo") == "9999-12-31 23:59"
