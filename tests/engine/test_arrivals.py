"""What is being fetched for a session is known while it is."""

import pytest

from bridge.domain.ids import SessionId
from bridge.engine.arrivals import Arrivals

HERE, THERE = SessionId("s_1"), SessionId("s_2")


def test_a_session_is_expected_to_hear_something_while_any_of_it_is_coming():
    arrivals = Arrivals()
    with arrivals.coming(HERE):
        with pytest.raises(RuntimeError), arrivals.coming(HERE):
            raise RuntimeError
        assert arrivals.is_expected(HERE)
        assert not arrivals.is_expected(THERE)
    assert not arrivals.is_expected(HERE)
