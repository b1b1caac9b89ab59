"""What was said while nobody listened: read from the history, in order, once, and within limits."""

import asyncio
from datetime import timedelta

import pytest

from bridge.domain.parts import Reply
from bridge.engine.inbound import feed
from channels.slack import history, limits, socket
from tests.channels.slack.rig import (
    Ear,
    QuickClock,
    address,
    listening,
    opened,
    part,
    until,
)
from tests.left_out import left_out


async def lived(fake, facts, *done) -> None:
    """Listen once, while these are done; afterwards nothing waits for the next connection."""
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        for each in done:
            each()
        await until(lambda: len(ear.heard) >= len(done))
        await until(lambda: all(each.acknowledged for each in fake.sockets.deliveries))
    fake.sockets.keeps = False


async def heard(fake, facts, count, **more) -> list[str]:
    ear = Ear()
    async with listening(opened(fake, facts=facts, **more), ear):
        await until(lambda: len(ear.heard) >= count)
    return ear.texts()


async def test_a_long_absence_is_read_from_the_history_oldest_first(fake, ada, facts, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 3)
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    for number in range(8):
        ada.says(room, f"{number}")
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: fake.sockets.connected)
        ada.says(room, "now")
        await until(lambda: len(ear.heard) == 9)
    assert ear.texts() == [*map(str, range(8)), "now"]
    assert ear.heard[0].external_id.startswith(f"{room.id}:1")
    assert len(fake.called("conversations.history")) == 3


async def test_it_is_the_same_message_whether_it_came_live_or_from_the_history(fake, ada, facts):
    room = fake.room("general", ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    said = ada.says(room, f"<@{fake.workspace.bot_user}> hello")
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: ear.heard)
        (mention,) = fake.events("app_mention")
        fake.sockets.again(mention)
        await until(lambda: mention.acknowledged)
    (inbound,) = ear.heard
    assert inbound.external_id == f"{room.id}:{said.ts}"
    assert inbound.address == address(room, said.ts)


async def test_threads_it_takes_part_in_are_read_too(fake, ada, facts):
    room, bot = fake.room("general", ada), fake.workspace.bot_user
    begun = []
    await lived(fake, facts, lambda: begun.append(ada.says(room, f"<@{bot}> hello")))
    ada.says(room, "go on", thread=begun[0].ts)
    ada.says(room, "and on", thread=begun[0].ts)
    assert await heard(fake, facts, 2) == ["go on", "and on"]


async def test_a_thread_that_began_meanwhile_is_read_with_its_replies(fake, ada, facts):
    room, bot = fake.room("general", ada), fake.workspace.bot_user
    await lived(fake, facts, lambda: ada.says(room, "before"))
    begun = ada.says(room, "look at this")
    ada.says(room, f"<@{bot}> what do you think?", thread=begun.ts)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: len(ear.heard) == 2)
    by_text = {each.what.content.text: each for each in ear.heard}
    assert by_text["what do you think?"].address == address(room, begun.ts)
    assert by_text["what do you think?"].what.addressed


async def test_what_waits_for_the_store_is_read_again_although_newer_things_were_heard(
    fake, ada, facts
):
    """Each mention is a place of its own; the newer one's is quicker. Then the bridge dies."""
    room, bot = fake.room("general", ada), fake.workspace.bot_user
    await lived(fake, facts, lambda: ada.says(room, "before"))
    older = ada.says(room, f"<@{bot}> older")
    newer = ada.says(room, f"<@{bot}> newer")
    ear = Ear()
    ear.slow[address(room, older.ts).place] = asyncio.Event()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: ear.texts() == ["newer"])
        await until(lambda: f"seen/{room.id}/{newer.ts}" in facts.kept)
        await asyncio.sleep(0.1)
    assert facts.kept[f"seen/{room.id}"] < older.ts
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: "older" in ear.texts())
        await until(lambda: facts.kept[f"seen/{room.id}"] == newer.ts)


async def test_a_reply_shown_in_the_room_as_well_is_heard_once(fake, ada, facts):
    room, bot = fake.room("general", ada), fake.workspace.bot_user
    begun = []
    await lived(fake, facts, lambda: begun.append(ada.says(room, f"<@{bot}> hello")))
    ada.says(room, "to all", thread=begun[0].ts, subtype="thread_broadcast")
    assert await heard(fake, facts, 1) == ["to all"]


async def test_commands_given_meanwhile_are_answered(fake, ada, facts):
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    ada.says(room, "/status")
    ear = Ear(replies={"/status": Reply(text="all is well")})
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: fake.shown(room))


async def test_its_own_messages_are_not_heard_in_the_history(fake, ada, facts):
    room, channel = fake.dm(ada), opened(fake, facts=facts)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    await channel.send(address(room), part("I spoke"))
    ada.says(room, "after")
    assert await heard(fake, facts, 1) == ["after"]


async def test_speaking_does_not_skip_what_was_not_heard_yet(fake, ada, facts):
    room, channel = fake.dm(ada), opened(fake, facts=facts)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    ada.says(room, "unheard")
    await channel.send(address(room), part("I spoke"))
    assert await heard(fake, facts, 1) == ["unheard"]


async def test_what_is_older_than_two_weeks_is_left_alone(fake, ada, facts):
    room, clock = fake.dm(ada), QuickClock()
    await lived(fake, facts, lambda: ada.says(room, "before"))
    ada.says(room, "long ago")
    clock.ahead = limits.CATCH_UP + timedelta(days=1)
    ear = Ear()
    async with listening(opened(fake, facts=facts, clock=clock), ear):
        await until(lambda: fake.called("conversations.history"))
        ada.says(room, "now")
        await until(lambda: ear.heard)
    assert ear.texts() == ["now"]


async def test_a_thread_nobody_wrote_in_for_long_is_forgotten(fake, ada, facts):
    room, bot, clock = fake.room("general", ada), fake.workspace.bot_user, QuickClock()
    await lived(fake, facts, lambda: ada.says(room, f"<@{bot}> hello"))
    assert [key for key in facts.kept if "/17" in key or "/18" in key]
    clock.ahead = limits.REMEMBER_THREADS + timedelta(days=1)
    async with listening(opened(fake, facts=facts, clock=clock), Ear()):
        await until(lambda: fake.called("conversations.history"))
    assert [*facts.kept] == [f"seen/{room.id}"]


@pytest.mark.parametrize(
    "fault", [{"status": 502, "html": True}, {"status": 429, "retry_after": 2}, {"hang_up": True}]
)
async def test_a_history_that_cannot_be_read_yet_is_read_later_and_still_comes_first(
    fake, ada, facts, fault
):
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    ada.says(room, "missed")
    fake.fault("conversations.history", times=2, **fault)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: fake.sockets.connected)
        ada.says(room, "now")
        await until(lambda: len(ear.heard) == 2)
    assert ear.texts() == ["missed", "now"]


async def test_what_is_new_waits_for_the_history_only_so_long(fake, ada, facts):
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    mark = dict(facts.kept)
    ada.says(room, "missed")
    fake.fault("conversations.history", status=503, times=1000)
    ear = Ear()
    async with listening(opened(fake, facts=facts, patience=1), ear) as task:
        await until(lambda: fake.sockets.connected)
        ada.says(room, "now")
        await until(lambda: ear.texts() == ["now"])
        assert facts.kept == mark, "what was missed would never be read"
        fake.faults.clear()
        await until(lambda: len(ear.heard) == 2)
        assert not task.done()
    assert ear.texts() == ["now", "missed"]


@pytest.mark.parametrize("error", ["missing_scope", "method_not_supported_for_channel_type"])
async def test_a_history_that_may_not_be_read_holds_nothing_up(fake, ada, facts, error):
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    fake.fault("conversations.history", error=error, times=1000)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: fake.sockets.connected)
        ada.says(room, "now")
        await until(lambda: ear.heard)
    assert ear.texts() == ["now"]


async def test_a_room_that_is_gone_is_forgotten(fake, ada, facts):
    room = fake.room("general", ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    del fake.workspace.rooms[room.id]
    async with listening(opened(fake, facts=facts), Ear()):
        await until(lambda: fake.called("conversations.history"))
        await until(lambda: facts.kept == {})


async def test_marks_are_written_now_and_then_and_not_with_every_message(fake, ada, facts):
    room, ear = fake.dm(ada), Ear()
    async with listening(opened(fake, facts=facts), ear):
        for number in range(50):
            ada.says(room, str(number))
        await until(lambda: len(fake.sockets.acknowledged) == 50)
    assert 1 <= facts.writes < 25
    assert facts.kept == {f"seen/{room.id}": ear.heard[-1].what.message}


async def test_a_new_chat_is_read_back_after_a_death_in_its_first_message(fake, ada, facts):
    """Before its mark was written with the others: nothing else says that the chat is there."""
    room, at_death = fake.dm(ada), []

    class Dying(Ear):
        async def __call__(self, inbound):
            at_death.append(dict(facts.kept))

    async with listening(opened(fake, facts=facts), Dying()):
        ada.says(room, "first")
        await until(lambda: at_death)
    fake.sockets.keeps = False
    ada.says(room, "while you were away")
    facts.kept = at_death[0]
    assert await heard(fake, facts, 2) == ["first", "while you were away"]


async def test_what_is_said_before_the_first_message_was_handed_in_does_not_skip_it(
    fake, ada, facts
):
    """A slow store: our answer is shown before the inbox has returned. Our clock is ahead."""
    room, clock, ear = fake.dm(ada), QuickClock(), Ear()
    clock.ahead = timedelta(minutes=1)
    ear.slow[room.id] = asyncio.Event()
    channel = opened(fake, facts=facts, clock=clock)
    async with listening(channel, ear):
        await until(lambda: fake.sockets.connected)
        ada.says(room, "first")
        await until(lambda: fake.sockets.deliveries)
        await asyncio.sleep(0.05)
        await channel.send(address(room), part("I answer already"))
    fake.sockets.keeps = False
    ada.says(room, "second")
    assert await heard(fake, facts, 2, clock=clock) == ["first", "second"]


async def test_what_was_missed_is_read_after_a_stop_in_the_middle_of_reading(fake, ada, facts):
    """What is new was handed in meanwhile, for it waits only so long."""
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    ada.says(room, "missed")
    fake.fault("conversations.history", status=503, times=1000)
    ear = Ear()
    async with listening(opened(fake, facts=facts, patience=1), ear):
        await until(lambda: fake.sockets.connected)
        ada.says(room, "now")
        await until(lambda: ear.texts() == ["now"])
        await until(lambda: fake.sockets.deliveries[-1].acknowledged)
    fake.faults.clear()
    assert "missed" in await heard(fake, facts, 2)


# -- what an upgrade finds, and what cuts it off


async def test_what_an_older_version_kept_loses_nothing_and_has_nothing_heard_twice(
    fake, ada, facts
):
    """It wrote `seen/<room>` and `seen/<room>/<thread>`, each with a bare time stamp."""
    room, bot = fake.room("general", ada), fake.workspace.bot_user
    begun = ada.says(room, f"<@{bot}> hello")
    known = ada.says(room, "known", thread=begun.ts)
    last = ada.says(room, "known too")
    facts.kept = {f"seen/{room.id}": last.ts, f"seen/{room.id}/{begun.ts}": known.ts}
    ada.says(room, "missed in the thread", thread=begun.ts)
    missed = ada.says(room, "missed")
    fake.sockets.keeps = False
    for each in fake.sockets.deliveries:
        each.lost = True
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: facts.kept[f"seen/{room.id}"] == missed.ts)
        live = ada.says(room, "live", thread=begun.ts)
        await until(lambda: len(ear.heard) == 3)
        await until(lambda: facts.kept[f"seen/{room.id}/{begun.ts}"] == live.ts)
    assert {*ear.texts()} == {"missed", "missed in the thread", "live"}
    for each in ear.heard:
        assert each.what.addressed == (each.address == address(room, begun.ts))
    assert facts.kept == {f"seen/{room.id}": missed.ts, f"seen/{room.id}/{begun.ts}": live.ts}


async def test_a_thousand_missed_messages_come_before_the_live_ones_beside_them(fake, ada, facts):
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    for number in range(1000):
        ada.says(room, f"{number}")
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: fake.sockets.connected)
        for number in range(1000, 1020):
            ada.says(room, f"{number}")
            await asyncio.sleep(0)
        await until(lambda: len(ear.heard) == 1020)
    assert ear.texts() == [*map(str, range(1020))]


async def test_too_often_in_the_middle_has_that_page_asked_for_again_and_not_all(
    fake, ada, facts, monkeypatch
):
    """Slack says until when; to begin again would never end where there is much to read."""
    monkeypatch.setattr(history, "PAGE", 3)
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    for number in range(8):
        ada.says(room, f"{number}")
    read = fake.methods.call["conversations.history"]

    def counted(given):
        if len(fake.called("conversations.history")) == 2:
            fake.fault("conversations.history", status=429, retry_after=1)
        return read(given)

    fake.methods.call["conversations.history"] = counted
    assert await heard(fake, facts, 8) == [*map(str, range(8))]
    cursors = [each.get("cursor", "") for each in fake.called("conversations.history")]
    assert cursors == ["", "3", "6", "6"]


async def test_a_scope_that_is_missing_for_some_rooms_leaves_the_others_to_be_read(
    fake, ada, general, facts
):
    """The account goes on hearing, and its owner is told."""
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"), lambda: ada.says(general, "before"))
    ada.says(general, "not to be read")
    ada.says(room, "missed")
    fake.scopes.discard("channels:history")
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear) as task:
        await until(lambda: ear.texts() == ["missed"])
        ada.says(general, "now")
        await until(lambda: len(ear.heard) == 2)
        assert not task.done()
    assert ear.texts() == ["missed", "now"]
    assert left_out()["history_not_read"] == 1
    assert [each.why for each in ear.unread] == ["Slack wants the scope channels:history"]


async def test_a_thread_that_is_gone_is_forgotten_and_its_room_is_read(fake, ada, general, facts):
    bot, begun = fake.workspace.bot_user, []
    await lived(fake, facts, lambda: begun.append(ada.says(general, f"<@{bot}> hello")))
    del general.messages[begun[0].ts]
    ada.says(general, "missed")
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: ear.texts() == ["missed"])
        await until(lambda: [*facts.kept] == [f"seen/{general.id}"])


async def test_a_thread_is_heard_in_its_order_although_some_of_it_was_shown_in_the_room(
    fake, ada, general, facts
):
    """The room is read before its threads, and has one of the replies, not the first."""
    bot, begun = fake.workspace.bot_user, []
    await lived(fake, facts, lambda: begun.append(ada.says(general, f"<@{bot}> hello")))
    thread = begun[0].ts
    ada.says(general, "one", thread=thread)
    ada.says(general, "two", thread=thread, subtype="thread_broadcast")
    ada.says(general, "three", thread=thread)
    assert await heard(fake, facts, 3) == ["one", "two", "three"]


async def test_after_a_missed_mention_the_thread_goes_on_being_for_the_bot(
    fake, ada, general, facts
):
    await lived(fake, facts, lambda: ada.says(general, "before"))
    begun = ada.says(general, "look at this")
    ada.says(general, f"<@{fake.workspace.bot_user}> what do you think?", thread=begun.ts)
    ada.says(general, "go on", thread=begun.ts)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: len(ear.heard) == 3)
    addressed = {each.what.content.text: each.what.addressed for each in ear.heard}
    assert addressed == {"look at this": False, "what do you think?": True, "go on": True}


async def test_stopped_before_a_new_thread_was_read_its_mention_is_heard_next_time(
    fake, ada, general, facts
):
    """A thread that began meanwhile is found by its room: so the room's mark waits for it."""
    await lived(fake, facts, lambda: ada.says(general, "before"))
    begun = ada.says(general, "look at this")
    ada.says(general, f"<@{fake.workspace.bot_user}> what do you think?", thread=begun.ts)
    fake.fault("conversations.replies", status=503, times=100_000)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: ear.texts() == ["look at this"])
        await until(lambda: fake.called("conversations.replies"))
    fake.faults.clear()
    assert "what do you think?" in await heard(fake, facts, 2)


async def test_what_we_said_ourselves_is_read_back_once_and_not_each_time(fake, ada, facts):
    room, channel = fake.dm(ada), opened(fake, facts=facts)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    sent = await channel.send(address(room), part("I spoke"))
    for times in (1, 2):
        async with listening(opened(fake, facts=facts), Ear()):
            await until(lambda times=times: len(fake.called("conversations.history")) == times)
            await until(lambda: facts.kept == {f"seen/{room.id}": sent.message})
    first, second = fake.called("conversations.history")
    assert first["oldest"] < second["oldest"] == sent.message


async def test_what_piles_up_in_a_place_is_not_acknowledged_but_read_back(
    fake, ada, facts, monkeypatch
):
    monkeypatch.setattr(feed, "MOST_WAITING", 5)
    room, ear = fake.dm(ada), Ear()
    ear.slow[room.id] = asyncio.Event()
    async with listening(opened(fake, facts=facts), ear):
        for number in range(20):
            ada.says(room, f"{number}")
        await until(lambda: all(each.attempts for each in fake.sockets.deliveries))
        ear.slow[room.id].set()
        await until(lambda: len(ear.heard) == 20)
    assert ear.texts() == [*map(str, range(20))]


async def test_a_connection_that_is_made_anew_drops_nothing_that_waits_for_the_store(
    fake, ada, facts, monkeypatch
):
    monkeypatch.setattr(socket, "STUCK_SECONDS", 0.1)
    room, ear = fake.dm(ada), Ear()
    ear.slow[room.id] = asyncio.Event()
    async with listening(opened(fake, facts=facts), ear):
        ada.says(room, "one")
        await until(lambda: fake.sockets.deliveries and fake.sockets.deliveries[0].attempts)
        ada.says(room, "two")
        await fake.down()
        await until(lambda: not fake.sockets.connected)
        await asyncio.sleep(0.5)
        await fake.up()
        await until(lambda: fake.sockets.connected)
        ear.slow[room.id].set()
        await until(lambda: all(each.acknowledged for each in fake.sockets.deliveries))
    assert ear.texts() == ["one", "two"]
