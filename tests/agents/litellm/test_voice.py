"""What is spoken is put in words once, or its sender is told that it cannot be."""

from datetime import UTC, datetime

import pytest

from agents.litellm.voice import is_only_voice, unheard
from agents.log_index import Heard, LogIndex
from bridge.domain.commands import Say
from bridge.domain.content import Attachment, Content
from bridge.domain.events import (
    Event,
    MessageDeleted,
    MessageReceived,
    Pushed,
    RunFinished,
    Transcribed,
)
from bridge.domain.ids import ConversationId, MediaId, ParticipantId, SessionId
from tests.agents.litellm.rig import in_log, with_files
from tests.fakes.models import Answers
from tests.turns import Story

ADA, HERE = ParticipantId("a"), ConversationId("c")


def voice(name):
    return Attachment(kind="voice", name=name, mime="audio/ogg", size=1, media=MediaId(name))


def said(*files, text=""):
    return MessageReceived(
        participant=ADA, conversation=HERE, content=Content(text=text, attachments=files)
    )


def log(*bodies):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Event(session=SessionId("s"), seq=seq, at=at, body=body)
        for seq, body in enumerate(bodies, start=1)
    ]


def left(*bodies, after=0):
    events = log(*bodies)
    index = LogIndex(agent="me")
    index.take(events)
    return [each.file.name for each in unheard(events, index.words, after=after)]


def test_those_that_are_new_and_not_in_words_are_unheard():
    one = said(voice("a"), voice("b"))
    words = Transcribed(target=1, media=MediaId("a"), text="Hi.")
    assert left(one, words, said(voice("c"))) == ["b", "c"]
    assert left(one, said(voice("c")), after=1) == ["c"]


def test_what_was_taken_back_is_not():
    assert left(said(voice("a")), MessageDeleted(participant=ADA, target=1)) == []


def heard(*files, text=""):
    content = Content(text=text, attachments=files)
    return Heard(participant=ADA, conversation=HERE, content=content)


def test_recordings_alone_ask_nothing_that_can_be_answered():
    assert is_only_voice([heard(voice("a"))])
    assert not is_only_voice([heard(voice("a")), heard(text="Hi.")])
    assert not is_only_voice([])


EARS = "openai/whisper-1"


async def spoken(bench, *, text="", voice=b"OggS...", **how):
    story = Story()
    note = await bench.file(voice, kind="voice", name="note.ogg", mime="audio/ogg")
    await say(story, note, text, **how)
    return story, note


async def say(story, note, text="", by="Bob"):
    content = with_files(note, text=text)
    story.submit(Say(by=ParticipantId(by), conversation=ConversationId("Chat"), content=content))


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


async def test_whatever_is_said_of_its_usage_it_is_put_in_words(bench):
    story, _ = await spoken(bench)
    odd = '{"text": "Feed the cat.", "usage": {"type": "tokens", "input_tokens": "many"}}'
    await answer(bench, story, Answers(body=odd), Answers(text="I will."))
    (transcribed,) = in_log(story, Transcribed)
    assert transcribed.text == "Feed the cat."


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
