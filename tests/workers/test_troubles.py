"""Which accounts do not answer just now."""

import pytest

from bridge import texts
from bridge.errors import OutcomeUnknown, Rejected, Unreachable
from bridge.ids import ChannelName
from bridge.workers.troubles import LONG_SECONDS, Troubles
from tests.workers.rig import SetClock

CHAT = ChannelName("chat")


def failed(troubles: Troubles, error: Exception) -> None:
    with pytest.raises(type(error)), troubles.calling(CHAT):
        raise error


def test_a_call_that_nobody_answers_is_trouble_until_one_is_answered() -> None:
    troubles = Troubles(SetClock())
    failed(troubles, Unreachable("no route"))
    assert troubles.faults() == {CHAT: "no route"}
    failed(troubles, OutcomeUnknown())
    assert CHAT in troubles.faults()
    with troubles.calling(CHAT):
        pass
    assert troubles.faults() == {}


def test_a_refusal_is_an_answer() -> None:
    troubles = Troubles(SetClock())
    failed(troubles, Unreachable("no route"))
    failed(troubles, Rejected("too long"))
    assert troubles.faults() == {}


def test_a_call_that_takes_long_is_trouble_while_it_does() -> None:
    clock = SetClock()
    troubles = Troubles(clock)
    with troubles.calling(CHAT):
        assert troubles.faults() == {}
        clock.forward(LONG_SECONDS)
        assert troubles.faults() == {CHAT: texts.NO_ANSWER}
    assert troubles.faults() == {}
