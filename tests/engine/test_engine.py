"""The workers put together: what is to be done is derived, and nothing is left over."""

import asyncio

from structlog.testing import capture_logs

from bridge.domain.content import Content
from bridge.domain.errors import Unreachable
from bridge.domain.events import Draft, MessageReceived, ParticipantJoined, RunFinished
from bridge.domain.ids import ChannelName, ParticipantId, SessionId
from bridge.engine.engine import SWEEP_EVERY
from bridge.session.routing import SHARED
from channels.memory import MemoryChannel
from channels.memory_platform import MemoryPlatform
from tests.engine.rig import OWNER, Bridge, MoodyStore, Stalled, bridge
from tests.stepping import rest

MAIL = ChannelName("mail")


async def said_unheard(b: Bridge, text: str) -> None:
    """Append a message that no worker is told of, as a process does that dies right after."""
    who = (await b.bodies(ParticipantJoined))[-1].participant
    there = (await b.lane("ada")).id
    body = MessageReceived(participant=who, conversation=there, content=Content(text=text))
    await b.store.append(SHARED, [Draft(body=body)], at=b.clock.now())


# -- derived at the start -------------------------------------------------------------------------


async def test_what_was_heard_before_a_death_is_answered_after_it() -> None:
    async with bridge() as b:
        await b.gather("ada")
        await b.core.stop(0)
        await said_unheard(b, "anyone?")
        await b.start()
        await b.until_logged(RunFinished)
        await b.until_shown("ada", "anyone?", each=0.1)
        assert [each.outcome for each in await b.bodies(RunFinished)] == ["completed"]


async def test_what_was_not_yet_shown_is_shown() -> None:
    async with bridge() as b:
        await b.gather("ada", "bob")
        b.platform.refuse(Unreachable(), times=None)
        await b.push("hello")
        await b.core.stop(0)
        b.platform.recover()
        b.clock.forward(600)
        await b.start()
        for place in ("ada", "bob"):
            await b.until_shown(place, "hello")


async def test_what_was_said_while_nobody_listened_is_heard() -> None:
    async with bridge() as b:
        await b.gather("ada")
        await b.core.stop(0)
        b.platform.say("ada", "ada", "are you there?")
        await rest()
        assert b.platform.waiting() == ("ada",)
        await b.start()
        await b.until_shown("ada", "are you there?", each=0.1)


async def test_sessions_at_rest_are_not_touched_by_a_start() -> None:
    """A start costs what there is to do, not what there is."""
    store = MoodyStore()
    async with bridge(store=store) as b:
        for n in range(50):
            await b.core.sessions.create(SessionId(f"s_{n}"), title="", owner=OWNER)
        await b.until_at_rest()
        await b.core.stop(0)
        await b.start()
        store.reads.clear()
        await b.core._sweep()
        await rest()
        assert store.reads == []


async def test_work_that_no_wake_up_told_of_is_found_by_a_sweep() -> None:
    """The store took a message and then could not be read, so nobody was told."""
    store = MoodyStore()
    async with bridge(store=store) as b:
        await b.gather("ada")
        joined = ParticipantJoined(participant=ParticipantId("p_eve"), role="member")
        await store.append(SHARED, [Draft(body=joined)], at=b.clock.now())
        store.unreadable = True
        with capture_logs() as logs:
            b.platform.say("ada", "ada", "anyone?")
            await b.until(lambda: "not told at once" in [log["event"] for log in logs])
        store.unreadable = False
        await rest()
        assert await b.bodies(RunFinished) == []
        b.clock.forward(SWEEP_EVERY)
        await b.until_shown("ada", "anyone?", each=0.1)


# -- while it runs --------------------------------------------------------------------------------


async def test_what_is_said_in_one_channel_reaches_the_other() -> None:
    """One session, two platforms: each shows who spoke and where."""
    mail = MemoryPlatform()
    async with bridge(others={MAIL: mail}) as b:
        await b.gather("ada")
        mail.say("bob", "bob", "hello from afar")
        await b.until_shown("ada", "bob · Mail: hello from afar", each=0.1)
        await b.until_shown("ada", "bob (Mail) said: hello from afar", each=0.1)
        await b.until(lambda: "bob (Mail) said: hello from afar" in mail.shown("bob"), each=0.1)


async def test_a_channel_that_fails_to_listen_is_started_again_and_disturbs_no_other() -> None:
    fails = 2

    class Shaky(MemoryChannel):
        async def listen(self, inbox):
            nonlocal fails
            if self.name == MAIL and fails:
                fails -= 1
                raise OSError("the wire broke")
            await super().listen(inbox)

    mail = MemoryPlatform()
    with capture_logs():
        async with bridge(others={MAIL: mail}, channel=Shaky) as b:
            b.platform.say("ada", "ada", "hello")
            await b.until_shown("ada", "hello")
            await b.until(lambda: b.core.supervisor.faults.get(MAIL) == "the wire broke")
            assert b.core.faults() == ""
            mail.say("bob", "bob", "hello")
            await b.until(lambda: mail.shown("bob"), each=0.1)
            assert MAIL not in b.core.supervisor.faults


async def test_a_sweep_that_fails_is_told_as_a_fault_and_mends() -> None:
    store = MoodyStore()
    with capture_logs():
        async with bridge(store=store) as b:
            await b.gather("ada")
            store.is_down = True
            b.clock.forward(SWEEP_EVERY)
            await b.until(lambda: "the disk is full" in b.core.faults(), each=1)
            store.is_down = False
            await b.until(lambda: not b.core.faults(), each=1)


async def test_a_channel_may_be_called_what_it_likes() -> None:
    """Even like a worker of the core: both run, and both stop."""
    platforms = {ChannelName(name): MemoryPlatform() for name in ("sweep", "scheduler", "main")}
    async with bridge(others=platforms) as b:
        for platform in platforms.values():
            platform.say("ada", "ada", "hello")
            await b.until(lambda platform=platform: platform.shown("ada"), each=0.1)
        await b.core.stop(0)
        assert not [task for task in asyncio.all_tasks() if task.get_name() in platforms]


# -- the end --------------------------------------------------------------------------------------


async def test_a_stop_listens_no_more_while_what_is_being_answered_is_finished() -> None:
    agent = Stalled()
    async with bridge(agent=agent) as b:
        await b.gather("ada")
        b.platform.say("ada", "ada", "hello")
        await b.until(lambda: agent.began == 1)
        stopping = asyncio.create_task(b.core.stop(30))
        await rest()
        b.platform.say("ada", "ada", "one more thing")
        await rest()
        agent.released.set()
        await stopping
        assert "So it is." in b.shown("ada")
        assert b.platform.waiting() == ("ada",), "the platform keeps what we did not hear"
        await b.start()
        await b.until(lambda: agent.began == 2)


async def test_a_stop_leaves_no_task_behind() -> None:
    async with bridge() as b:
        before = asyncio.all_tasks()
        await b.gather("ada", "bob")
        b.platform.say("ada", "ada", "slow 100")
        await b.until_logged(MessageReceived, 3)
        b.platform.refuse(Unreachable(), times=None)
        await b.push("hello")
        await b.core.stop(0)
        await rest()
        assert asyncio.all_tasks() - before == set()


async def test_a_stop_can_be_asked_for_before_anything_happened() -> None:
    async with bridge() as b:
        await b.core.stop(0)
        await b.core.stop(0)
