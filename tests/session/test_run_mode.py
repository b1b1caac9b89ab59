"""What becomes of words that are said while an agent answers."""

import pytest

from bridge.domain.commands import Change
from bridge.session.run_mode import MODES, mode_of
from tests.playbook import ADA, with_ada


def test_words_steer_unless_it_is_set_otherwise():
    assert mode_of(with_ada().session) == "steer"


@pytest.mark.parametrize("mode", MODES)
def test_a_session_has_the_mode_it_was_given(mode):
    play = with_ada(Change(scope="session", name="mode", value=mode, by=ADA))
    assert mode_of(play.session) == mode


def test_a_mode_there_is_not_is_the_default():
    play = with_ada(Change(scope="session", name="mode", value="shout", by=ADA))
    assert mode_of(play.session) == "steer"
