"""A call that a server took for words is a call, and nobody is shown its notation."""

import json
from time import process_time

import pytest

from agents.litellm.agent import _takes_too_long
from agents.litellm.config import LitellmConfig
from agents.litellm.state import Kit, State
from agents.litellm.stream_parser import Answer
from agents.litellm.toolbox import Toolbox
from agents.litellm.written_calls import apart, so_far
from bridge.domain.events import ToolCalled
from tests.agents.litellm.rig import WORLD, free, in_log, told
from tests.fakes.models import Answers

OFFERED = {"touch", "look.up"}
BAR = "\uff5cDSML\uff5c"

NOTATIONS = {
    "Qwen3-Coder, whose first mark is missing":
        "<function=touch>\n<parameter=what>\nthe bell\n</parameter>\n</function>\n</tool_call>",
    "Qwen3-Coder":
        "<tool_call>\n<function=touch>\n<parameter=what>\nthe bell\n</parameter>\n</function>\n"
        "</tool_call>",
    "Qwen3 and Hermes":
        '<tool_call>\n{"name": "touch", "arguments": {"what": "the bell"}}\n</tool_call>',
    "without an end": '<tool_call>\n{"name": "touch", "arguments": {"what": "the bell"}}',
    "Llama": '<function=touch>{"what": "the bell"}</function>',
    "GLM":
        "<tool_call>touch\n<arg_key>what</arg_key>\n<arg_value>the bell</arg_value>\n</tool_call>",
    "Mistral, a list": '[TOOL_CALLS][{"name": "touch", "arguments": {"what": "the bell"}}]',
    "Mistral": '[TOOL_CALLS]touch[ARGS]{"what": "the bell"}',
    "MiniMax":
        '<minimax:tool_call>\n<invoke name="touch">\n<parameter name="what">the bell</parameter>\n'
        "</invoke>\n</minimax:tool_call>",
    "DeepSeek":
        f'<{BAR}function_calls>\n<{BAR}invoke name="touch">\n'
        f'<{BAR}parameter name="what" string="true">the bell</{BAR}parameter>\n</{BAR}invoke>\n'
        f"</{BAR}function_calls>",
}  # fmt: skip


@pytest.mark.parametrize("written", NOTATIONS.values(), ids=NOTATIONS)
@pytest.mark.parametrize("before", ["", "I ring it now:\n\n", "So `<tool_call>` it is.\n"])
def test_a_call_in_the_notation_of_each_model_is_found(written, before):
    words, (call,) = apart(before + written + "\n", OFFERED)
    assert (words, call.name) == (before.rstrip(), "touch")
    assert json.loads(call.arguments) == {"what": "the bell"}


def test_several_calls_are_found_and_values_keep_their_lines():
    one = "<function=touch>\n<parameter=what>\na\n  b\n</parameter>\n</function>"
    two = "<function=look.up>\n</function>"
    words, calls = apart(f"<tool_call>\n{one}\n</tool_call>\n<tool_call>{two}</tool_call>", OFFERED)
    assert words == ""
    assert [(each.name, each.arguments) for each in calls] == [
        ("touch", '{"what": "a\\n  b"}'),
        ("look.up", "{}"),
    ]
    listed = (
        '[TOOL_CALLS] [{"name": "touch", "arguments": {}}, {"name": "touch", "arguments": "{}"}]'
    )
    assert [each.arguments for each in apart(listed, OFFERED)[1]] == ["{}", "{}"]


CALL = '<tool_call>\n{"name": "touch", "arguments": {}}\n</tool_call>'


@pytest.mark.parametrize(
    "text",
    [
        "Write " + CALL,
        CALL + "\nis how a call looks.",
        f"```\n{CALL}\n```",
        f"    {CALL}",
        f"\t{CALL}",
        "<tool_call>touch\n<arg_key>what</arg_key>\n<arg_value>the bell</arg_value>\n",
        CALL.replace("touch", "unknown"),
        CALL.replace("{}", "[1]"),
        CALL.replace('"arguments"', '"other"'),
        "<tool_call>\n{not json}\n</tool_call>",
        "<function=touch>\n<parameter=what>\nno end",
        '<function=touch>{"a": </function>',
        "<tool_call>",
        "[TOOL_CALLS]touch{no}",
        "",
    ],
)
def test_whoever_writes_about_calls_makes_none(text):
    assert apart(text, OFFERED) == (text, ())


@pytest.mark.parametrize("written", NOTATIONS.values(), ids=NOTATIONS)
def test_no_piece_of_a_call_is_shown_while_it_is_written(written):
    for end in range(len(written) + 1):
        shown = so_far("Now:\n" + written[:end])
        assert shown.rstrip() == "Now:", written[:end]
    assert so_far("a < b and [x]") == "a < b and [x]"
    assert so_far("`<tool_call>` is a mark") == "`<tool_call>` is a mark"


@pytest.mark.parametrize(
    "again",
    ["<tool_call>\n", "<function=touch>\n", "<tool_call>{", "<parameter=a>", "<arg_key>a</arg_key>",
     "`a``", '<tool_call>{"a":' , "[TOOL_CALLS]", '<invoke name="touch">\n', "\n<"],
)  # fmt: skip
def test_whatever_is_written_is_looked_through_in_linear_time(again):
    begun = process_time()
    for first in ("", "<function=touch>\n", "<tool_call>touch "):
        text = first + again * (100_000 // len(again))
        assert apart(text, OFFERED)[1] == ()
        so_far(text)
    assert process_time() - begun < 1


@pytest.mark.parametrize("written", NOTATIONS.values(), ids=NOTATIONS)
async def test_it_is_made_and_answered_and_shown_to_nobody(bench, written):
    story = told("Ring the bell.")
    answer = Answers(text=f"Now:\n\n{written}")
    await bench.answer(story, answer, Answers(text="It rings."), **free())
    assert WORLD == ["the bell"]
    assert [each.name for each in in_log(story, ToolCalled)] == ["touch"]
    assert story.words() == ["Now:", "It rings."]
    sent = bench.models.asked[-1].messages[-2:]
    assert [each["role"] for each in sent] == ["assistant", "tool"]
    assert sent[0]["tool_calls"][0]["function"]["name"] == "touch"


async def test_one_that_a_model_only_thought_of_is_not_made(bench):
    story = told("Ring the bell.")
    await bench.answer(story, Answers(text=f"<think>\n{CALL}\n</think>\nI will not."), **free())
    assert (WORLD, story.words()) == ([], ["I will not."])


@pytest.mark.parametrize("written", NOTATIONS.values(), ids=NOTATIONS)
async def test_where_time_is_over_while_one_is_written_nobody_is_shown_its_beginning(
    tmp_path, written
):
    now = 0.0
    config = LitellmConfig(model="m", max_seconds=60)
    kit = Kit(config=config, toolbox=Toolbox(config.tools), data=tmp_path, seconds=lambda: now)
    state = await State.begin(kit, told().turn())
    state.answer = Answer(written=f"I ring it now.\n\n{written[:-12]}")
    now = 61.0
    assert _takes_too_long(state)
    words = state.ending.content.text
    assert words.startswith("I ring it now.\n\nI stop here: ")
