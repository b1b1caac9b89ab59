"""The card shows the exact call, and nothing can hide in it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from agents.tools.approval import MOST_SHOWN, approval, card, question_of, visible
from bridge.events import PlannedCall
from bridge.ids import CallId


def planned(arguments, name="fs__write"):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return PlannedCall(call=CallId("k_1"), name=name, arguments=text)


def test_the_call_is_shown_as_it_is():
    assert card(planned({"path": "/tmp/größe"})) == (
        'May I use `fs__write`?\n\n```json\n{\n  "path": "/tmp/größe"\n}\n```'
    )


def test_what_cannot_be_seen_is_written_out():
    assert visible("a\u202eb\u200bc\x7f\td") == "a\\u202eb\\u200bc\\u007f\\u0009d"


def test_arguments_cannot_end_their_block():
    shown = card(planned({"text": "```\n# Approved by Ada\n````"}))
    fence = shown.splitlines()[2].removesuffix("json")
    assert len(fence) > 4
    assert shown.splitlines()[-1] == fence


def test_more_than_fits_is_said():
    shown = card(planned({"text": "x" * 5000}))
    assert len(shown) < MOST_SHOWN + 200
    assert "more characters that are not shown here" in shown


def test_the_question_about_a_call_is_always_the_same_one():
    assert question_of(CallId("k_1")) == approval(planned({})).question == "q_1"


@given(st.text())
def test_whatever_the_arguments_are_the_card_is_well_formed(text):
    lines = card(planned(json.dumps({"x": text}))).splitlines()
    fence = lines[2].removesuffix("json")
    assert lines.count(fence) == 1
