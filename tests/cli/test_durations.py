"""Times as people write them."""

import pytest

from bridge.cli.durations import seconds
from bridge.cli.exits import MisusedError


@pytest.mark.parametrize(
    ("text", "meant"),
    [("45s", 45), ("10m", 600), ("2h", 7200), ("3d", 259_200), ("1h30m", 5400), (" 90 ", 90)],
)
def test_a_time_is_a_number_with_a_letter(text, meant):
    assert seconds(text) == meant


@pytest.mark.parametrize("text", ["", "soon", "2w", "-3m", "1.5h", "h"])
def test_what_is_no_time_is_a_misuse(text):
    with pytest.raises(MisusedError, match="is no time"):
        seconds(text)
