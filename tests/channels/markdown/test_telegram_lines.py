"""Lines of runs: what lies on what, before anything is counted."""

import pytest

from channels.markdown.parse import parse
from channels.markdown.telegram_lines import lines


def told(source, **limits):
    """Each line as its runs, each with the first letters of the marks on it."""
    return [
        "|".join(f"{''.join(mark.kind[0] for mark in run.marks)}:{run.text}" for run in line)
        for line in lines(parse(source), **limits)
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a **b *c* `d`**", [":a |b:b |bi:c|b: |c:d"]),
        ("# a *b*", ["b:a |bi:b"]),
        ("- a\n  ```\n  x\n  ```\n- b", [":• |:a", "p:x", ":• |:b"]),
        ("- ```\n  x\n  ```", [":• ", "p:x"]),
        ("1. a\n   > b", [":1. |:a", ":   |:> |:b"]),
        ("> a\n> - `b`", ["b:a", "", "b:• |bc:b"]),
        ("a\nb", [":a", ":b"]),
    ],
)
def test_lines(source, expected):
    assert told(source) == expected


def test_links_after_the_last_that_may_be_one_have_their_address():
    source = "[a](https://b.org) [d](https://e.org)"
    assert told(source, most_links=1) == ["t:a|: |:d|: (https://e.org)"]


def test_marks_are_told_apart_though_equal():
    (line,) = lines(parse("**a** **b**"))
    first, _, last = (run.marks for run in line)
    assert first != last
