"""Which recordings are still to be heard is read off the log."""

from datetime import UTC, datetime

from agents.asked import Heard
from agents.litellm.hearing import is_only_voice, unheard
from bridge.content import Attachment, Content
from bridge.events import Event, MessageDeleted, MessageReceived, Transcribed
from bridge.ids import ConversationId, MediaId, ParticipantId, SessionId

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
    return [each.file.name for each in unheard(log(*bodies), after=after)]


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
