"""What was typed is sent once, whatever the wire does."""

import asyncio

import pytest

from bridge.cli.exits import CommandError
from bridge.cli.outbox import Outbox
from bridge.cli.sender import Sender
from bridge.cli.server import Server
from tests.flaky import flaky_wire
from tests.waiting import PATIENCE, soon


def said(bridge, session):
    found = (e for e in bridge.events(session) if e["type"] == "message_received")
    return [e["content"]["text"] for e in found]


class Rig:
    """A sender over a wire that can fail; `taken` is what became of each input."""

    def __init__(self, bridge, session, wire, file):
        self.server = Server(url=wire.url, token=bridge.token, data=file.parent)
        self.box = Outbox(file)
        self.sender = Sender(self.server, session, self.box)
        self.taken = asyncio.Queue()
        self._task = asyncio.create_task(self.sender.run(self.taken.put_nowait))

    def say(self, text, **fields):
        self.sender.put({"type": "message", "text": text, "place": "terminal", **fields})

    async def next(self):
        getting = asyncio.create_task(self.taken.get())
        await asyncio.wait({getting, self._task}, timeout=PATIENCE, return_when="FIRST_COMPLETED")
        if not getting.done():
            getting.cancel()
            self._task.result()
        return getting.result()

    async def end(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def wire(bridge):
    async with flaky_wire(bridge.url) as wire:
        yield wire


@pytest.fixture
async def rig(bridge, session, wire, tmp_path):
    rig = Rig(bridge, session, wire, tmp_path / "box.json")
    yield rig
    await rig.end()


async def test_what_is_said_is_taken_in_its_order(rig, bridge, session):
    for text in ("silent one", "silent two", "silent three"):
        rig.say(text)
    taken = [await rig.next() for _ in range(3)]
    assert all(each.accepted.events for each in taken)
    assert rig.sender.waiting == []
    assert said(bridge, session) == ["silent one", "silent two", "silent three"]


async def test_an_answer_that_got_lost_makes_no_second_message(rig, wire, bridge, session):
    wire.swallow = 2
    rig.say("silent once")
    taken = await rig.next()
    assert wire.swallow == 0
    assert taken.accepted.repeated
    assert said(bridge, session) == ["silent once"]


async def test_what_is_said_while_the_bridge_is_away_waits_and_is_sent_once_it_is_back(
    rig, wire, bridge, session
):
    await wire.down()
    rig.say("silent later")
    rig.say("silent still later")
    await asyncio.sleep(0.5)
    assert rig.sender.waiting == ["silent later", "silent still later"]
    assert said(bridge, session) == []
    await wire.up()
    rig.sender.wake()
    assert [bool((await rig.next()).accepted) for _ in range(2)] == [True, True]
    assert said(bridge, session) == ["silent later", "silent still later"]


async def test_a_terminal_that_died_before_the_answer_sends_it_again_as_the_same(
    rig, wire, bridge, session, tmp_path
):
    wire.swallow = 1
    rig.say("silent before")
    while wire.swallow:
        await asyncio.sleep(0.01)
    await rig.end()
    second = Rig(bridge, session, wire, tmp_path / "box.json")
    assert (await second.next()).accepted.repeated
    await second.end()
    assert said(bridge, session) == ["silent before"]


async def test_a_refused_input_is_told_and_the_next_one_is_sent(rig, bridge, session):
    rig.sender.put({"type": "answer", "question": "q_nowhere", "answer": "1"})
    rig.say("silent next")
    refused = await rig.next()
    assert refused.accepted is None
    assert refused.refusal
    assert (await rig.next()).accepted.events
    assert said(bridge, session) == ["silent next"]


async def test_an_input_too_large_is_told_and_not_tried_for_ever(rig):
    rig.say("x" * 2_000_000)
    taken = await rig.next()
    assert taken.accepted is None
    assert "1 MiB" in taken.refusal or "large" in taken.refusal


async def test_a_bridge_that_was_restored_from_before_gets_what_is_left(
    rig, wire, bridge, session, tmp_path
):
    await wire.down()
    rig.say("silent left")
    await rig.end()
    box = Outbox(tmp_path / "box.json")
    box._waiting = [
        (41, input_) for _, input_ in box._waiting
    ]  # it numbered on, unknown to this bridge
    box._next = 42
    box._write()
    await wire.up()
    second = Rig(bridge, session, wire, tmp_path / "box.json")
    assert (await second.next()).accepted.events
    await second.end()
    assert said(bridge, session) == ["silent left"]


async def test_a_token_that_is_no_longer_good_ends_it_and_keeps_what_was_typed(
    bridge, session, wire, tmp_path
):
    rig = Rig(bridge, session, wire, tmp_path / "box.json")
    await rig.end()
    server = Server(url=wire.url, token="revoked", data=tmp_path)
    sender = Sender(server, session, rig.box)
    sender.put({"type": "message", "text": "kept"})
    with pytest.raises(CommandError, match="What you typed is kept"):
        await soon(sender.run(lambda _: None))
    assert len(Outbox(tmp_path / "box.json")) == 1


async def test_a_stop_is_sent_now_or_not_at_all(rig, wire):
    await rig.sender.now({"type": "stop"})
    await wire.down()
    with pytest.raises(CommandError, match="no bridge answers"):
        await rig.sender.now({"type": "stop"})
    assert rig.sender.waiting == []
