"""An answer as it is written: streamed where Slack streams, one message, one ring, no double."""

from datetime import timedelta

import pytest

from bridge.domain.errors import ChangeRefused, RateLimited
from bridge.domain.ids import PartId
from bridge.domain.records import replace
from channels.slack.conversation_ids import spot
from channels.slack.streams import settled
from tests.channels.slack.rig import Ear, QuickClock, address, connected, listening, opened, part
from tests.channels.slack.test_whole import answered, bridge
from tests.waiting import until


def preview(text, run="r_1"):
    written = part(text, priority="preview", silent=True)
    return replace(written, id=PartId(f"preview:{run}"))


def final(text, message):
    return part(text, number=2, edits=message)


@pytest.fixture
def clock():
    return QuickClock()


@pytest.fixture
async def there(fake, ada, general, clock):
    """A thread that Ada began, and a channel that has heard her there."""
    channel, ear = opened(fake, clock=clock), Ear()
    async with listening(channel, ear):
        await connected(fake)
        said = ada.says(general, f"<@{fake.workspace.bot_user}> well?")
        await until(lambda: ear.heard)
        yield channel, address(general, said.ts), said


def shown(fake, general, said):
    return [each.shown for each in fake.shown(general, said.ts)]


async def test_what_is_written_is_streamed_and_becomes_the_answer(fake, general, there):
    channel, place, said = there
    sent = await channel.send(place, preview("One two three "))
    await channel.edit(place, sent.message, preview("One two three four "))
    await channel.edit(place, sent.message, preview("One two three four "))
    (message,) = fake.shown(general, said.ts)
    assert (message.streaming, message.text) == (True, "One two three four")
    await channel.edit(place, sent.message, final("One two three **four**", sent.message))
    (message,) = fake.shown(general, said.ts)
    assert (message.streaming, message.shown) == (False, "One two three **four**")
    assert message.metadata
    assert fake.called("chat.postMessage") == []
    assert len(fake.called("chat.appendStream")) == 1


async def test_in_a_room_it_is_streamed_to_whoever_asked(fake, ada, there):
    channel, place, _ = there
    await channel.send(place, preview("One "))
    (given,) = fake.called("chat.startStream")
    assert given["recipient_user_id"] == ada.id
    assert given["recipient_team_id"] == fake.workspace.team


async def test_outside_of_threads_and_where_nobody_was_heard_it_is_a_message(fake, general, ada):
    channel = opened(fake)
    await channel.send(address(general), preview("One "))
    root = ada.says(general, "hm")
    await channel.send(address(general, root.ts), preview("Two "))
    assert fake.called("chat.startStream") == []
    assert len(fake.called("chat.postMessage")) == 2


@pytest.mark.parametrize("again", ["Other words ", "One two <@U1> three "])
async def test_what_does_not_go_on_as_it_began_ends_the_stream_and_changes_the_message(
    fake, general, there, again
):
    channel, place, said = there
    sent = await channel.send(place, preview("One two three "))
    await channel.edit(place, sent.message, preview(again + "four"))
    (message,) = fake.shown(general, said.ts)
    if message.streaming:  # half a mark is not settled yet, so nothing was said of it
        assert message.text == "One two three"
    else:
        assert message.shown.startswith(again.strip()[:5])


async def test_a_stream_that_slack_ended_goes_on_as_a_message(fake, general, there):
    channel, place, said = there
    sent = await channel.send(place, preview("One two "))
    general.messages[sent.message].streaming = False
    await channel.edit(place, sent.message, preview("One two three "))
    await channel.edit(place, sent.message, final("One two three four", sent.message))
    assert shown(fake, general, said) == ["One two three four"]


async def test_a_stream_that_a_process_left_is_ended_and_becomes_the_answer(fake, general, there):
    channel, place, said = there
    sent = await channel.send(place, preview("One two "))
    other = opened(fake)
    await other.edit(place, sent.message, final("One two three", sent.message))
    await other.edit(place, sent.message, final("One two three", sent.message))
    (message,) = fake.shown(general, said.ts)
    assert (message.streaming, message.shown) == (False, "One two three")


async def test_a_stream_that_a_process_left_can_be_taken_back(fake, general, there):
    channel, place, said = there
    sent = await channel.send(place, preview("One two "))
    await opened(fake).delete(place, sent.message)
    await channel.delete(place, sent.message)
    assert fake.shown(general, said.ts) == []


async def test_a_stream_whose_beginning_was_not_answered_is_found(fake, general, there):
    channel, place, _ = there
    ours = await channel.send(place, part("before", number=7))
    part_of = preview("One two ")
    sent = await channel.send(place, part_of)
    found = await (await begun_again(fake)).resolve(place, part_of)
    assert found is not None
    assert found.message == sent.message != ours.message


async def begun_again(fake):
    """Return an account of a process that began after another one died."""
    channel = opened(fake)
    channel._account = await channel._web.account()
    channel._streams.me = channel._account.user
    return channel


async def test_an_answer_is_never_taken_for_a_stream_of_before(fake, general, there):
    channel, place, _ = there
    sent = await channel.send(place, preview("One two "))
    await channel.edit(place, sent.message, final("One two three", sent.message))
    assert await channel.resolve(place, preview("", "r_2")) is None


async def test_of_what_was_left_standing_the_newest_is_the_stream_that_is_looked_for(
    fake, general, there
):
    channel, place, _ = there
    await channel.send(place, preview("Long ago "))
    sent = await channel.send(place, preview("One two ", "r_2"))
    found = await (await begun_again(fake)).resolve(place, preview("", "r_2"))
    assert found.message == sent.message


async def test_what_begins_a_thread_is_never_taken_for_a_stream_in_it(fake, general, there):
    root = fake.methods.post({"channel": general.id, "text": "said by an older bridge"})["ts"]
    general.messages[root].ts = "1700000000.000100"
    general.messages["1700000000.000100"] = general.messages.pop(root)
    place = address(general, "1700000000.000100")
    assert await (await begun_again(fake)).resolve(place, preview("One ")) is None


async def test_where_slack_does_not_say_whether_it_shows_metadata_nothing_is_a_stream(
    fake, general, there
):
    """Without it every message of ours looks like one, and would be written over."""
    channel, place, _ = there
    await channel.send(place, part("an answer", number=7))
    fake.scopes.discard("metadata.message:read")
    there = spot(place.place)
    assert await channel._showing.resolve(there, preview("One "), None) is None


async def test_when_slack_asks_to_wait_in_the_middle_the_stream_goes_on_later(
    fake, general, there, clock
):
    channel, place, said = there
    sent = await channel.send(place, preview("One two "))
    fake.fault("chat.appendStream", status=429, retry_after=30)
    with pytest.raises(RateLimited):
        await channel.edit(place, sent.message, preview("One two three "))
    (message,) = fake.shown(general, said.ts)
    assert message.streaming
    clock.ahead += timedelta(seconds=31)
    await channel.edit(place, sent.message, preview("One two three four "))
    assert (message.streaming, message.text) == (True, "One two three four")


@pytest.mark.parametrize("status", ["working", "waiting"])
async def test_the_end_of_a_stream_changes_nothing_of_how_far_the_agent_is(
    fake, general, there, status
):
    channel, place, said = there
    await channel.tell_status(place, "working", "")
    sent = await channel.send(place, preview("One two "))
    await channel.tell_status(place, status, "")
    known = general.sessions[said.ts].status
    await channel.edit(place, sent.message, final("One two three", sent.message))
    assert general.sessions[said.ts].status == known
    await channel.tell_status(place, "idle", "")
    assert general.sessions[said.ts].status == "active"


@pytest.mark.parametrize("code", ["missing_scope", "channel_type_not_supported", "unknown_method"])
async def test_where_slack_does_not_stream_it_is_a_message_that_is_changed(
    fake, general, there, code
):
    channel, place, said = there
    fake.fault("chat.startStream", error=code, times=9)
    sent = await channel.send(place, preview("One two "))
    await channel.edit(place, sent.message, preview("One two three"))
    await channel.edit(place, sent.message, final("One two three", sent.message))
    await channel.send(place, preview("Four ", "r_2"))
    assert shown(fake, general, said) == ["One two three", "Four"]
    assert len(fake.called("chat.startStream")) == 1


async def test_when_slack_asks_to_wait_it_is_a_message(fake, general, there):
    channel, place, said = there
    fake.fault("chat.startStream", status=429, retry_after=30)
    await channel.send(place, preview("One two "))
    assert shown(fake, general, said) == ["One two"]


async def test_a_message_that_somebody_deleted_is_not_written_on(fake, general, there):
    channel, place, _ = there
    sent = await channel.send(place, preview("One two "))
    fake.workspace.delete(general.messages[sent.message])
    with pytest.raises(ChangeRefused):
        await channel.edit(place, sent.message, preview("One two three "))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("One two thr", "One two "),
        ("One **two** three", "One "),
        ("One\n\n- a\n- b and", "One\n\n- a\n- b "),
        ("Code:\n```py\nx = 1\n", "Code:\n"),
        ("Code:\n```py\nx = 1\n```\nand so ", "Code:\n```py\nx = 1\n```\nand so "),
        ("`x", ""),
    ],
)
def test_only_what_stays_as_it_is_goes_into_a_stream(text, left):
    assert settled(text) == left


async def test_an_answer_is_one_message_that_rang_once(fake, ada, tmp_path):
    room = fake.room("general", ada)
    async with bridge(fake, tmp_path):
        words = " ".join(f"word{number}" for number in range(60))
        said = ada.says(room, f"<@{fake.workspace.bot_user}> {words}")
        await answered(fake, room, "word59", said.ts)
    (message,) = [each for each in room.messages.values() if "word1" in each.shown and each.bot]
    assert message.streamed
    assert not message.streaming
    assert not message.deleted
