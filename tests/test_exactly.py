"""What people are asked about is shown exactly, and nothing can hide in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.events import PlannedCall, QuestionAsked
from bridge.exactly import LONGEST_NAME, MOST_SHOWN, briefly, exactly, visible
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


@pytest.mark.parametrize(
    ("text", "call", "name"),
    [
        ("\n  Which tea?\nThere are two.", None, "Which tea?"),
        ("May I?", planned({"command": "rm x"}, "run"), "`run rm x`"),
        ("May I?", planned({"command": "a\n`b`\u202e"}, "run"), "`run a 'b'\\u202e`"),
        ("May I?", planned({"a": 1, "b": 2}, "add"), '`add {"a": 1, "b": 2}`'),
        ("May I?", planned("[1]", "add"), "`add [1]`"),
    ],
)
def test_a_question_is_named_in_a_few_words(text, call, name):
    asked = QuestionAsked(question="q", run="r", kind="approval", text=text, call=call)
    assert briefly(asked) == name


def test_the_name_of_a_question_is_short_however_long_it_is():
    asked = QuestionAsked(question="q", run="r", kind="open", text="x" * 5000)
    assert len(briefly(asked)) == LONGEST_NAME
