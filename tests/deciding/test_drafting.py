"""What every decision is made of."""

import pytest

from bridge.content import Attachment, Content
from bridge.deciding.drafting import one, says_something
from bridge.events import Draft, SessionArchived
from bridge.ids import MediaId

PICTURE = Attachment(kind="image", name="a.png", mime="image/png", size=1, media=MediaId("m"))


def test_one_body_is_one_draft():
    assert one(SessionArchived(), "k") == (Draft(body=SessionArchived(), key="k"),)


@pytest.mark.parametrize("content", [None, Content(), Content(text=" \n")])
def test_nothing_says_nothing(content):
    assert not says_something(content)


@pytest.mark.parametrize("content", [Content(text="a"), Content(attachments=(PICTURE,))])
def test_words_or_files_say_something(content):
    assert says_something(content)
