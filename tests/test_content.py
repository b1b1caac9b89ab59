"""One message's worth of words and files."""

import pytest

from bridge.content import Attachment, Content
from bridge.ids import MediaId

PICTURE = Attachment(kind="image", name="a.png", mime="image/png", size=1, media=MediaId("m"))


@pytest.mark.parametrize("content", [Content(text="hi"), Content(attachments=(PICTURE,))])
def test_words_or_files_are_something(content):
    assert content


def test_neither_is_nothing():
    assert not Content()
