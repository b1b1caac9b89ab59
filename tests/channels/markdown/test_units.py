"""Lengths are counted as the platform counts them."""

import pytest

from channels.markdown.units import utf16


@pytest.mark.parametrize(
    ("text", "length"), [("", 0), ("abc", 3), ("é", 1), ("😀a", 3), ("\ud83d", 1)]
)
def test_characters_beyond_the_first_plane_count_twice(text, length):
    assert utf16(text) == length
