"""A message looks as it should, calls nobody, and rings only where it must."""

import pytest

from bridge.domain.content import Attachment
from bridge.domain.errors import Rejected
from bridge.domain.ids import MediaId
from bridge.domain.parts import Button
from tests.channels.discord.account import only, part

PNG = Attachment(kind="image", name="cat.png", mime="image/png", size=4, media=MediaId("m_1"))


@pytest.fixture
def room(direct):
    return direct


async def test_nobody_is_mentioned_and_no_link_unfolds(discord, room, ada, show):
    code = f"`@everyone {ada.person.mention()}`"
    await show(f"@everyone {ada.person.mention()} https://example.org {code}")
    message = only(discord, room)
    assert message.pinged == []
    assert message.flags & 1 << 2
    assert not message.silent


async def test_what_need_not_ring_does_not(discord, room, show):
    await show(silent=True)
    assert only(discord, room).silent


async def test_words_from_elsewhere_show_whose_they_are(discord, room, show):
    await show("good morning", speaker="Ada *the first* · Telegram")
    assert only(discord, room).content == "**Ada the first · Telegram**\ngood morning"


async def test_a_reply_stands_below_what_it_answers_and_rings_for_nobody(discord, room, ada, show):
    asked = ada.says(room, "what time is it?")
    await show("five", reply_to=str(asked.id))
    assert discord.messages(room)[-1].reply_to is asked


async def test_a_reply_to_what_is_gone_is_shown_without(discord, room, ada, show):
    asked = ada.says(room, "never mind")
    del room.messages[asked.id]
    await show("five", reply_to=str(asked.id))
    assert only(discord, room).reply_to is None


async def test_buttons_stand_in_rows_of_five(discord, room, show):
    buttons = tuple(Button(value=f"v{n}", label=f"Option {n} " + "x" * 100) for n in range(12))
    await show("which?", buttons=buttons)
    message = only(discord, room)
    assert [len(row["components"]) for row in message.components] == [5, 5, 2]
    assert list(message.buttons.values()) == [f"v{n}" for n in range(12)]


async def test_files_come_with_their_text_in_one_message(discord, account, room, show):
    account.blobs.kept["m_1"] = b"\x89PNG"
    await show("a cat", attachments=(PNG,))
    message = only(discord, room)
    assert message.content == "a cat"
    assert [each["filename"] for each in message.attachments] == ["cat.png"]
    assert list(message.files.values()) == [b"\x89PNG"]


async def test_a_file_that_is_not_kept_any_more_is_rejected(show):
    with pytest.raises(Rejected):
        await show("a cat", attachments=(PNG,))


async def test_where_only_files_are_forbidden_texts_still_arrive(discord, account):
    account.blobs.kept["m_1"] = b"\x89PNG"
    room = discord.room()
    room.denied.add("attach")
    with pytest.raises(Rejected):
        await account.channel.send(account.at(room), part("a cat", attachments=(PNG,)))
    await account.channel.send(account.at(room), part("a text", 2))
    assert discord.shown(room) == ["a text"]
