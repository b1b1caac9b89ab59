"""The question about a call: the same one whenever it is asked, and given for good if one likes."""

from agents.tools.approval import approval, question_of
from bridge.domain.events import PlannedCall
from bridge.domain.ids import CallId

WRITE = PlannedCall(call=CallId("k_1"), name="fs__write", arguments="{}")


def test_the_question_about_a_call_is_always_the_same_one():
    assert question_of(CallId("k_1")) == approval(WRITE).question == "q_1"


def test_it_carries_the_exact_call_and_can_be_given_denied_or_given_for_good():
    asked = approval(WRITE)
    assert (asked.text, asked.call) == ("May I use `fs__write`?", WRITE)
    assert [each.id for each in asked.options] == ["approve", "deny", "always"]
