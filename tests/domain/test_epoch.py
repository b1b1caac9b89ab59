"""Which life of the log it is, and what another one may have known."""

from datetime import UTC, datetime, timedelta

from bridge.domain.epoch import FIRST, Epoch

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RESTORED = Epoch(id="0000000000000001", began=NOON, heard=NOON - HOUR)


def test_a_log_that_was_never_restored_knows_all_that_was_heard() -> None:
    assert not FIRST.may_have_heard(NOON)
    assert not FIRST.is_older(NOON)


def test_what_was_said_up_to_the_end_of_the_log_before_may_have_been_heard() -> None:
    assert RESTORED.may_have_heard(NOON - HOUR)
    assert not RESTORED.may_have_heard(NOON - HOUR + timedelta(seconds=1))


def test_what_has_no_time_is_news() -> None:
    """A platform that says no time calls when something is said."""
    assert not RESTORED.may_have_heard(None)


def test_what_stood_in_the_copy_is_older_than_the_restore() -> None:
    assert RESTORED.is_older(NOON - HOUR)
    assert not RESTORED.is_older(NOON)


def test_a_restore_that_is_yet_to_come_was_made_while_the_clock_was_ahead() -> None:
    assert RESTORED.was_ahead(NOON - HOUR)
    assert not RESTORED.was_ahead(NOON - timedelta(seconds=30))
    assert not RESTORED.was_ahead(NOON + HOUR)
    assert not FIRST.was_ahead(NOON)
