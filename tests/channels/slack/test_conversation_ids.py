"""Places and time stamps are read as they are written."""

from datetime import UTC, datetime

import pytest

from channels.slack.conversation_ids import Spot, position, position_of, spot, ts_at, ts_of

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("place", ["D024BE91L", "C061EG9T2", "C061EG9T2/1700000000.000100"])
def test_a_place_is_read_as_it_was_written(place):
    assert str(spot(place)) == place


def test_only_a_direct_message_is_read_by_one_person():
    assert spot("D1").is_direct
    assert spot("D1/1700000000.000100").is_direct
    assert not spot("C1").is_direct
    assert not spot("G1").is_direct


def test_a_thread_is_another_place_than_its_room():
    assert Spot(room="C1", thread="1.2") != Spot(room="C1")


def test_time_stamps_sort_by_time_and_not_by_letters():
    stamps = ["1001", "1000.000010", "1000.000001", "999.000002"]
    assert sorted(stamps, key=position) == ["999.000002", "1000.000001", "1000.000010", "1001"]


@pytest.mark.parametrize("ts", ["", "x", "1.x", "slash:1"])
def test_what_is_no_time_stamp_is_refused(ts):
    with pytest.raises(ValueError, match="invalid literal"):
        position(ts)


def test_a_moment_is_written_to_the_microsecond_and_read_again():
    assert ts_of(AT).endswith(".000006")
    assert position(ts_of(AT)) == position_of(AT)


@pytest.mark.parametrize("ts", ["1700000000.000100", "1700000000.999999", "1700000001.000000"])
def test_a_position_is_kept_as_the_time_stamp_that_it_is(ts):
    assert ts_at(position(ts)) == ts
    assert position(ts_at(position(ts) - 1)) == position(ts) - 1
