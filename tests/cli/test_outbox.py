"""What was typed survives, in order, under its number, and is sent once, whatever the wire does."""

import asyncio
import json
import stat

import pytest

from bridge.cli.exits import CommandError
from bridge.cli.outbox import Outbox, OutboxSender, outbox
from bridge.cli.server import Server
from bridge.domain.ids import SessionId
from tests.flaky import flaky_wire
from tests.waiting import PATIENCE, soon

S = SessionId("s")
URL = "http://there"


def test_inputs_leave_in_the_order_they_came_under_dense_numbers(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "one"})
        box.add({"text": "two"})
        first = box.first()
        assert (first.seq, first.input) == (0, {"text": "one"})
        box.answered(first)
        assert (box.first().seq, box.first().input) == (1, {"text": "two"})
        assert box.first().producer == first.producer


def test_what_waits_is_told_with_the_names_of_its_files(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "look", "attachments": [{"name": "a.png"}, {"name": "b.png"}]})
        box.add({"text": "", "attachments": [{"name": "c.png"}]})
        assert box.texts() == ["look a.png, b.png", "c.png"]


def test_what_a_terminal_left_behind_is_sent_by_the_next_under_the_same_number(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "one"})
        left = box.first()
    with outbox(tmp_path, URL, S) as box:
        assert box.first() == left
        box.answered(left)
        box.add({"text": "two"})
        assert box.first().seq == 1
    with outbox(tmp_path, URL, S) as box:
        assert len(box) == 1


def test_two_terminals_at_once_do_not_share(tmp_path):
    with outbox(tmp_path, URL, S) as one, outbox(tmp_path, URL, S) as other:
        one.add({"text": "mine"})
        assert other.first() is None
        other.add({"text": "also mine"})
        assert one.first().producer != other.first().producer


def test_sessions_and_bridges_do_not_share(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "mine"})
    with outbox(tmp_path, URL, SessionId("t")) as other, outbox(tmp_path, "http://x", S) as third:
        assert (len(other), len(third)) == (0, 0)


def test_a_producer_the_bridge_does_not_know_begins_anew_with_what_is_left(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        for text in ("taken", "left", "left too"):
            box.add({"text": text})
        before = box.first()
        box.answered(before)
        box.renumber()
        assert box.first().producer != before.producer
        assert (box.first().seq, box.first().input) == (0, {"text": "left"})
        box.answered(box.first())
        assert box.first().seq == 1


def test_only_its_owner_can_read_what_was_typed(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "secret"})
    for path in (tmp_path / "terminal", *(tmp_path / "terminal").iterdir()):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_damaged_outbox_is_named_and_left_alone(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "one"})
    (file,) = (tmp_path / "terminal").glob("*.json")
    file.write_text('{"producer": "p", "waiting"')
    with pytest.raises(CommandError, match="is damaged"), outbox(tmp_path, URL, S):
        pass
    assert file.read_text().endswith('"waiting"')


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "terminal").write_text("a file")
    with pytest.raises(CommandError, match="cannot be written"), outbox(tmp_path, URL, S):
        pass


def test_a_file_on_disk_is_whole_json_at_any_time(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        for number in range(3):
            box.add({"text": str(number)})
            (file,) = (tmp_path / "terminal").glob("*.json")
            assert len(json.loads(file.read_text())["waiting"]) == number + 1


def said(bridge, session):
    found = (e for e in bridge.events(session) if e["type"] == "message_received")
    return [e["content"]["text"] for e in found]


class Rig:
    """A sender over a wire that can fail; `taken` is what became of each input."""

    def __init__(self, bridge, session, wire, file):
        self.server = Server(url=wire.url, token=bridge.token, data=file.parent)
        self.box = Outbox(file)
        self.sender = OutboxSender(self.server, session, self.box)
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
    sender = OutboxSender(server, session, rig.box)
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
