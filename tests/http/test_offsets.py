from datetime import UTC, datetime, timedelta

import pytest

from bridge.epoch import FIRST, Epoch
from bridge.http.faults import Fault
from bridge.http.offsets import CURSOR_EPOCH, cursor, offset, position

HOUR = timedelta(hours=1)
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_an_offset_is_as_wide_for_the_first_event_as_for_the_last_so_that_they_sort() -> None:
    assert offset(0) == "0000000000000000_0000000000000000"
    assert offset(12) == "0000000000000012_0000000000000000"
    assert sorted([offset(10), offset(9)]) == [offset(9), offset(10)]


def test_a_token_is_read_back_as_the_position_it_stands_for() -> None:
    assert position(offset(7), head=7) == 7
    assert position("-1", head=7) == 0
    assert position("now", head=7) == 7


@pytest.mark.parametrize(
    "token",
    [
        "",
        "7",
        "-2",
        "NOW",
        " -1",
        f"{offset(7)} ",
        f"{offset(7)}\n",
        offset(7)[1:],
        "\u0660" * 15 + "\u0667_0000000000000000",
    ],
)
def test_what_no_server_gave_is_malformed(token: str) -> None:
    with pytest.raises(Fault) as fault:
        position(token, head=7)
    assert fault.value.status_code == 400


def test_an_offset_past_the_end_is_gone_because_the_log_was_put_back() -> None:
    with pytest.raises(Fault, match="reload from -1") as fault:
        position(offset(8), head=7)
    assert fault.value.status_code == 410


def test_a_cursor_counts_intervals_of_twenty_seconds() -> None:
    assert cursor(CURSOR_EPOCH + timedelta(seconds=59)) == "2"


def test_a_cursor_is_always_later_than_the_one_that_was_seen_by_an_hour_at_most() -> None:
    now = int(cursor(NOW))
    in_an_hour = int(cursor(NOW + HOUR))
    assert now < int(cursor(NOW, seen=str(now))) <= in_an_hour
    assert in_an_hour < int(cursor(NOW, seen=str(in_an_hour))) <= in_an_hour + (in_an_hour - now)


@pytest.mark.parametrize("seen", ["", "-5", "abc", "1" * 5000, "0"])
def test_a_cursor_that_makes_no_sense_is_ignored(seen: str) -> None:
    assert cursor(NOW, seen=seen) == cursor(NOW)


def test_an_offset_of_another_epoch_is_gone_however_far_the_log_has_come() -> None:
    """After a restore the same number is another event: the reader begins anew."""
    before, after = Epoch(id="1234567890123456"), Epoch(id="6543210987654321")
    given = offset(7, before)
    assert given == "0000000000000007_1234567890123456"
    assert position(given, head=9, epoch=before) == 7
    for epoch in (after, FIRST):
        with pytest.raises(Fault) as caught:
            position(given, head=9, epoch=epoch)
        assert (caught.value.status_code, caught.value.code) == (410, "gone")
