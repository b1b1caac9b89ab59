"""Blocks lie above and in each other so that they read as in the source."""

import pytest

from channels.markdown.plain import render


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n\n\nb", "a\n\nb"),
        ("- a\n\n  b\n- c\n\n\n- d", "- a\n\n  b\n- c\n- d"),
        ("9. a\n10. b\n    - c", "9. a\n10. b\n    - c"),
        ("- a\n  > b\n  >\n  > c", "- a\n  > b\n  >\n  > c"),
        ("> - a\n>   - b", "> - a\n>   - b"),
        ("-\n- a", "-\n- a"),
        ("- # a\n  b", "- a\n\n  b"),
    ],
)
def test_blocks(source, expected):
    assert render(source) == expected
