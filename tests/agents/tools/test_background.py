"""The tools by which an agent works in the background."""

import pytest

from agents.litellm.toolbox import NOT_IN_BACKGROUND
from agents.tools.background import BACKGROUND, Piece, Underway, background_tools
from agents.tools.builtin import NAMES
from agents.tools.tool import ToolCall, ToolError
from bridge.domain.errors import Refused
from bridge.domain.ids import CallId
from bridge.domain.run_output import Delegating
from bridge.session.background import WITHIN
from bridge.session.decide_background import LONGEST_TASK

OWN = Piece("1", "read\nall of it", 600, own=True)
THEIRS = Piece("2", "look", 3)


async def use(name, underway=Underway(pieces=(OWN, THEIRS)), *, outside=False, **arguments):  # noqa: B008 - frozen
    tools = {tool.name: tool for tool in background_tools(underway, outside=outside)}
    return await tools[name].run(ToolCall(call=CallId("k_1"), name=name, arguments=arguments))


async def test_what_is_to_be_done_is_said_with_what_it_has_to_know():
    done = await use("background", task="Read it.", told="It is red.")
    assert done.said == (Delegating(work="1", task="Read it.", told="It is red."),)
    assert "(1)" in done.text


async def test_what_is_written_after_something_from_outside_says_so():
    (said,) = (await use("background", task="Read it.", outside=True)).said
    assert said.outside


@pytest.mark.parametrize("task", ["", "x" * (LONGEST_TASK + 1)])
async def test_nothing_and_too_much_is_refused(task):
    with pytest.raises(ToolError):
        await use("background", task=task)


async def test_what_works_is_listed_each_on_a_line():
    done = await use("background_work")
    assert done.text.splitlines() == [
        "- 1: for 10 minutes, begun by you: 'read all of it'",
        "- 2: for 0 minutes: 'look'",
    ]
    assert (await use("background_work", Underway())).text == "Nothing works in the background."


async def test_what_was_begun_is_stopped():
    assert (await use("stop_background", id="1")).said == (Delegating(work="1"),)


async def test_what_may_not_be_is_told_the_model():
    def refuse(_):
        raise Refused("too many")

    for name, how in (("background", {"task": "x"}), ("stop_background", {"id": "1"})):
        with pytest.raises(ToolError, match="too many"):
            await use(name, Underway(check=refuse), **how)


def test_only_beginning_asks_people_first():
    tools = background_tools(Underway(), outside=False)
    assert {tool.name for tool in tools} == BACKGROUND
    assert [tool.name for tool in tools if not tool.read_only] == ["background"]


def test_the_core_and_the_tools_agree_on_which_bring_nothing_from_outside():
    assert WITHIN == NAMES


def test_in_the_background_there_are_only_tools_that_reach_somebody():
    assert {"ask_human"} == NAMES - NOT_IN_BACKGROUND
