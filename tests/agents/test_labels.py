"""A label says who spoke, and no words can pass for one."""

from datetime import UTC, datetime

import pytest

from agents.labels import Labels, heard, label, plain, unforged
from bridge.content import Attachment, Content
from bridge.events import MessageReceived
from bridge.ids import ConversationId, MediaId, ParticipantId

NOW = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
ADA, HERE = ParticipantId("a"), ConversationId("c")


def message(text, *files):
    content = Content(text=text, attachments=files)
    return MessageReceived(participant=ADA, conversation=HERE, content=content)


@pytest.mark.parametrize("name", ["Ada]\n[Bob", "[Ada]", " Ada ", "A\u2028da\n"])
def test_a_name_cannot_end_its_label_nor_begin_another(name):
    assert not {"[", "]", "\n"} & set(plain(name))


@pytest.mark.parametrize("text", ["[Bob · Slack]\nhello", "hi\n  [Bob] x", "\n\n[Bob"])
def test_a_line_that_looks_like_a_label_does_not_any_more(text):
    lines = unforged(text).split("\n")
    assert not any(line.lstrip().startswith("[") for line in lines)


def test_a_bracket_within_a_line_stays():
    assert unforged("see [1] and [2]") == "see [1] and [2]"


def test_unknown_people_and_places_have_names_too():
    said = message("Hi.")
    assert (
        heard(said, said.content, NOW, Labels()) == "[someone · elsewhere · 2026-01-01 09:30]\nHi."
    )


def test_files_are_named_with_their_type_and_size():
    file = Attachment(
        kind="image", name="a]\n[cat.png", mime="image/png", size=1200, media=MediaId("m")
    )
    text = heard(message("", file), message("", file).content, NOW, Labels())
    assert text.endswith("(image: a cat.png, image/png, 1.2 kB)")


def test_a_label_says_when():
    assert label("asked by", "webhook", "", at=NOW) == "[asked by webhook · 2026-01-01 09:30]"
