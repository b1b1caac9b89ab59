"""The `Agent` port, sentence by sentence, on any agent.

In a test module: `from bridge.testing.agents import *`, and a fixture `make` that returns how to
make the agent: two that are made are as two processes.
"""

from collections.abc import Callable

import pytest

from bridge.domain.events import Preview, ToolCalled, ToolReturned
from bridge.ports.agent import Agent, Calling, Ended, Returned
from bridge.testing.turns import Story

Make = Callable[[], Agent]


@pytest.fixture
def story() -> Story:
    told = Story()
    told.say("Hello there, agent.")
    return told


STORIES = ["Hello there.", "tool", "ask", "approve", "interim", "long", "silent"]


@pytest.mark.parametrize("words", STORIES)
async def test_the_last_thing_a_run_says_is_that_it_ended(make: Make, words: str) -> None:
    story = Story()
    story.say(words)
    items = await story.answer(make())
    assert isinstance(items[-1], Ended)
    assert not any(isinstance(item, Ended) for item in items[:-1])
    assert story.fold.open_run is None


async def test_it_has_dealt_with_what_it_was_given(make: Make, story: Story) -> None:
    given = len(story.events)
    await story.answer(make())
    assert story.fold.position >= given


async def test_previews_are_of_its_run_and_their_revisions_grow(make: Make, story: Story) -> None:
    items = await story.answer(make())
    previews = [item for item in items if isinstance(item, Preview)]
    assert {preview.run for preview in previews} <= {f"r_{story.runs}"}
    revisions = [preview.revision for preview in previews]
    assert revisions == sorted(set(revisions))


@pytest.mark.parametrize("words", STORIES)
async def test_a_call_is_in_the_log_before_its_return(make: Make, words: str) -> None:
    story = Story()
    story.say(words)
    items = await story.answer(make())
    called = [item.call for item in items if isinstance(item, Calling)]
    returned = [item.call for item in items if isinstance(item, Returned)]
    assert called == returned
    bodies = [event.body for event in story.events]
    begun = {body.call: at for at, body in enumerate(bodies) if isinstance(body, ToolCalled)}
    ended = {body.call: at for at, body in enumerate(bodies) if isinstance(body, ToolReturned)}
    for call in called:
        assert begun[call] < ended[call]


@pytest.mark.parametrize("words", STORIES)
async def test_it_can_be_closed_at_any_item(make: Make, words: str) -> None:
    count = await _count(make, words)
    for stop_after in {*range(1, min(count, 12) + 1), count - 1, count}:
        story = Story()
        story.say(words)
        speech = make().run(story.turn())
        for _ in range(stop_after):
            await anext(speech, None)  # previews need not be as many each time
        await speech.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(speech)


async def _count(make: Make, words: str) -> int:
    story = Story()
    story.say(words)
    return len(await story.answer(make()))


async def test_it_keeps_nothing_between_runs(make: Make) -> None:
    """One agent for a whole story and a new one for each run tell the same story."""
    told: list[list[str]] = []
    kept = make()
    makers: tuple[Make, ...] = (lambda: kept, make)
    for agent_of_run in makers:
        story = Story()
        for words in ("Hello.", "And again.", "tell me more"):
            story.say(words)
            await story.answer(agent_of_run())
        told.append(story.words())
    assert told[0] == told[1]
    assert len(told[0]) == 3


async def test_one_agent_answers_two_sessions_at_once(make: Make) -> None:
    agent = make()
    one, other = Story("s_one"), Story("s_other")
    other.runs = 100  # no two runs have the same id
    one.say("one")
    other.say("other")
    first, second = one.let(agent, one.turn()), other.let(agent, other.turn())
    while True:
        if await anext(first, None) is None and await anext(second, None) is None:
            break
    assert len(one.words()) == len(other.words()) == 1
    assert one.words() != other.words()


async def test_a_cut_off_run_is_made_up_for_by_the_next(make: Make, story: Story) -> None:
    agent = make()
    speech = agent.run(story.turn())
    await anext(speech)
    await speech.aclose()
    story.abandon()
    await story.answer(agent)
    undisturbed = Story("s_undisturbed")
    undisturbed.say("Hello there, agent.")
    await undisturbed.answer(make())
    assert story.words() == undisturbed.words()


async def test_its_help_is_markdown_for_people(make: Make) -> None:
    assert isinstance(make().help, str)
