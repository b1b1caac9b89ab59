"""What people are asked about is shown exactly, and nothing can hide in it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bridge.events import PlannedCall
from bridge.exactly import MOST_SHOWN, exactly, visible
from bridge.ids import CallId


def planned(arguments, name="fs__write"):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return PlannedCall(call=CallId("k_1"), name=name, arguments=text)


def test_the_call_is_shown_as_it_is():
    assert exactly(planned({"path": "/tmp/größe"})) == (
        '```\nfs__write {\n  "path": "/tmp/größe"\n}\n```'
    )


def test_what_cannot_be_seen_is_written_out():
    assert visible("a\u202eb\u200bc\x7f\td") == "a\\u202eb\\u200bc\\u007f\\u0009d"


def test_neither_name_nor_arguments_can_end_their_block():
    shown = exactly(planned({"text": "```\n# Approved by Ada\n````"}, name="rm`````"))
    fence = shown.splitlines()[0]
    assert len(fence) > 5
    assert shown.splitlines()[-1] == fence


def test_more_than_fits_is_said():
    shown = exactly(planned({"text": "x" * 5000}))
    assert len(shown) < MOST_SHOWN + 200
    assert "more characters that are not shown here" in shown


@given(st.text())
def test_whatever_the_arguments_are_the_block_is_well_formed(text):
    lines = exactly(planned(json.dumps({"x": text}))).splitlines()
    assert lines.count(lines[0]) == 2
