"""The example in Python does what its page says."""

from bridge.domain.events import ToolReturned
from tests.agents.outside import EXAMPLE, process
from tests.turns import Story


async def test_it_repeats_what_was_said_by_whom_and_where(tmp_path) -> None:
    story = Story()
    story.say("Hello.", at="Slack")
    story.say("Good morning.", by="Bob")
    await story.answer(process(tmp_path, *EXAMPLE))
    assert story.words() == ["Ada (Slack) said: Hello.\n\nBob (Chat) said: Good morning."]


async def test_it_looks_at_the_clock_once_it_may(tmp_path) -> None:
    story = Story()
    agent = process(tmp_path, *EXAMPLE)
    story.say("What time is it?")
    await story.answer(agent)
    (question,) = story.questions()
    assert question.text == "May I look at the clock?"
    story.choose("approve")
    await story.answer(agent)
    (returned,) = [each.body for each in story.events if isinstance(each.body, ToolReturned)]
    assert story.words() == [f"It is {returned.result}."]


async def test_it_takes_a_no_for_an_answer(tmp_path) -> None:
    story = Story()
    agent = process(tmp_path, *EXAMPLE)
    story.say("What time is it?")
    await story.answer(agent)
    story.choose("deny", by="Bob")
    await story.answer(agent)
    assert story.words() == ["Bob would rather not know."]


async def test_it_goes_on_after_a_question_that_nobody_answered(tmp_path) -> None:
    story = Story()
    agent = process(tmp_path, *EXAMPLE)
    story.say("What time is it?")
    await story.answer(agent)
    story.say("Never mind.")
    await story.answer(agent)
    assert story.words() == ["Ada (Chat) said: Never mind."]
