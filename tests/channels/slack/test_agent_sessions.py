"""Slack's agent sessions: a thread says that the agent works, waits and rests, and can stop it."""

import asyncio

import pytest

from bridge.demo.slack.workspace import AgentSession
from bridge.domain.errors import Rejected, Unauthorized
from bridge.domain.parts import Reply
from tests.channels.slack.rig import Ear, address, connected, listening, opened
from tests.channels.slack.test_whole import answered, bridge
from tests.waiting import until


def session(room, thread):
    return room.sessions.get(thread, AgentSession())


@pytest.fixture
def channel(fake):
    return opened(fake)


@pytest.fixture
def asked(fake, ada, general):
    """A message that mentions the bot; its thread is where it is answered."""
    return ada.says(general, f"<@{fake.workspace.bot_user}> apples")


# -- the channel


async def test_a_thread_says_how_far_the_agent_is(channel, general, asked):
    there = address(general, asked.ts)
    assert channel.capabilities(there).tells_status
    for status in ("working", "waiting", "working", "idle", "idle"):
        assert await channel.tell_status(there, status, "") is None
    said = session(general, asked.ts).said
    assert said == ["processing", "suspended", "processing", "active"]


async def test_outside_of_threads_nothing_is_said(fake, channel, ada, general):
    assert not channel.capabilities(address(general)).tells_status
    assert not channel.capabilities(address(fake.dm(ada))).tells_status


async def test_a_session_gets_the_title_and_is_renamed_when_it_changes(
    fake, channel, general, asked
):
    there = address(general, asked.ts)
    for title in ("", "Fruit: apples", "Fruit: apples", "Vegetables"):
        await channel.tell_status(there, "working", title)
    assert session(general, asked.ts).title == "Vegetables"
    assert len(fake.called("agents.sessions.rename")) == 2


async def test_an_app_that_is_no_agent_says_it_in_a_line_and_slack_is_asked_once(
    fake, channel, general, asked
):
    fake.methods.is_agent = False
    there = address(general, asked.ts)
    assert await channel.tell_status(there, "working", "")
    assert await channel.tell_status(there, "idle", "") is None
    assert session(general, asked.ts).lines == ["is working…", ""]
    assert len(fake.called("agents.sessions.setStatus")) == 1


async def test_an_app_without_the_scope_either_says_nothing_and_is_no_account_refused(
    fake, channel, general, asked
):
    fake.methods.is_agent = False
    fake.scopes -= {"assistant:write"}
    there = address(general, asked.ts)
    with pytest.raises(Rejected):
        await channel.tell_status(there, "working", "")
    assert not channel.capabilities(there).tells_status


@pytest.mark.parametrize("code", ["invalid_auth", "channel_not_found", "not_authorized"])
async def test_what_is_refused_in_one_place_is_still_said_in_others(
    fake, channel, general, asked, code
):
    error = Unauthorized if code == "invalid_auth" else Rejected
    fake.fault("agents.sessions.setStatus", error=code)
    there = address(general, asked.ts)
    with pytest.raises(error):
        await channel.tell_status(there, "working", "")
    await channel.tell_status(there, "working", "")
    assert session(general, asked.ts).said == ["processing"]


async def test_without_the_event_to_stop_it_works_all_the_same(fake, channel, general, asked):
    fake.methods.hears_stop = False
    await channel.tell_status(address(general, asked.ts), "working", "")
    assert session(general, asked.ts).status == "processing"


async def test_the_button_to_stop_says_stop_in_its_thread_and_lets_the_button_go(
    fake, channel, ada, general, asked
):
    ear = Ear(replies={"/stop": Reply(text="Stopped.")})
    async with listening(channel, ear):
        await connected(fake)
        await channel.tell_status(address(general, asked.ts), "working", "")
        ada.stops(general, asked.ts)
        await until(lambda: session(general, asked.ts).status == "active")
    (heard,) = [each for each in ear.heard if each.external_id.startswith("stop:")]
    assert (heard.what.content.text, heard.address) == ("/stop", address(general, asked.ts))
    assert heard.sender.user == ada.id
    assert [given["text"] for _, given in general.ephemeral] == ["Stopped."]


async def test_who_may_not_stop_leaves_the_button_where_it_is(fake, channel, ada, general, asked):
    ear = Ear(replies={"/stop": Reply(text="No.", refused=True)})
    async with listening(channel, ear):
        await connected(fake)
        await channel.tell_status(address(general, asked.ts), "working", "")
        ada.stops(general, asked.ts)
        await until(lambda: general.ephemeral)
    assert session(general, asked.ts).status == "processing"


async def test_whoever_looks_at_the_conversation_is_offered_what_to_ask(fake, ada):
    ear, room = Ear(), fake.dm(ada)
    async with listening(opened(fake, starters=("What is new?", "Plan my day")), ear):
        await connected(fake)
        fake.workspace.open_messages(ada.person, tab="home")
        ada.opens_messages()
        await until(lambda: room.prompts)
    ((thread, prompts),) = room.prompts
    assert thread == ""
    assert [each["message"] for each in prompts] == ["What is new?", "Plan my day"]
    assert ear.heard == ear.unread == []


async def test_an_app_of_before_is_offered_them_in_the_thread_that_was_opened(fake, ada):
    fake.methods.is_agent = False
    room = fake.dm(ada)
    async with listening(opened(fake, starters=("What is new?",)), Ear()):
        await connected(fake)
        thread = fake.workspace.begin_assistant_thread(ada.person)
        await until(lambda: room.prompts)
    assert room.prompts[0][0] == thread


async def test_with_threads_always_a_direct_message_begins_one(fake, ada):
    ear, room = Ear(), fake.dm(ada)
    async with listening(opened(fake, threads="always"), ear):
        await connected(fake)
        said = ada.says(room, "apples")
        await until(lambda: ear.heard)
    assert ear.heard[0].address == address(room, said.ts)
    assert not ear.heard[0].room


# -- the whole bridge


async def test_a_thread_says_that_the_agent_works_until_it_has_answered(fake, ada, tmp_path):
    room = fake.room("general", ada)
    async with bridge(fake, tmp_path):
        said = ada.says(room, f"<@{fake.workspace.bot_user}> apples")
        await answered(fake, room, "apples", said.ts)
        await until(lambda: session(room, said.ts).said == ["processing", "active"])


async def test_while_an_approval_is_open_the_thread_says_that_it_waits(fake, ada, tmp_path):
    room = fake.room("general", ada)
    async with bridge(fake, tmp_path):
        said = ada.says(room, f"<@{fake.workspace.bot_user}> approve")
        await until(lambda: session(room, said.ts).status == "suspended")
        await until(lambda: any(each.buttons for each in fake.shown(room, said.ts)))
        (card,) = [each for each in fake.shown(room, said.ts) if each.buttons]
        ada.presses(card)
        await until(lambda: session(room, said.ts).status == "active")
        assert session(room, said.ts).said == ["processing", "suspended", "processing", "active"]


async def test_the_button_stops_the_run(fake, ada, tmp_path):
    room = fake.room("general", ada)
    async with bridge(fake, tmp_path):
        words = " ".join(f"word{number}" for number in range(400))
        said = ada.says(room, f"<@{fake.workspace.bot_user}> {words}")
        await until(lambda: any("word1" in each.text for each in fake.shown(room, said.ts)))
        ada.stops(room, said.ts)
        await until(lambda: session(room, said.ts).status == "active")
        await asyncio.sleep(0.2)
        assert not any("word399" in each.shown for each in fake.shown(room, said.ts))
        assert not any(each.streaming for each in fake.shown(room, said.ts))
