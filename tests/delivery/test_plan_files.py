"""Files in a lane: beside a text that fits, after one that does not, once."""

from dataclasses import replace

from bridge import texts
from bridge.domain.content import Attachment, Content, Option
from bridge.domain.events import MessageDeleted, MessageEdited, MessageReceived, Pushed, Source
from bridge.domain.ids import MediaId
from tests.lane import PLAIN, RICH, Lane
from tests.playbook import ADA, ROOM

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


def test_an_edit_changes_what_an_edit_before_it_brought():
    """A picture is replaced, then the words are changed, then the picture is taken away."""
    one, other = (replace(PICTURE, media=MediaId(each)) for each in ("m1", "m2"))
    changes = [("look", (other,)), ("look here", (other,)), ("no more", ())]
    it = Lane(capabilities=replace(RICH, caption_chars=100))
    said = Content(text="look", attachments=(one,))
    it.append(MessageReceived(participant=ADA, conversation=ROOM, content=said))
    it.settle()
    seen = []
    for number, (text, files) in enumerate(changes, start=2):
        content = Content(text=text, attachments=files)
        before = tuple(range(2, number))
        it.append(MessageEdited(participant=ADA, target=1, content=content, earlier=before))
        it.settle()
        seen.append([each.text for each in it.messages.values()])
    assert seen == [["look"], ["look here"], ["no more"]]
    it.append(MessageDeleted(participant=ADA, target=1, earlier=(2, 3, 4)))
    it.settle()
    assert not it.messages


def test_a_deletion_takes_back_what_an_edit_brought_however_far_it_came():
    """The process dies after any of its deeds, and goes on."""
    other = replace(PICTURE, media=MediaId("m2"))
    for deeds in range(12):
        it = Lane(capabilities=replace(RICH, max_chars=140))
        said = Content(text="word " * 40, attachments=(PICTURE,))
        it.append(MessageReceived(participant=ADA, conversation=ROOM, content=said))
        it.settle()
        content = Content(text="word " * 40, attachments=(other,))
        it.append(MessageEdited(participant=ADA, target=1, content=content))
        it.settle(deeds=deeds)
        it.append(MessageDeleted(participant=ADA, target=1, earlier=(2,)))
        it.settle(deeds=deeds)
        it.settle()
        assert not it.messages
