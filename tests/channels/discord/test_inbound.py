"""What people do on Discord is heard, in its order, and only what is meant for us is addressed."""

import asyncio

from bridge.demo.discord.world import Person, snowflake
from bridge.domain.errors import StoreUnavailable
from bridge.domain.inbound import Added, Deleted, Edited, Pressed, Spoken
from bridge.domain.parts import Button, Reply
from tests.channels.discord.account import Account, Ear, part
from tests.left_out import left_out
from tests.waiting import until

# -- places and people ----------------------------------------------------------------------------


async def test_a_direct_message_is_addressed_and_from_a_place_of_two(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        message = ada.says(room, "hello")
        (inbound,) = await ear.until(1)
    assert inbound.external_id == str(message.id)
    assert inbound.address == account.at(room)
    assert not inbound.room
    assert inbound.title == "Ada"
    assert (inbound.sender.realm, inbound.sender.user) == ("discord", ada.id)
    assert inbound.sender.name == "Ada"
    assert inbound.what.addressed


async def test_in_a_room_only_who_mentions_us_or_replies_to_us_is_addressed(discord, account, ada):
    room = discord.room("general")
    ours = await account.channel.send(account.at(room), part("hi"))
    role = discord.server.bot_roles[discord.bot.id]
    async with account.listening() as ear:
        ada.says(room, "good morning all")
        ada.says(room, f"{discord.bot.mention()} what time is it?")
        ada.says(room, f"<@&{role}>, and the date?")
        ada.says(room, "thanks", reply_to=room.messages[int(ours.message)])
        heard = await ear.until(4)
    assert [each.what.addressed for each in heard] == [False, True, True, True]
    assert ear.texts() == ["good morning all", "what time is it?", "and the date?", "thanks"]
    assert {each.title for each in heard} == {"#general"}
    assert all(each.room for each in heard)
    assert heard[3].what.reply_to == ours.message


async def test_a_thread_is_a_place_of_its_own(discord, account, ada):
    room = discord.room("general")
    async with account.listening() as ear:
        thread = discord.thread("plans", room)
        ada.says(thread, "in here")
        ada.says(room, "out here")
        heard = await ear.until(2)
    places = {each.what.content.text: each.address for each in heard}
    assert places == {"in here": account.at(thread), "out here": account.at(room)}


async def test_what_a_room_or_a_thread_is_called_from_now_on_is_told(discord, account, ada):
    room = discord.room("general")
    async with account.listening() as ear:
        thread = discord.thread("plans", room)
        discord.rename(thread, "old plans")
        discord.rename(room, "team")
        await until(lambda: len(ear.titled) == 3)
    told = [(each.address, each.title) for each in ear.titled]
    assert [title for there, title in told if there == account.at(thread)] == ["plans", "old plans"]
    assert (account.at(room), "team") in told
    assert not ear.heard


async def test_what_a_room_is_about_and_what_a_link_in_it_shows_is_told(discord, account, ada):
    """Everybody reads it there, and nobody said it."""
    room = discord.room("general")
    async with account.listening() as ear:
        discord._tell(room, "CHANNEL_UPDATE", room.as_channel() | {"topic": "CODE"})
        said = ada.says(room, "hello")
        await ear.until(1)
        said.extra |= {"embeds": [{"title": "PREVIEW"}]}
        discord.tell_message("MESSAGE_UPDATE", said)
        await until(lambda: len(ear.shown) == 2)
    assert ear.shown[0].words == "CODE"
    assert "PREVIEW" in ear.shown[1].words


async def test_bots_webhooks_and_announcements_are_not_heard(discord, account, ada):
    room = discord.direct(ada)
    other = discord.person("Other bot")
    other.person.bot = True
    async with account.listening() as ear:
        other.says(room, "beep")
        ada.says(room, "by a webhook", webhook_id=str(snowflake()))
        ada.says(room, "pinned something", type=6)
        ada.says(room, "hello")
        await ear.until(1)
    assert ear.texts() == ["hello"]
    assert left_out() == {"of_no_concern": 3}


async def test_who_brings_us_into_a_thread_is_told_from_who_brings_others(discord, account, ada):
    thread = discord.thread("plans", discord.room())
    async with account.listening() as ear:
        ada.brings_in(thread, Person("Bob"))
        ada.brings_in(thread, discord.bot)
        ada.says(thread, "welcome")
        added, _ = await ear.until(2)
    assert added.what == Added()
    assert added.sender.user == ada.id
    assert added.address == account.at(thread)


# -- what they do ---------------------------------------------------------------------------------


async def test_edits_and_deletions_name_their_message(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        message = ada.says(room, "helo")
        await ear.until(1)
        ada.corrects(message, "hello")
        await ear.until(2)
        ada.unsays(message)
        _, edited, deleted = await ear.until(3)
    assert isinstance(edited.what, Edited)
    assert edited.what.message == str(message.id)
    assert edited.what.content.text == "hello"
    assert edited.external_id.startswith(f"{message.id}@20")
    assert deleted.what == Deleted(message=edited.what.message)
    assert deleted.sender.user == ada.id
    assert len({each.external_id for each in ear.heard}) == 3


async def test_an_unfolded_link_is_no_edit(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        message = ada.says(room, "see https://example.org")
        discord.tell_message("MESSAGE_UPDATE", message)
        ada.says(room, "done")
        await ear.until(2)
    assert ear.texts() == ["see https://example.org", "done"]


async def test_deleting_what_was_never_heard_is_nothing_to_us(discord, account, ada):
    room = discord.direct(ada)
    old = ada.says(room, "long ago", untold=True)
    async with account.listening() as ear:
        ada.unsays(old)
        ada.says(room, "hello")
        await ear.until(1)
    assert ear.texts() == ["hello"]


async def test_what_was_brought_along_is_named_and_can_be_fetched(discord, account, ada):
    room = discord.direct(ada)
    files = {"plan.pdf": ("application/pdf", b"%PDF"), "cat.png": ("image/png", b"\x89PNG")}
    async with account.listening() as ear:
        ada.says(room, "look", files=files)
        ada.says(room, files={"voice.ogg": ("audio/ogg; codecs=opus", b"OggS")}, voice=True)
        heard = await ear.until(2)
        pdf, png = heard[0].what.files
        (voice,) = heard[1].what.files
        fetched = [
            b"".join([chunk async for chunk in account.channel.download(file)])
            for file in (pdf, png, voice)
        ]
    assert [(each.kind, each.name, each.mime, each.size) for each in (pdf, png, voice)] == [
        ("file", "plan.pdf", "application/pdf", 4),
        ("image", "cat.png", "image/png", 4),
        ("voice", "voice.ogg", "audio/ogg", 4),
    ]
    assert fetched == [b"%PDF", b"\x89PNG", b"OggS"]


# -- order, repeats, refusals ---------------------------------------------------------------------


async def test_what_comes_twice_is_handed_in_once(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "once", twice=True)
        ada.says(room, "done")
        await ear.until(2)
    assert ear.texts() == ["once", "done"]


async def test_a_slow_place_holds_up_no_other(discord, account, ada):
    slow, quick = discord.room("slow"), discord.room("quick")
    ear = Ear(slow={str(slow.id): asyncio.Event()})
    async with account.listening(ear):
        ada.says(slow, "first")
        ada.says(quick, "second")
        await ear.until(1)
        assert ear.texts() == ["second"]
        ear.slow[str(slow.id)].set()
        await ear.until(2)
    assert ear.texts() == ["second", "first"]


async def test_what_the_store_does_not_keep_is_not_marked_as_seen(discord, account, ada):
    room = discord.direct(ada)
    account.facts.kept[f"dm:{room.id}"] = "0"
    refusals = [StoreUnavailable()] * 1000
    async with account.listening(Ear(refusals=refusals)):
        ada.says(room, "hello")
        await until(lambda: len(refusals) < 995)
    assert account.facts.kept[f"dm:{room.id}"] == "0"
    async with account.restarted().listening() as ear:
        await ear.until(1)
    assert ear.texts() == ["hello"]


async def test_an_event_nobody_understands_stands_in_nobodys_way(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "before")
        await ear.until(1)
        discord.raw(room, "MESSAGE_CREATE", {"id": "7", "channel_id": str(room.id)})
        discord.raw(room, "CHANNEL_UPDATE", {"nonsense": True})
        discord.raw(room, "INTERACTION_CREATE", {"id": "8"})
        ada.says(room, "after")
        await ear.until(2)
    assert ear.texts() == ["before", "after"]
    assert discord.gateway.identified == 1


async def test_a_message_nobody_understands_is_left_out_of_what_is_read_back(discord, account, ada):
    room = discord.direct(ada)
    account.facts.kept[f"dm:{room.id}"] = "0"
    ada.says(room, "before", untold=True)
    ada.says(room, "poison", untold=True, attachments=[{"id": None}])
    ada.says(room, "after", untold=True)
    async with account.listening() as ear:
        await ear.until(2)
    assert ear.texts() == ["before", "after"]
    assert len(discord.checker.faults) == 5
    discord.checker.faults.clear()  # wrong on purpose


async def test_more_than_fits_in_memory_is_read_back_in_its_order(
    discord, account, ada, monkeypatch
):
    monkeypatch.setattr("bridge.engine.inbound.feed.MOST_WAITING", 10)
    room = discord.room()
    ear = Ear(slow={str(room.id): asyncio.Event()})
    async with account.listening(ear):
        texts = [f"message {number}" for number in range(40)]
        for text in texts:
            ada.says(room, text)
        await asyncio.sleep(0.1)
        ear.slow[str(room.id)].set()
        await ear.until(40)
    assert ear.texts() == texts


# -- replies to those who typed -------------------------------------------------------------------


async def test_a_reply_for_the_asker_is_shown_below_what_they_wrote(discord, account, ada):
    room = discord.room()
    async with account.listening(Ear(reply=Reply(text="you may not **do** that", refused=True))):
        message = ada.says(room, f"{discord.bot.mention()} /stop")
        await until(lambda: discord.shown(room))
    (shown,) = [each for each in discord.messages(room) if each.author is discord.bot]
    assert shown.content == "you may not **do** that"
    assert shown.reply_to is message


async def test_a_reply_that_is_given_again_is_shown_once(discord, ada):
    room = discord.direct(ada)
    account = Account(discord)
    async with account.listening(Ear(reply=Reply(text="noted"))):
        ada.says(room, "/help")
        await until(lambda: discord.shown(room))
    account.facts.kept[f"dm:{room.id}"] = "0"  # as if killed before the mark was saved
    async with account.restarted().listening(Ear(reply=Reply(text="noted"))) as ear:
        await ear.until(1)
        ada.says(room, "more")
        await until(lambda: len(discord.shown(room)) == 2)
    assert discord.shown(room) == ["noted", "noted"]


async def test_a_press_brings_back_what_the_button_was_given(discord, account, ada):
    room = discord.room()
    await account.channel.send(
        account.at(room), part("sure?", buttons=(Button(value="a:q_1:0", label="Yes"),))
    )
    async with account.listening() as ear:
        interaction = ada.presses(discord.messages(room)[0], "Yes")
        (pressed,) = await ear.until(1)
        await until(lambda: interaction.answers)
    assert pressed.what == Pressed(value="a:q_1:0")
    assert pressed.external_id == str(interaction.id)
    assert pressed.sender.user == ada.id


async def test_a_command_from_the_menu_is_as_if_typed(discord, account, ada):
    room = discord.room()
    async with account.listening() as ear:
        interaction = ada.commands(room, "status", "of everything")
        (spoken,) = await ear.until(1)
        await until(lambda: interaction.answers)
    assert isinstance(spoken.what, Spoken)
    assert spoken.what.content.text == "/status of everything"
    assert spoken.what.addressed
    assert spoken.external_id == spoken.what.message == str(interaction.id)
