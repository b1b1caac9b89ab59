"""What is spoken is put in words, or its sender is told that it cannot be."""

import pytest

from bridge.commands import Say
from bridge.events import Pushed, RunFinished, Transcribed
from bridge.ids import ConversationId, ParticipantId
from tests.agents.litellm.rig import in_log, with_files
from tests.fakes.models import Answers
from tests.turns import Story

EARS = "openai/whisper-1"


async def spoken(bench, *, text="", voice=b"OggS...", **how):
    story = Story()
    note = await bench.file(voice, kind="voice", name="note.ogg", mime="audio/ogg")
    await say(story, note, text, **how)
    return story, note


async def say(story, note, text="", by="Bob"):
    content = with_files(note, text=text)
    story.submit(
        Say(by=ParticipantId(by), conversation=ConversationId("Telegram"), content=content)
    )


async def answer(bench, story, *replies, ears=True):
    bench.models.replies += replies
    section = {"model": EARS, "api_base": bench.models.base("openai"), "api_key": "k"}
    turn = story.turn()
    turn.blobs = bench.blobs
    agent = bench.agent(**({"transcription": section} if ears else {}))
    return [item async for item in story.let(agent, turn)]


async def test_what_is_spoken_is_put_in_words_that_the_log_and_the_model_have(bench):
    story, note = await spoken(bench)
    await answer(bench, story, Answers(text="Feed the cat."), Answers(text="I will."))
    (transcribed,) = in_log(story, Transcribed)
    assert (transcribed.media, transcribed.text) == (note.media, "Feed the cat.")
    heard, asked = bench.models.asked
    assert heard.body["bytes"] == b"OggS..."
    assert "Feed the cat." in asked.text()
    assert story.words() == ["I will."]


async def test_nothing_is_listened_to_twice(bench):
    story, _ = await spoken(bench)
    await answer(bench, story, Answers(text="Feed the cat."), Answers(text="I will."))
    story.say("Thanks.")
    await answer(bench, story, Answers(text="You are welcome."))
    assert [asked.shape for asked in bench.models.asked].count("transcription") == 1


async def test_without_a_model_for_it_its_sender_is_told_and_nobody_else(bench):
    story, _ = await spoken(bench)
    await answer(bench, story, ears=False)
    (told,) = in_log(story, Pushed)
    assert told.to == (ParticipantId("Bob"),)
    assert "cannot listen to voice messages" in told.content.text
    assert bench.models.asked == []
    assert in_log(story, RunFinished)[0].outcome == "silent"


async def test_what_was_written_with_it_is_answered_all_the_same(bench):
    story, _ = await spoken(bench, text="Listen to this!")
    await answer(bench, story, Answers(text="I cannot."), ears=False)
    assert story.words() == ["I cannot."]
    assert len(in_log(story, Pushed)) == 1


async def test_its_sender_is_told_once_even_when_the_run_is_tried_again(bench):
    story, _ = await spoken(bench, text="Listen!")
    await answer_failing(bench, story)
    await answer(bench, story, Answers(text="Here I am."), ears=False)
    assert len(in_log(story, Pushed)) == 1


async def answer_failing(bench, story):
    turn = story.turn()
    turn.blobs = bench.blobs
    speech = story.let(bench.agent(), turn)
    async for item in speech:
        if type(item).__name__ == "Pushing":
            break
    await speech.aclose()
    story.abandon()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Answers(status=400, error="not a sound"), "not a sound"),
        (Answers(text=" "), "nothing to hear"),
    ],
)
async def test_what_cannot_be_understood_is_told(bench, reply, says):
    story, _ = await spoken(bench)
    await answer(bench, story, reply)
    assert says in in_log(story, Pushed)[0].content.text
