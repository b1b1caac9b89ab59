"""What every decision is made of."""

import pytest

from bridge.domain.content import Attachment, Content
from bridge.domain.events import Draft, SessionArchived
from bridge.domain.ids import MediaId
from bridge.session.drafting import one, says_something, shows_something

PICTURE = Attachment(kind="image", name="a.png", mime="image/png", size=1, media=MediaId("m"))


def test_one_body_is_one_draft():
    assert one(SessionArchived(), "k") == (Draft(body=SessionArchived(), key="k"),)


@pytest.mark.parametrize("content", [None, Content(), Content(text=" \n")])
def test_nothing_says_nothing(content):
    assert not says_something(content)


@pytest.mark.parametrize("content", [Content(text="a"), Content(attachments=(PICTURE,))])
def test_words_or_files_say_something(content):
    assert says_something(content)


@pytest.mark.parametrize(
    ("content", "shows"),
    [
        (None, False),
        (Content(text="<br>"), False),
        (Content(text="<br>", literal=True), True),
        (Content(text=" ", literal=True), False),
        (Content(text="a"), True),
        (Content(attachments=(PICTURE,)), True),
    ],
)
def test_what_renders_to_nothing_shows_nothing(content, shows):
    assert shows_something(content) == shows
