"""What others write is a number only in ASCII's digits, and never too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.numerals import number_of


@given(st.text() | st.text(alphabet="0123456789²٣๓", max_size=12))
def test_a_number_is_what_it_reads_as_or_nothing(text):
    found = number_of(text)
    assert found is None or (text.lstrip("0") or "0") == str(found)


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1_0", "²", "٣", "1" * 10, "9" * 5000])
def test_what_is_no_plain_number_is_none(text):
    assert number_of(text) is None


def test_how_many_digits_are_meant_can_be_said():
    assert number_of("1234", digits=3) is None
    assert number_of("0123", digits=4) == 123
