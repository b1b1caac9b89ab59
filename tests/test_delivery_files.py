"""Files in a lane: beside a text that fits, after one that does not, once."""

from dataclasses import replace

from bridge import texts
from bridge.content import Attachment, Content, Option
from bridge.events import Pushed, Source
from bridge.ids import MediaId
from tests.lane import PLAIN, RICH, Lane

TEA = Option(id="t", label="Tea")
PICTURE = Attachment(kind="image", name="cat.png", mime="image/png", size=9, media=MediaId("m"))


def pushed(text, *files, buttons=()):
    content = Content(text=text, attachments=files)
    return Pushed(source=Source(kind="api"), content=content, buttons=buttons)


def test_files_come_after_a_long_text_and_buttons_with_its_end():
    it = Lane(capabilities=replace(RICH, max_chars=140))
    body = pushed("word " * 40, PICTURE, buttons=(TEA,))
    it.append(body)
    it.settle()
    first, last, picture = it.messages.values()
    assert (first.attachments, len(first.buttons)) == ((), 0)
    assert (last.attachments, len(last.buttons)) == ((), 1)
    assert (picture.attachments, picture.text) == ((PICTURE,), "")


def test_files_come_with_a_text_that_fits_beside_them():
    it = Lane(capabilities=replace(RICH, caption_chars=100))
    it.append(pushed("look", PICTURE, buttons=(TEA,)))
    it.settle()
    (only,) = it.messages.values()
    assert (only.text, only.attachments, len(only.buttons)) == ("look", (PICTURE,), 1)


def test_a_file_whose_outcome_is_unknown_is_sent_once_more_and_its_text_is_not():
    it = Lane(capabilities=replace(PLAIN, max_chars=140), fates=["taken", "late"])
    it.append(pushed("look", PICTURE, PICTURE))
    it.settle()
    assert it.sent == 3
    assert [part.text for part in it.messages.values()] == ["look", "", texts.REPEATED]


def test_a_picture_without_words_is_shown():
    it = Lane()
    it.append(pushed("", PICTURE))
    it.settle()
    assert [part.attachments for part in it.messages.values()] == [(PICTURE,)]
