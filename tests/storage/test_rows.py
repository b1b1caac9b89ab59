"""What the columns hold is read again as it was."""

from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from storage.sql.rows import micros, micros_or_none, moment, moment_or_none, receipt_values
from storage.sql.tables import receipts
from tests.stores import AT, receipt
from tests.strategies import TIMES


@given(TIMES, st.integers(-14, 14))
def test_a_time_is_kept_to_the_microsecond_wherever_it_was_said(at, hours):
    there = at.astimezone(timezone(timedelta(hours=hours)))
    assert moment(micros(there)) == at
    assert moment(micros(there)).utcoffset() == timedelta(0)


@given(TIMES, TIMES)
def test_times_keep_their_order(one, other):
    assert (micros(one) < micros(other)) == (one < other)


def test_no_time_stays_none():
    assert micros_or_none(None) is None
    assert moment_or_none(None) is None
    assert moment_or_none(micros_or_none(AT)) == AT


def test_the_values_of_a_receipt_stand_in_the_order_of_its_columns():
    values = receipt_values(receipt("3:1", "owed", source=3, message="m_1"))
    found = dict(zip([column.name for column in receipts.columns], values, strict=True))
    assert found == {
        "session_id": "s_1",
        "conversation_id": "c_1",
        "part": "3:1",
        "source": 3,
        "upto": 3,
        "span_start": 0,
        "span_end": 1,
        "state": "owed",
        "at": micros(AT),
        "message": "m_1",
        "why": "",
        "code": "",
        "tries": 0,
    }
