"""Killed at any step of the tool loop and started anew: nothing that has a result is done again."""

import json
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.events import MessageComposed, Preview, RunFinished, ToolCalled, ToolReturned
from bridge.ports.agent import Said, Using
from tests.agents.litellm.rig import WORLD, asking_to, free, in_log, told
from tests.fakes.models import Answers, Asked
from tests.turns import Story, _command

Kill = tuple[int, bool]
"""After how many things that a run said its process dies, and whether the last was taken down."""

KILLS = st.lists(st.tuples(st.integers(1, 14), st.booleans()), max_size=4)
PLENTY = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Planner(list):
    """A model that wants three things done, each call with words of its own, and then is done."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    def __bool__(self) -> bool:
        return True

    def pop(self, _: int = -1):
        return self._next

    def _next(self, asked: Asked) -> Answers:
        done = asked.text().count(" is done")
        if done == 0:
            return Answers(text="First two.", calls=(self._call(), self._call()))
        return Answers(calls=(self._call(),)) if done < 3 else Answers(text="All is done.")

    def _call(self):
        self.made += 1
        return "touch", {"what": f"thing {self.made}"}


async def live(story: Story, agent, kill: Kill | None) -> None:
    """Let a process answer until it is done, or until it is killed."""
    turn = story.turn()
    speech, count = agent.run(turn), 0
    async for item in speech:
        if isinstance(item, Preview | Using):
            continue
        count += 1
        if kill is not None and count >= kill[0]:
            if kill[1]:
                take_down(story, turn, item)
            break
        take_down(story, turn, item)
    await speech.aclose()
    if story.fold.open_run is not None:
        story.abandon()


def take_down(story: Story, turn, item: Said) -> None:
    story.submit(_command(turn, item))


def check_calls(story: Story) -> None:
    """Nothing was done twice, and what has a good result was done."""
    what = {each.call: json.loads(each.arguments)["what"] for each in in_log(story, ToolCalled)}
    done = Counter(WORLD)
    assert set(done.values()) <= {1}
    assert set(done) <= set(what.values()), "nothing was done that is not in the log"
    for each in in_log(story, ToolReturned):
        assert done[what[each.call]] == 1
    assert len(what) == len(in_log(story, ToolCalled))


def finals(story: Story) -> list[str]:
    said = [each for each in in_log(story, MessageComposed) if each.kind == "final"]
    return [each.content.text for each in said]


async def live_on(bench, story: Story, kills: list[Kill], options) -> None:
    """Let processes come and go, the last one undisturbed; a run that gave up is asked to go on."""
    for kill in [*kills, None]:
        if story.fold.wanted <= story.fold.position:
            return
        await live(story, bench.agent(**options), kill)


@PLENTY
@given(kills=KILLS)
async def test_each_tool_with_a_result_ran_once_and_people_get_one_answer(bench, kills):
    WORLD.clear()
    bench.models.replies = Planner()
    story = told("Do the three things.")
    await live_on(bench, story, kills, free())
    check_calls(story)
    assert len(WORLD) >= 3 or len(kills) >= 3
    gave_up = [end for end in in_log(story, RunFinished) if end.outcome == "abandoned"]
    assert finals(story) == ["All is done."] or len(gave_up) >= 3


@PLENTY
@given(kills=KILLS, later=KILLS)
async def test_an_approved_call_runs_once_and_an_open_question_stays_open(bench, kills, later):
    WORLD.clear()
    bench.models.replies = Planner()
    story = told("Do the three things.")
    await live_on(bench, story, kills[:2], asking_to())
    assert WORLD == []
    assert len(story.fold.questions) == 2
    for _ in range(2):
        story.choose("approve")
    await live_on(bench, story, later[:2], asking_to())
    check_calls(story)
    while story.fold.questions:
        story.choose("approve")
        await live_on(bench, story, [], asking_to())
    check_calls(story)
    assert finals(story)[-1] == "All is done."
