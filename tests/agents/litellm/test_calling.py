"""What is done about calls; how they fare in a run is in test_run.py and test_acting.py."""

import asyncio
import json

import pytest

from agents.litellm.calling import LONGEST_KEPT, Plan, Refusal, approved, perform, plan
from agents.litellm.pieces import Wanted
from agents.tools.functions import tool_of
from agents.tools.policy import Rule
from agents.tools.schema import read_only
from bridge.events import PlannedCall
from bridge.ids import CallId


@read_only
def look(at: str = "") -> str:
    """Look."""
    return f"saw {at}" if at != "much" else "x" * (LONGEST_KEPT + 10)


def act() -> str:
    """Act."""
    raise OSError("no")


TOOLS = {tool.name: tool for tool in map(tool_of, (look, act))}


def wanted(name, arguments="{}", call="k_1"):
    return Wanted(call=CallId(call), id="x", name=name, arguments=arguments)


def planned(*calls, rules=(), always=()) -> Plan:
    return plan(calls, TOOLS, [Rule(**rule) for rule in rules], always)


def test_calls_are_run_asked_about_or_refused():
    todo = planned(
        wanted("look", call="k_1"), wanted("act", call="k_2"), wanted("fly", call="k_3"),
        wanted("look", "{broken", call="k_4"),
    )  # fmt: skip
    assert [step.planned.call for step in todo.running] == ["k_1"]
    assert [call.call for call in todo.asking] == ["k_2"]
    assert [step.planned.call for step in todo.refused] == ["k_3", "k_4"]


def test_what_is_taken_down_is_always_a_json_object():
    todo = planned(wanted("look", ' {"at":"é"} '), wanted("look", "[1", call="k_2"), wanted("", ""))
    for step in (*todo.running, *todo.refused):
        assert isinstance(json.loads(step.planned.arguments), dict)
        assert step.planned.name
    assert json.loads(todo.refused[0].planned.arguments) == {"malformed": "[1"}


def test_a_denied_call_is_refused_even_when_it_was_approved():
    rules = [Rule(tool="act", do="deny")]
    assert planned(wanted("act"), rules=[{"tool": "act", "do": "deny"}]).refused
    call = PlannedCall(call=CallId("k"), name="act", arguments="{}")
    assert isinstance(approved(call, TOOLS, rules), Refusal)
    assert not isinstance(approved(call, TOOLS, ()), Refusal)


def test_an_approved_call_whose_tool_is_gone_is_refused():
    call = PlannedCall(call=CallId("k"), name="gone", arguments="{}")
    assert isinstance(approved(call, TOOLS, ()), Refusal)


async def results(*calls, seconds=5.0):
    todo = planned(*calls, always={"act"})
    return {step.call.call: done async for step, done in perform(todo.running, seconds=seconds)}


async def test_calls_run_side_by_side_and_each_has_its_own_result():
    done = await results(wanted("look", '{"at": "a"}'), wanted("act", call="k_2"))
    assert (done["k_1"].text, done["k_1"].failed) == ("saw a", False)
    assert (done["k_2"].text, done["k_2"].failed) == ("OSError: no", True)


async def test_a_result_beyond_all_measure_is_cut_and_says_so():
    done = await results(wanted("look", '{"at": "much"}'))
    assert done["k_1"].text.endswith("[… 10 characters were not kept …]")


async def test_closing_it_leaves_none_running():
    running = []

    @read_only
    async def wait() -> str:
        """Wait."""
        running.append(1)
        try:
            await asyncio.sleep(60)
        finally:
            running.pop()
        return ""

    @read_only
    def at_once() -> str:
        """Return."""
        return "x"

    tools = {tool.name: tool for tool in map(tool_of, (wait, at_once))}
    todo = plan([wanted("wait"), wanted("at_once", call="k_2")], tools, (), ())
    performing = perform(todo.running, seconds=60)
    step, _ = await anext(performing)
    assert step.call.name == "at_once"
    assert running
    await performing.aclose()
    assert not running


@pytest.mark.parametrize("name", ["look", "act"])
async def test_a_rule_can_allow_any_tool(name):
    assert planned(wanted(name), rules=[{"tool": "*", "do": "allow"}]).running
