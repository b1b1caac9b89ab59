"""What was said while nobody listened: read from the history, in order, once, and within limits."""

import asyncio
from datetime import timedelta

import pytest

from bridge.parts import Reply
from channels.slack import catching_up, limits
from tests.channels.slack.rig import (
    Ear,
    QuickClock,
    address,
    listening,
    opened,
    part,
    until,
)


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
    monkeypatch.setattr(catching_up, "PAGE", 3)
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


async def test_what_is_new_waits_for_the_history_only_so_long(fake, ada, facts, monkeypatch):
    monkeypatch.setattr("channels.slack.lanes.GIVE_WAY_SECONDS", 0.05)
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    mark = dict(facts.kept)
    ada.says(room, "missed")
    fake.fault("conversations.history", status=503, times=1000)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear) as task:
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
        await until(lambda: len(ear.heard) == 50)
    assert 1 <= facts.writes <= 10
    assert facts.kept == {f"seen/{room.id}": ear.heard[-1].what.message}


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


async def test_what_was_missed_is_read_after_a_stop_in_the_middle_of_reading(
    fake, ada, facts, monkeypatch
):
    """What is new was handed in meanwhile, for it waits only so long."""
    monkeypatch.setattr("channels.slack.lanes.GIVE_WAY_SECONDS", 0.05)
    room = fake.dm(ada)
    await lived(fake, facts, lambda: ada.says(room, "before"))
    ada.says(room, "missed")
    fake.fault("conversations.history", status=503, times=1000)
    ear = Ear()
    async with listening(opened(fake, facts=facts), ear):
        await until(lambda: fake.sockets.connected)
        ada.says(room, "now")
        await until(lambda: ear.texts() == ["now"])
        await until(lambda: fake.sockets.deliveries[-1].acknowledged)
    fake.faults.clear()
    assert "missed" in await heard(fake, facts, 2)
