"""The whole bridge with a Slack account: the fault table of docs/channels/slack.md, row by row."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from bridge import texts
from bridge.app import Running, running
from bridge.config import load
from bridge.demo.slack.workspace import Room
from channels.slack.channel import SlackChannel
from tests.channels.slack.rig import PING_SECONDS
from tests.waiting import until

FASTER = 20


class FastClock:
    """Time that passes twenty times as fast as it does."""

    def __init__(self) -> None:
        self.begun, self.at = monotonic(), datetime.now(UTC)

    def now(self) -> datetime:
        return self.at + timedelta(seconds=(monotonic() - self.begun) * FASTER)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / FASTER)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """A lost connection is noticed at once."""
    monkeypatch.setitem(SlackChannel.__init__.__kwdefaults__, "ping_seconds", PING_SECONDS)


@asynccontextmanager
async def bridge(fake, path, *, allow: str = '["*"]', **channel) -> AsyncIterator[Running]:
    more = "".join(f", {key}: {value}" for key, value in channel.items())
    config = f"""
data: {path / "data"}
http: {{port: 0}}
grace: 1
agents: {{echo: {{type: echo}}}}
channels:
  work: {{type: slack, bot_token: "${{BOT}}", app_token: "${{APP}}",
    api_url: "{fake.api_url}", allow: {allow}{more}}}
"""
    file = path / "bridge.yaml"
    file.write_text(config, encoding="utf-8")
    secrets = {"BOT": fake.bot_token, "APP": fake.app_token}
    async with running(load(file, secrets), FastClock()) as started:
        await until(lambda: fake.sockets.connected)
        yield started


def answers(fake, room: Room, thread: str = "") -> list[str]:
    return [message.shown for message in fake.shown(room, thread)]


async def answered(fake, room: Room, words: str, thread: str = "", *, times: int = 1) -> None:
    """Wait for an answer, and a little longer for one too many."""
    await until(lambda: _count(fake, room, words, thread) >= times)
    await asyncio.sleep(0.1)
    assert _count(fake, room, words, thread) == times, answers(fake, room, thread)


def _count(fake, room: Room, words: str, thread: str) -> int:
    return len([each for each in answers(fake, room, thread) if words in each])


async def test_a_direct_message_is_answered_once(fake, ada, tmp_path):
    async with bridge(fake, tmp_path):
        ada.says(fake.dm(ada), "apples")
        await answered(fake, fake.dm(ada), "apples")


async def test_a_mention_is_answered_in_its_thread_and_the_thread_goes_on(fake, ada, tmp_path):
    room = fake.room("general", ada)
    async with bridge(fake, tmp_path, sessions="per_place"):
        begun = ada.says(room, f"<@{fake.workspace.bot_user}> apples")
        await answered(fake, room, "apples", begun.ts)
        ada.says(room, "pears", thread=begun.ts)
        await answered(fake, room, "pears", begun.ts)
    assert answers(fake, room) == []


FAULTS = {
    "the connection is closed after it was accepted": [{"applied": True, "hang_up": True}],
    "the connection is closed before": [{"hang_up": True}],
    "a 500": [{"status": 500}],
    "a 500 after it was accepted": [{"status": 500, "applied": True}],
    "a 502 as a web page": [{"status": 502, "html": True}],
    "a 502 as a web page after it was accepted": [{"status": 502, "html": True, "applied": True}],
    "too often, twice": [{"status": 429, "retry_after": 1}, {"status": 429, "retry_after": 2}],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
async def test_one_copy_is_shown_whatever_becomes_of_the_answer(fake, ada, tmp_path, faults):
    room = fake.dm(ada)
    for fault in faults:
        fake.fault("chat.postMessage", **fault)
    async with bridge(fake, tmp_path):
        ada.says(room, "apples")
        await answered(fake, room, "apples")
        ada.says(room, "pears")
        await answered(fake, room, "pears")


async def test_after_a_while_without_slack_what_was_said_is_answered_once(fake, ada, tmp_path):
    room = fake.dm(ada)
    async with bridge(fake, tmp_path):
        ada.says(room, "apples")
        await answered(fake, room, "apples")
        await fake.down()
        ada.says(room, "pears")
        await asyncio.sleep(20 / FASTER)
        await fake.up()
        await answered(fake, room, "pears")


async def test_the_same_event_twice_is_answered_once(fake, ada, tmp_path):
    room = fake.dm(ada)
    async with bridge(fake, tmp_path):
        ada.says(room, "apples")
        delivery = fake.sockets.deliveries[0]
        await until(lambda: delivery.acknowledged)
        delivery.acknowledged = False
        fake.sockets.again(delivery)
        await until(lambda: delivery.acknowledged)
        await answered(fake, room, "apples")


async def test_what_was_said_while_the_bridge_was_off_is_answered_when_it_is_back(
    fake, ada, tmp_path
):
    room = fake.dm(ada)
    async with bridge(fake, tmp_path):
        ada.says(room, "apples")
        await answered(fake, room, "apples")
    fake.sockets.keeps = False
    ada.says(room, "pears")
    ada.says(room, "plums")
    async with bridge(fake, tmp_path):
        await answered(fake, room, "plums")
    assert _count(fake, room, "apples", "") == 1


async def test_killed_after_it_was_kept_and_before_it_was_acknowledged_it_is_one_message(
    fake, ada, tmp_path
):
    room = fake.dm(ada)
    async with bridge(fake, tmp_path):
        ada.says(room, "apples")
        await answered(fake, room, "apples")
    fake.sockets.deliveries[0].acknowledged = False  # as if we had died in between
    async with bridge(fake, tmp_path):
        await until(lambda: fake.sockets.deliveries[0].acknowledged)
        ada.says(room, "pears")
        await answered(fake, room, "pears")
    assert _count(fake, room, "apples", "") == 1


async def test_the_slash_command_is_answered_by_the_bridge(fake, ada, tmp_path):
    room = fake.dm(ada)
    async with bridge(fake, tmp_path):
        typed = ada.types(room, "help")
        await until(lambda: typed.acknowledged)
    assert "/status" in str(typed.answer)


async def test_two_people_who_command_it_in_their_own_chat_share_no_session(fake, ada, tmp_path):
    """Slack lets people use a command wherever they are, and calls that chat a direct message."""
    bob = fake.person("Bob")
    theirs = Room(id="D0099", name="", kind="im", members={ada.id, bob.id})
    async with bridge(fake, tmp_path, sessions="per_person"):
        begun = ada.types(theirs, "link")
        await until(lambda: begun.answer is not None)
        first = ada.types(theirs, "status")
        await until(lambda: first.answer is not None)
        assert "Ada" in str(first.answer)
        refused = ("status", "usage", "link", "stop", "link ABCDE-FGHJK")
        typed = [bob.types(theirs, words) for words in refused]
        await until(lambda: all(texts.NOT_YOURS in str(each.answer) for each in typed))
        again = ada.types(theirs, "status")
        await until(lambda: again.answer is not None)
        assert "Bob" not in str(again.answer)


async def test_a_stranger_who_calls_the_bridge_into_a_thread_makes_nobody_speak_to_it(
    fake, ada, general, tmp_path
):
    eve = fake.person("eve")
    general.members.add(eve.id)
    async with bridge(fake, tmp_path, allow=f'["{ada.id}"]'):
        begun = ada.says(general, "what do we pay her?")
        eve.says(general, f"<@{fake.workspace.bot_user}> hello", thread=begun.ts)
        await until(lambda: all(each.acknowledged for each in fake.sockets.deliveries))
        ada.says(general, "five thousand", thread=begun.ts)
        await until(lambda: all(each.acknowledged for each in fake.sockets.deliveries))
        ada.says(general, f"<@{fake.workspace.bot_user}> apples", thread=begun.ts)
        await answered(fake, general, "apples", begun.ts)
        ada.says(general, "and pears", thread=begun.ts)  # from here on it is spoken to
        await answered(fake, general, "pears", begun.ts)
    assert not _count(fake, general, "thousand", begun.ts)
