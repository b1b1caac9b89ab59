"""The echo agent repeats what it hears, and on request does all an agent can do."""

import pytest

from agents.echo import FLAKY_FAILURES, SCENES, Echo, EchoConfig
from bridge.domain.commands import Delete, Record
from bridge.domain.content import Attachment
from bridge.domain.events import Preview, RunFinished, Source, ToolCalled
from bridge.domain.ids import MediaId, ParticipantId
from bridge.plugins import load
from bridge.ports.agent import Calling, Ended, Remark, Returned
from bridge.ports.engine import Choosing
from bridge.ports.surroundings import AgentSurroundings
from storage.memory_blobs import MemoryBlobs
from tests.turns import Story, StoryClock


@pytest.fixture
def clock():
    return StoryClock()


@pytest.fixture
def echo(clock):
    return Echo(delay=0.03, clock=clock)


@pytest.fixture
def story():
    return Story()


def previews(items):
    return [item for item in items if isinstance(item, Preview)]


# -- repeating ------------------------------------------------------------------------------------


async def test_it_says_who_spoke_from_where_and_repeats_the_words(story, echo):
    story.say("good morning", by="Bob", at="Slack")
    await story.answer(echo)
    assert story.words() == ["Bob (Slack) said: good morning"]


async def test_it_streams_word_by_word(story, echo, clock):
    story.say("one two")
    texts = [preview.text.strip() for preview in previews(await story.answer(echo))]
    assert texts == [
        "Ada",
        "Ada (Chat)",
        "Ada (Chat) said:",
        "Ada (Chat) said: one",
        "Ada (Chat) said: one two",
    ]
    assert clock.slept == pytest.approx(5 * 0.03)


async def test_several_lines_are_quoted(story, echo):
    story.say("one\ntwo")
    await story.answer(echo)
    assert story.words() == ["Ada (Chat) said:\n\n> one\n> two"]


async def test_everything_new_is_mentioned_and_nothing_twice(story, echo):
    story.say("first")
    await story.answer(echo)
    story.say("second")
    story.say("third", by="Bob", at="Discord")
    await story.answer(echo)
    assert story.words() == [
        "Ada (Chat) said: first",
        "Ada (Chat) said: second\n\nBob (Discord) said: third",
    ]


async def test_what_comes_in_meanwhile_is_answered_in_the_same_run(story, echo):
    story.say("first")
    async for _ in story.let(echo, story.turn()):
        if len(story.events) < 5:
            story.say("second", by="Bob")
    assert story.words() == ["Ada (Chat) said: first\n\nBob (Chat) said: second"]
    assert story.runs == 1
    assert story.fold.wanted <= story.fold.position


async def test_a_schedule_is_answered_by_its_name(story, echo):
    story.trigger("what is new?", Source(kind="schedule", name="standup"))
    story.trigger("ping", Source(kind="api"))
    await story.answer(echo)
    assert story.words() == ["The schedule standup asks: what is new?\n\nThe api asks: ping"]


async def test_a_very_long_message_is_streamed_in_few_steps(story, echo):
    story.say("word " * 5000)
    items = await story.answer(echo)
    assert len(previews(items)) <= 130
    assert story.words()[0].count("word") == 5000


# -- files ----------------------------------------------------------------------------------------


def file(name):
    return Attachment(kind="image", name=name, mime="image/png", size=3, media=MediaId(f"m_{name}"))


async def test_a_file_is_mentioned_by_its_name(story, echo):
    story.say("look", file("cat.png"), file("dog.png"))
    await story.answer(echo)
    assert story.words() == ["Ada (Chat) said:\n\n> look\n> (with cat.png, dog.png)"]
    assert story.files() == []


@pytest.mark.parametrize("words", ["send it back", "Back, please!", "may I have it back?"])
async def test_a_file_with_the_word_back_is_sent_back(story, echo, words):
    story.say(words, file("cat.png"))
    (*_, ended) = await story.answer(echo)
    assert story.words() == ["Here you are, as I got it: cat.png"]
    assert ended.content.attachments == (file("cat.png"),)


async def test_send_it_back_sends_the_last_file_that_came(story, echo):
    story.say("", file("old.png"))
    story.say("", file("cat.png"), by="Bob", at="Slack")
    await story.answer(echo)
    story.say("nice")
    await story.answer(echo)
    story.say("Send it back!")
    await story.answer(echo)
    assert story.files() == ["cat.png"]


async def test_back_alone_is_a_word_like_any_other(story, echo):
    story.say("", file("cat.png"))
    await story.answer(echo)
    story.say("I am back")
    await story.answer(echo)
    assert story.words()[-1] == "Ada (Chat) said: I am back"
    assert story.files() == []


async def test_a_file_that_was_taken_back_is_not_sent(story, echo):
    story.say("", file("cat.png"))
    story.submit(Delete(by=ParticipantId("Ada"), target=3))
    story.say("send it back")
    await story.answer(echo)
    assert story.words() == ["I have been sent no file that I could send back."]
    assert story.files() == []


async def test_several_who_want_their_files_back_get_each_once(story, echo):
    story.say("back", file("cat.png"))
    story.say("back", file("cat.png"), file("dog.png"), by="Bob")
    await story.answer(echo)
    assert story.files() == ["cat.png", "dog.png"]


# -- scenes ---------------------------------------------------------------------------------------


def test_help_names_every_word_it_knows(echo):
    assert all(f"`{name}`" in echo.help for name in (*SCENES, "send it back"))


async def test_slow_shows_what_it_is_doing_for_as_long_as_asked(story, echo, clock):
    story.say("slow 3")
    items = await story.answer(echo)
    activities = [preview.activity for preview in previews(items) if preview.activity]
    assert activities[0] == "taking my time: 0 of 3 s"
    assert len(activities) == 6
    assert clock.slept == pytest.approx(3, abs=0.5)
    assert story.words() == ["That took 3 s."]


@pytest.mark.parametrize("words", ["slow", "slow down", "slow -1"])
async def test_slow_without_a_number_takes_twenty_seconds(story, echo, words):
    story.say(words)
    await story.answer(echo)
    assert story.words() == ["That took 20 s."]


async def test_fail_fails_for_good_and_the_session_lives_on(story, echo):
    story.say("fail")
    await story.answer(echo)
    assert story.fold.wanted <= story.fold.position
    story.say("hello")
    await story.answer(echo)
    assert story.words()[-1] == "Ada (Chat) said: hello"


async def test_flaky_answers_at_the_third_attempt(story, echo):
    story.say("flaky")
    for _ in range(FLAKY_FAILURES):
        await story.answer(echo)
        assert story.words() == []
    await story.answer(echo)
    assert story.words() == ["After 2 failures, here I am."]


async def test_silent_ends_without_a_word(story, echo):
    story.say("silent")
    items = await story.answer(echo)
    assert items[-1] == Ended()
    assert story.words() == []
    assert story.events[-1].body.outcome == "silent"


async def test_ask_stops_on_a_question_and_the_next_run_says_who_chose_what(story, echo):
    story.say("ask")
    await story.answer(echo)
    (asked,) = story.questions()
    assert [option.label for option in asked.options] == ["Tea", "Coffee"]
    assert story.events[-1].body.outcome == "paused"
    story.choose("coffee", by="Bob")
    await story.answer(echo)
    assert story.words() == ["Bob chose Coffee."]


async def test_a_question_nobody_answered_in_time_is_remarked_upon(story, echo):
    story.say("ask 30")
    await story.answer(echo)
    story.expire()
    await story.answer(echo)
    assert story.words() == ["Nobody answered in time: Tea or coffee?"]


async def test_a_question_that_was_stopped_is_not_mentioned_again(story, echo):
    story.say("ask")
    await story.answer(echo)
    assert story.questions()[0].expires_at is None
    story.stop()
    story.say("hello")
    await story.answer(echo)
    assert story.words() == ["Ada (Chat) said: hello"]


async def test_approved_it_makes_the_very_call_that_was_asked_about(story, echo):
    story.say("approve")
    await story.answer(echo)
    (asked,) = story.questions()
    assert asked.kind == "approval"
    story.choose("approve")
    items = await story.answer(echo)
    calling = next(item for item in items if isinstance(item, Calling))
    assert (calling.call, calling.name, calling.arguments) == (
        asked.call.call,
        asked.call.name,
        asked.call.arguments,
    )
    returned = next(item for item in items if isinstance(item, Returned))
    assert returned.result in "123456"
    assert story.words() == [f"The die says {returned.result}."]


async def test_refused_it_calls_nothing(story, echo):
    story.say("approve")
    await story.answer(echo)
    story.choose("deny", by="Bob")
    await story.answer(echo)
    assert story.words() == ["Bob denied it, so I leave it."]
    assert not any(isinstance(event.body, ToolCalled) for event in story.events)


async def test_a_call_that_was_cut_off_is_not_made_again(story, echo):
    story.say("approve")
    await story.answer(echo)
    story.choose("approve")
    call = story.questions()[0].call
    turn = story.turn()
    story.submit(
        Record(run=turn.run, said=Calling(call=call.call, name=call.name, arguments=call.arguments))
    )
    story.abandon()
    items = await story.answer(echo)
    assert not any(isinstance(item, Calling) for item in items)
    assert story.words() == ["I was interrupted while I used the die."]


async def test_a_tool_starts_only_once_its_call_is_in_the_log(story, echo):
    story.say("tool")
    speech = echo.run(story.turn())
    item = None
    while not isinstance(item, Calling):
        item = await anext(speech)
    assert (item.name, item.arguments) == ("clock", "{}")
    returned = await anext(speech)
    assert returned == Returned(call=item.call, result="12:00:00 UTC")
    await speech.aclose()


async def test_interim_remarks_come_before_the_answer(story, echo):
    story.say("interim")
    items = await story.answer(echo)
    remarks = [item.content.text for item in items if isinstance(item, Remark)]
    assert remarks == ["I am looking into it.", "Half of it is done."]
    assert story.words() == [*remarks, "Now all of it is done."]


async def test_long_is_too_long_for_one_message_anywhere(story, echo):
    story.say("long")
    await story.answer(echo)
    (text,) = story.words()
    assert len(text) > 8000
    assert "| number | square |" in text
    assert "```python" in text


async def test_markdown_shows_what_there_is(story, echo):
    story.say("Markdown")
    await story.answer(echo)
    (text,) = story.words()
    assert all(each in text for each in ("# ", "**bold**", "| place", "```python", "- [x]"))


async def test_several_requests_at_once_end_in_one_answer(story, echo):
    story.say("tool")
    story.say("ask", by="Bob")
    story.say("hello")
    await story.answer(echo)
    assert story.words() == ["The clock says 12:00:00 UTC.\n\nAda (Chat) said: hello"]
    assert len(story.questions()) == 1
    ends = [event for event in story.events if isinstance(event.body, RunFinished)]
    assert len(ends) == 1


# -- the plugin -----------------------------------------------------------------------------------


def test_the_plugin_makes_one_with_the_configured_delay(tmp_path, clock):
    plugin = load("agents", "echo")
    agent = plugin.create(
        "echo",
        EchoConfig(delay=0.5),
        AgentSurroundings(clock=clock, data=tmp_path, blobs=MemoryBlobs(clock=clock)),
    )
    assert isinstance(agent, Echo)


async def test_no_model_can_be_chosen_for_it(echo):
    """Else people would be told that it answers with one from now on."""
    assert isinstance(echo, Choosing)
    assert "uses no model" in await echo.refusal("openai/gpt")
