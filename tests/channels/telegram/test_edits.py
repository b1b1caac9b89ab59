"""Edits, deletions, and the text that is being written."""

import time
from dataclasses import replace

import pytest

from bridge.domain.errors import Gone, Rejected
from bridge.domain.ids import MessageId, RunId
from bridge.domain.parts import Button
from tests.channels.telegram.connected import part

YES = (Button(value="q:1", label="Yes"),)


async def test_an_edit_takes_buttons_away(telegram, dm):
    sent = await telegram.channel.send(telegram.at(dm), part("Shall I?", buttons=YES))
    await telegram.channel.edit(telegram.at(dm), sent.message, part("I shall."))
    (message,) = dm.seen()
    assert (message.text, message.buttons, message.edits) == ("I shall.", [], 1)
    assert dm.notified() == ["I shall."]


async def test_buttons_alone_can_be_changed(telegram, dm):
    sent = await telegram.channel.send(telegram.at(dm), part("Shall I?", buttons=YES))
    await telegram.channel.edit(telegram.at(dm), sent.message, part("Shall I?"))
    (message,) = dm.seen()
    assert (message.text, message.buttons) == ("Shall I?", [])
    await telegram.channel.edit(telegram.at(dm), sent.message, part("", buttons=YES))
    assert (message.text, message.buttons) == ("Shall I?", ["Yes"])


async def test_the_text_beside_a_file_is_changed(fake, telegram, dm):
    file = telegram.blobs.keep("image", "a.png", "image/png", b"x")
    said = part("before", attachments=(file,))
    sent = await telegram.channel.send(telegram.at(dm), said)
    await telegram.channel.edit(telegram.at(dm), sent.message, replace(said, text="after"))
    assert dm.shown() == ["after"]
    assert fake.calls["editMessageText"] == 0


async def test_a_text_that_turns_out_to_be_beside_a_file_is_changed_there(telegram, dm):
    file = telegram.blobs.keep("image", "a.png", "image/png", b"x")
    sent = await telegram.channel.send(telegram.at(dm), part("before", attachments=(file,)))
    await telegram.channel.edit(telegram.at(dm), sent.message, part("after"))
    assert dm.shown() == ["after"]


async def test_what_telegram_cannot_format_is_changed_plainly(fake, telegram, dm):
    sent = await telegram.channel.send(telegram.at(dm), part("before"))
    fake.fault("editMessageText", status=400, words="Bad Request: ENTITY_TEXTURL_INVALID")
    await telegram.channel.edit(telegram.at(dm), sent.message, part("**after**"))
    assert dm.shown() == ["after"]


async def test_what_cannot_be_changed_any_more_is_rejected(fake, telegram, dm):
    sent = await telegram.channel.send(telegram.at(dm), part("before"))
    fake.fault("editMessageText", status=400, words="Bad Request: message can't be edited")
    with pytest.raises(Rejected):
        await telegram.channel.edit(telegram.at(dm), sent.message, part("after"))


# -- deletions ------------------------------------------------------------------------------------


async def test_an_album_is_taken_back_whole(telegram, dm):
    files = [telegram.blobs.keep("image", f"{n}.png", "image/png", b"%d" % n) for n in range(3)]
    await telegram.channel.send(telegram.at(dm), part("stays", 1))
    sent = await telegram.channel.send(telegram.at(dm), part("goes", 2, attachments=tuple(files)))
    await telegram.channel.delete(telegram.at(dm), sent.message)
    await telegram.channel.delete(telegram.at(dm), sent.message)
    assert dm.shown() == ["stays"]
    assert telegram.facts == {}


async def test_what_is_older_than_two_days_cannot_be_taken_back(telegram, dm):
    sent = await telegram.channel.send(telegram.at(dm), part("old"))
    dm.messages[int(sent.message)].date = int(time.time()) - 49 * 3600
    with pytest.raises(Rejected) as raised:
        await telegram.channel.delete(telegram.at(dm), sent.message)
    assert raised.value.code == "cannot_be_deleted"
    assert dm.shown() == ["old"]


async def test_nothing_can_be_taken_back_where_the_bot_is_blocked(telegram, dm, ada, bot):
    ada.blocks(bot)
    with pytest.raises(Gone):
        await telegram.channel.delete(telegram.at(dm), MessageId("11"))


# -- drafts ---------------------------------------------------------------------------------------


async def test_the_text_being_written_is_one_draft_that_the_answer_replaces(telegram, dm):
    writing = part("so far", run=RunId("r_1"), priority="preview", silent=True)
    await telegram.channel.preview(telegram.at(dm), writing)
    await telegram.channel.preview(telegram.at(dm), replace(writing, text="so **far** so good"))
    assert list(dm.drafts.values()) == ["so far so good"]
    assert dm.shown() == []
    await telegram.channel.send(telegram.at(dm), part("so far so good."))
    assert dm.drafts == {}
    assert dm.notified() == ["so far so good."]
