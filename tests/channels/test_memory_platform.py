"""The memory platform is a world to tell stories in: people act, see, and meet trouble."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from bridge.domain.errors import Gone, Moved, OutcomeUnknown, Unauthorized, Unreachable
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Deleted, Edited, Pressed, Spoken
from bridge.domain.parts import Button, Reply
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from tests.channels.placing import HERE, part
from tests.feeding import feeding
from tests.waiting import soon


@pytest.fixture
def platform():
    return MemoryPlatform()


@pytest.fixture
def channel(platform):
    return MemoryChannel(ChannelName("memory"), platform, feeding())


@pytest.fixture
async def heard(channel):
    """Everything the channel hands in, while it listens."""
    inbounds = []

    async def inbox(inbound):
        inbounds.append(inbound)
        return Reply(text="noted") if isinstance(inbound.what, Spoken) else None

    task = asyncio.create_task(channel.listen(inbox))
    yield inbounds
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


# -- what people do -------------------------------------------------------------------------------


async def test_all_that_people_do_is_heard(platform, channel, heard):
    platform.open("here", room=True, title="The room")
    platform.say("here", "Ada", "helo", addressed=False)
    platform.correct("here", MessageId("m1"), "hello")
    platform.unsay("here", MessageId("m1"))
    await channel.send(HERE, part(buttons=(Button(value="v", label="Yes"),)))
    platform.press("here", "Bob", "Yes")
    await platform.until(lambda: len(heard) == 4)
    spoken, edited, deleted, pressed = (each.what for each in heard)
    assert isinstance(spoken, Spoken)
    assert not spoken.addressed
    assert isinstance(edited, Edited)
    assert edited.content.text == "hello"
    assert deleted == Deleted(message=MessageId("m1"))
    assert pressed == Pressed(value="v")
    assert len({each.external_id for each in heard}) == 4
    assert {each.room for each in heard} == {True}
    assert heard[-1].sender.name == "Bob"


async def test_a_reply_is_a_note_for_one_and_no_message(platform, heard):
    platform.say("here", "Ada", "hello")
    await platform.until(lambda: platform.notes("here"))
    assert platform.notes("here") == ["noted"]
    assert platform.shown("here") == []


async def test_pressing_a_button_that_is_not_there_says_which_are(platform, channel):
    await channel.send(HERE, part(buttons=(Button(value="v", label="Yes"),)))
    with pytest.raises(LookupError, match="there are: Yes"):
        platform.press("here", "Ada", "No")


async def test_a_platform_may_deliver_twice(platform, heard):
    said = platform.say("here", "Ada", "hello")
    await platform.until(lambda: platform.acknowledged)
    platform.redeliver(said)
    await platform.until(lambda: len(heard) == 2)
    assert heard[0] == heard[1]


async def test_a_slow_place_holds_up_no_other(platform, channel):
    done = asyncio.Event()
    heard = []

    async def inbox(inbound):
        if inbound.address.place == "slow":
            await done.wait()
        heard.append(inbound.address.place)

    task = asyncio.create_task(channel.listen(inbox))
    platform.say("slow", "Ada", "hello")
    platform.say("quick", "Bob", "hello")
    await platform.until(lambda: heard == ["quick"])
    done.set()
    await platform.until(lambda: heard == ["quick", "slow"])
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


# -- what people see ------------------------------------------------------------------------------


async def test_people_see_speakers_their_own_words_and_what_was_not_taken_back(platform, channel):
    platform.say("here", "Ada", "mine")
    await channel.send(HERE, part("theirs", speaker="Bob · Telegram"))
    sent = await channel.send(HERE, part("gone", part_id="2:0", silent=True))
    assert [each.silent for each in platform.seen("here")] == [False, False, True]
    await channel.delete(HERE, sent.message)
    assert [each.text for each in platform.seen("here")] == ["mine", "theirs"]
    assert platform.shown("here") == ["Bob · Telegram: theirs"]


async def test_waiting_in_vain_says_what_was_shown(platform, channel):
    await channel.send(HERE, part("hello"))
    with pytest.raises(TimeoutError, match="hello"):
        await platform.until(lambda: False, within=0.05)


async def test_calls_are_counted(platform, channel):
    await channel.send(HERE, part())
    await channel.typing(HERE)
    assert platform.counts == {"send": 1, "typing": 1}


# -- what goes wrong ------------------------------------------------------------------------------


async def test_a_fault_happens_as_often_as_arranged_and_where(platform, channel):
    platform.refuse(Unreachable(), place="here", times=2)
    await channel.send(replace(HERE, place="there"), part())
    for _ in range(2):
        with pytest.raises(Unreachable):
            await channel.send(HERE, part())
    await channel.send(HERE, part())
    assert platform.shown("here") == ["hello"]


async def test_while_the_platform_is_down_nothing_is_heard_and_afterwards_everything(
    platform, heard
):
    platform.refuse(Unreachable(), on=None, times=None)
    platform.say("here", "Ada", "hello")
    await asyncio.sleep(0.1)
    assert heard == []
    platform.recover()
    await platform.until(lambda: len(heard) == 1)


async def test_listening_with_refused_credentials_ends(platform, channel):
    async def inbox(inbound):
        return None

    platform.refuse(Unauthorized(), on="listen")
    with pytest.raises(Unauthorized):
        await soon(channel.listen(inbox))


async def test_an_unanswered_edit_was_made_and_can_be_found(platform, channel):
    sent = await channel.send(HERE, part("before"))
    platform.hang_up(on="edit")
    with pytest.raises(OutcomeUnknown):
        await channel.edit(HERE, sent.message, part("after", part_id="2:0"))
    assert platform.shown("here") == ["after"]
    assert await channel.resolve(HERE, part("after", part_id="2:0")) == sent


async def test_a_closed_place_is_gone_until_someone_speaks_there(platform, channel):
    platform.close("here")
    with pytest.raises(Gone):
        await channel.send(HERE, part())
    platform.say("here", "Ada", "come back")
    await channel.send(HERE, part())
    assert platform.shown("here") == ["hello"]


async def test_a_place_that_moved_says_where_to_and_takes_its_messages_along(platform, channel):
    await channel.send(HERE, part())
    platform.move("here", "there")
    with pytest.raises(Moved) as raised:
        await channel.send(HERE, part())
    assert raised.value.place == "there"
    assert platform.shown("there") == ["hello"]


async def test_what_was_said_before_a_place_moved_is_heard_from_the_old_one(platform, heard):
    platform.say("here", "Ada", "before")
    platform.move("here", "there")
    platform.say("there", "Ada", "after")
    await platform.until(lambda: len(platform.acknowledged) == 2)
    assert [each.address.place for each in heard] == ["here", "there"]
    assert platform.waiting() == ()


async def test_a_slow_platform_can_be_given_up_on(platform, channel):
    platform.delay = 60
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(channel.send(HERE, part()), 0.05)
    assert platform.shown("here") == []
