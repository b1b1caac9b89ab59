"""New messages: texts, files, albums, and replies to one person."""

import pytest

from bridge.domain.errors import OutcomeUnknown, Rejected
from bridge.domain.ids import MessageId
from bridge.domain.parts import Button
from channels.markdown.parse import parse
from channels.telegram import from_markdown
from channels.telegram.render import shown
from tests import hostile
from tests.channels.telegram.connected import part
from tests.work import counted

YES = (Button(value="q:1", label="Yes"), Button(value="q:2", label="No"))


def newest(room):
    return room.seen()[-1]


async def test_a_text_goes_with_entities_and_without_link_previews(fake, telegram, dm):
    await telegram.channel.send(telegram.at(dm), part("**so** https://a.example"))
    (asked,) = [asked for method, asked in fake.requests if method == "sendMessage"]
    assert asked["text"] == "so https://a.example"
    assert asked["entities"] == [{"type": "bold", "offset": 0, "length": 2}]
    assert asked["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in asked


async def test_a_long_text_is_written_beside_the_loop(telegram, dm):
    """The worst that fits a message takes 40 ms to write, in which nobody else would be heard."""
    text = hostile.SHAPES["'* a\\n'"](4_000)
    with counted() as all_of_it:
        shown(part(text))
    from_markdown._whole.cache_clear()
    parse.cache_clear()
    with counted() as work:
        await telegram.channel.send(telegram.at(dm), part(text))
    assert work.calls < all_of_it.calls / 4
    assert len(dm.shown()) == 1


async def test_silent_parts_notify_nobody(telegram, dm):
    await telegram.channel.send(telegram.at(dm), part("aside", silent=True))
    await telegram.channel.send(telegram.at(dm), part("answer", 2))
    assert dm.shown() == ["aside", "answer"]
    assert dm.notified() == ["answer"]


async def test_a_reply_is_below_what_it_answers_even_if_that_is_gone(telegram, dm, ada):
    said = ada.says(dm, "question")
    await telegram.channel.send(telegram.at(dm), part(reply_to=MessageId(str(said.id))))
    assert newest(dm).reply_to == said.id
    await telegram.channel.send(telegram.at(dm), part(reply_to=MessageId("9999")))
    assert newest(dm).reply_to is None


async def test_buttons_are_below(telegram, dm):
    await telegram.channel.send(telegram.at(dm), part(buttons=YES))
    assert newest(dm).keyboard == [
        [{"text": "Yes", "callback_data": "q:1"}, {"text": "No", "callback_data": "q:2"}]
    ]


async def test_a_topic_gets_its_own(fake, telegram, bot, ada):
    forum = fake.group("Forum", bot, forum=True)
    thread = forum.topic("Plans", ada)
    await telegram.channel.send(telegram.at(forum, thread), part("in the topic"))
    await telegram.channel.send(telegram.at(forum), part("in general", 2))
    assert forum.shown(thread) == ["in the topic"]
    assert forum.shown() == ["in the topic", "in general"]


async def test_what_telegram_cannot_format_is_shown_plainly_once(fake, telegram, dm):
    fake.fault("sendMessage", status=400, words="Bad Request: can't parse entities: at byte 3")
    await telegram.channel.send(telegram.at(dm), part("**so** it is"))
    assert dm.shown() == ["so it is"]
    assert newest(dm).entities == []
    assert fake.calls["sendMessage"] == 2


async def test_a_text_without_entities_is_not_tried_again(fake, telegram, dm):
    fake.fault("sendMessage", status=400, words="Bad Request: can't parse entities")
    with pytest.raises(Rejected):
        await telegram.channel.send(telegram.at(dm), part("plain"))
    assert fake.calls["sendMessage"] == 1


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "mime", "field"),
    [
        ("image", "image/png", "photo"),
        ("voice", "audio/ogg", "voice"),
        ("audio", "audio/mpeg", "audio"),
        ("video", "video/mp4", "video"),
        ("file", "application/pdf", "document"),
    ],
)
async def test_a_file_is_shown_as_what_it_is_with_its_text_and_buttons(
    telegram, dm, kind, mime, field
):
    file = telegram.blobs.keep(kind, "name.bin", mime, b"bytes")
    sent = await telegram.channel.send(
        telegram.at(dm), part("**look**", attachments=(file,), buttons=YES, silent=True)
    )
    message = newest(dm)
    assert sent.message == str(message.id)
    assert (message.file.kind, message.file.body) == (field, b"bytes")
    assert message.file.name == "name.bin"
    assert (message.text, message.buttons, message.silent) == ("look", ["Yes", "No"], True)
    assert message.entities[0]["type"] == "bold"


async def test_several_files_are_one_album_with_the_text_at_the_first(fake, telegram, dm):
    files = [telegram.blobs.keep("image", f"{n}.png", "image/png", b"%d" % n) for n in range(3)]
    sent = await telegram.channel.send(telegram.at(dm), part("look", attachments=tuple(files)))
    album = dm.seen()
    assert [each.file.body for each in album] == [b"0", b"1", b"2"]
    assert len({each.album for each in album}) == 1
    assert [each.text for each in album] == ["look", "", ""]
    assert sent.message == str(album[0].id)
    assert fake.calls["sendMediaGroup"] == 1


async def test_files_of_several_kinds_are_one_album_of_documents(telegram, dm):
    files = (
        telegram.blobs.keep("image", "a.png", "image/png", b"a"),
        telegram.blobs.keep("file", "b.pdf", "application/pdf", b"b"),
    )
    await telegram.channel.send(telegram.at(dm), part("", attachments=files))
    assert [each.file.kind for each in dm.seen()] == ["document", "document"]


async def test_an_album_takes_no_buttons_so_its_text_has_them_below(telegram, dm):
    files = [telegram.blobs.keep("image", f"{n}.png", "image/png", b"%d" % n) for n in range(2)]
    sent = await telegram.channel.send(
        telegram.at(dm), part("which?", attachments=tuple(files), buttons=YES)
    )
    assert dm.shown() == ["", "", "which?"]
    assert newest(dm).buttons == ["Yes", "No"]
    assert sent.message == str(newest(dm).id)


async def test_once_an_album_is_shown_nobody_can_say_that_nothing_was(fake, telegram, dm):
    files = [telegram.blobs.keep("image", f"{n}.png", "image/png", b"%d" % n) for n in range(2)]
    for fault in ({"status": 400, "words": "Bad Request: no"}, {"status": 407, "page": True}):
        fake.fault("sendMessage", **fault)
        with pytest.raises(OutcomeUnknown):
            await telegram.channel.send(
                telegram.at(dm), part("which?", attachments=tuple(files), buttons=YES)
            )


async def test_a_picture_telegram_cannot_take_as_one_goes_as_a_document(fake, telegram, dm):
    file = telegram.blobs.keep("image", "a.png", "image/png", b"huge picture")
    await telegram.channel.send(telegram.at(dm), part("look", attachments=(file,)))
    assert newest(dm).file.kind == "document"


async def test_who_takes_no_voice_messages_gets_a_document(fake, telegram, bot):
    dm = bot.dm(fake.person("Mute"))
    file = telegram.blobs.keep("voice", "a.ogg", "audio/ogg", b"voice")
    await telegram.channel.send(telegram.at(dm), part("", attachments=(file,)))
    assert newest(dm).file.kind == "document"


async def test_a_file_no_longer_kept_and_a_text_too_long_beside_one_are_refused(telegram, dm):
    file = telegram.blobs.keep("image", "a.png", "image/png", b"x")
    with pytest.raises(Rejected, match="too long"):
        await telegram.channel.send(telegram.at(dm), part("x" * 1025, attachments=(file,)))
    await telegram.blobs.forget(file.media)
    with pytest.raises(Rejected, match="no longer kept"):
        await telegram.channel.send(telegram.at(dm), part("x", attachments=(file,)))
    assert dm.shown() == []
