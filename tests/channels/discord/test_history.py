"""What was said while nobody listened is read back, whole, once and in its order."""

import asyncio
import time

from bridge.demo.discord.world import Message, snowflake
from bridge.domain.errors import StoreUnavailable
from bridge.domain.parts import Reply
from channels.discord.read_marks import SPAN
from tests.channels.discord.account import Account, Ear
from tests.waiting import until

OVERLAPPED = SPAN // 2
"""Of an id: half the time that marks overlap by."""


async def connected_once(account: Account) -> Account:
    """Let an account connect for the first time, and return it as a later process has it."""
    async with account.listening():
        pass
    return account.restarted()


async def test_direct_messages_and_rooms_are_read_back_after_a_downtime(discord, account, ada):
    direct, room = discord.direct(ada), discord.room("general")
    async with account.listening() as ear:
        ada.says(direct, "one")
        ada.says(room, "two")
        await ear.until(2)
    ada.says(direct, "three")
    ada.says(room, "four")
    async with account.restarted().listening() as ear:
        await ear.until(2)
        ada.says(direct, "five")
        await until(lambda: "five" in ear.texts())
    assert {"three", "four", "five"} <= set(ear.texts())
    told = [text for text in ear.texts() if text in {"three", "five"}]
    assert told == ["three", "five"]


async def test_what_was_handed_in_is_not_handed_in_again(discord, account, ada):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "one")
        await account.read(ada.says(room, "two"))
        assert ear.texts() == ["one", "two"]
    async with account.restarted().listening() as ear:
        ada.says(room, "three")
        await ear.until(1)
    assert ear.texts() == ["three"]


async def test_a_new_chat_is_found_again_after_a_death_in_its_first_message(discord, account, ada):
    """Before it was answered, and its mark kept: bots can list no chats of two."""
    room = discord.direct(ada)
    ear = Ear(slow={str(room.id): asyncio.Event()})
    async with account.listening(ear):
        ada.says(room, "first")
        await until(lambda: account.facts.kept.get(f"dm:{room.id}"))
    assert ear.texts() == []
    ada.says(room, "while you were away")
    async with account.restarted().listening() as ear:
        await ear.until(2)
    assert ear.texts() == ["first", "while you were away"]


async def test_what_arrives_after_what_was_written_later_is_read_back_all_the_same(
    discord, account, ada
):
    """Its id is a little older than one that was handed in, within what the marks overlap."""
    room = discord.direct(ada)
    async with account.listening() as ear:
        late = ada.says(room, "late")
        await account.read(late)
    discord.post(Message(room, ada.person, "early", id=late.id - OVERLAPPED))
    async with account.restarted().listening() as ear:
        await ear.until(1)
    assert ear.texts() == ["early"]


async def test_many_messages_are_read_back_page_by_page_in_their_order(discord, account, ada):
    room = discord.direct(ada)
    account.facts.kept[f"dm:{room.id}"] = "0"
    texts = [f"message {number}" for number in range(250)]
    for text in texts:
        ada.says(room, text, untold=True)
    async with account.listening() as ear:
        await ear.until(250)
        ada.says(room, "and live")
        await ear.until(251)
    assert ear.texts() == [*texts, "and live"]
    assert discord.calls["history"] == 3


async def test_what_comes_live_waits_until_what_came_before_is_handed_in(discord, account, ada):
    room = discord.direct(ada)
    account.facts.kept[f"dm:{room.id}"] = "0"
    ada.says(room, "missed", untold=True)
    discord.fault("history", status=500, times=2)
    async with account.listening() as ear:
        ada.says(room, "live")
        await ear.until(2)
    assert ear.texts() == ["missed", "live"]


async def test_a_room_never_heard_before_is_read_back_since_the_account_first_connected(
    discord, account, ada
):
    room, busy = discord.room("quiet so far"), discord.room("busy")
    discord.age(ada.says(room, "before our time", untold=True), 60)
    later = await connected_once(account)
    ada.says(room, f"{discord.bot.mention()} are you there?")
    async with later.listening() as ear:
        await ear.until(1)
        ada.says(busy, "yes")
        await ear.until(2)
    assert ear.texts() == ["are you there?", "yes"]


async def test_what_was_written_before_we_joined_is_not_our_business(discord, account, ada):
    discord.server.joined = time.time() + 3600  # that is, after what follows
    later = await connected_once(account)
    room = discord.room()
    ada.says(room, "among ourselves", untold=True)
    async with later.listening() as ear:
        await asyncio.sleep(0.05)
    assert ear.texts() == []


async def test_active_threads_are_read_back(discord, account, ada):
    later = await connected_once(account)
    thread = discord.thread("plans", discord.room())
    ada.says(thread, "while you were away")
    async with later.listening() as ear:
        (inbound,) = await ear.until(1)
    assert inbound.address == account.at(thread)


async def test_a_place_that_is_gone_or_closed_does_not_hold_up_the_others(discord, account, ada):
    gone, closed = discord.direct(discord.person("Bob")), discord.room("secret")
    account.facts.kept |= {f"dm:{gone.id}": "0", f"room:{closed.id}": "0"}
    gone.gone = True
    closed.denied.add("view")
    room = discord.direct(ada)
    account.facts.kept[f"dm:{room.id}"] = "0"
    ada.says(room, "hello", untold=True)
    async with account.listening() as ear:
        await ear.until(1)
    assert ear.texts() == ["hello"]


async def test_a_store_that_is_away_in_the_middle_of_it_loses_nothing(discord, account, ada):
    room = discord.direct(ada)
    account.facts.kept[f"dm:{room.id}"] = "0"
    texts = [f"message {number}" for number in range(5)]
    for text in texts:
        ada.says(room, text, untold=True)
    async with account.listening(Ear(refusals=[StoreUnavailable()] * 3)) as ear:
        await ear.until(5)
    assert ear.texts() == texts


async def test_killed_after_a_message_was_kept_it_comes_again_under_the_same_id(
    discord, account, ada
):
    room = discord.direct(ada)
    async with account.listening() as ear:
        ada.says(room, "kept, not yet marked")
        (first,) = await ear.until(1)
        kept = dict(account.facts.kept)
    kept[f"dm:{room.id}"] = "0"  # the mark that a killed process leaves behind
    later = account.restarted()
    later.facts.kept = kept
    async with later.listening() as ear:
        (second,) = await ear.until(1)
    assert second.external_id == first.external_id
    assert second == first


async def test_marks_that_cannot_be_saved_are_saved_later(discord, account, ada, monkeypatch):
    room = discord.direct(ada)
    account.facts.kept[f"dm:{room.id}"] = "0"  # else nothing is handed in before it is kept
    put, failing = account.facts.put, True

    async def refuse(key, value):
        if failing and key.startswith("dm:"):
            raise StoreUnavailable
        await put(key, value)

    monkeypatch.setattr(account.facts, "put", refuse)
    async with account.listening() as ear:
        message = ada.says(room, "hello")
        await ear.until(1)
        await asyncio.sleep(0.03)
        failing = False
        await account.read(message)


async def test_a_room_in_which_somebody_was_whispered_to_is_a_room(discord, account, ada):
    """Discord tells of what one person alone sees as if it were said in a chat of two."""
    room = discord.room("general")
    ear = Ear(reply=Reply(text="You are Ada."))
    async with account.listening(ear):
        asked = ada.commands(room, "whoami")
        await until(lambda: asked.whispers)
        ada.says(room, "one")
        await until(lambda: "one" in ear.texts())
        again = ada.commands(room, "whoami")
        await until(lambda: again.whispers)
        discord.run(discord.gateway.close(4000))
        ada.says(room, "while it was cut")
        await until(lambda: "while it was cut" in ear.texts())
    ada.says(room, "while it was off")
    async with account.restarted().listening() as later:
        await until(lambda: "while it was off" in later.texts())
    heard = [each for each in (*ear.heard, *later.heard) if each.address == account.at(room)]
    assert all(each.room for each in heard)
    overheard = [each.what for each in heard if each.what.content.text[:1] != "/"]
    assert {each.content.text for each in overheard if each.addressed} == set()


async def test_a_room_that_was_kept_as_a_chat_of_two_is_a_room_again(discord, account, ada):
    """An earlier version took a room for one in which it whispered last."""
    room = discord.room("general")
    later = await connected_once(account)
    await later.facts.put(f"dm:{room.id}", str(snowflake()))
    ada.says(room, "while it was off")
    async with later.listening() as ear:
        (heard,) = await ear.until(1)
    assert heard.room
    assert not heard.what.addressed
