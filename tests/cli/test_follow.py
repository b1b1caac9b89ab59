"""A session is followed through any cut without a gap or a repeat."""

import asyncio

import pytest

from bridge.cli.exits import CommandError
from bridge.cli.follow import (
    Connected,
    Disconnected,
    Glimpsed,
    Heard,
    Restored,
    follow,
    last,
    since,
    view,
)
from bridge.cli.server import Server
from tests.flaky import flaky_wire
from tests.waiting import PATIENCE, until


class Follower:
    """Collects what a follower hears."""

    def __init__(self, server, session, offset="-1"):
        self.signals = []
        self._task = asyncio.create_task(self._run(server, session, offset))

    async def _run(self, server, session, offset):
        async for signal in follow(server, session, offset, place="terminal"):
            self.signals.append(signal)

    @property
    def seqs(self):
        heard = (signal for signal in self.signals if isinstance(signal, Heard))
        return [event.seq for signal in heard for event in signal.events]

    async def until(self, reached):
        async with asyncio.timeout(PATIENCE):
            while not reached():
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.02)

    async def end(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def count(self, kind):
        return sum(isinstance(signal, kind) for signal in self.signals)


@pytest.fixture
async def wire(bridge):
    async with flaky_wire(bridge.url) as wire:
        yield wire


@pytest.fixture
def server(bridge, wire, tmp_path):
    return Server(url=wire.url, token=bridge.token, data=tmp_path)


async def say(bridge, session, text):
    await asyncio.to_thread(bridge.say, session, text)


async def test_a_follower_hears_what_was_and_what_comes(server, bridge, session):
    await say(bridge, session, "silent one")
    follower = Follower(server, session)
    await follower.until(lambda: len(follower.seqs) >= 5)
    await say(bridge, session, "silent two")
    await follower.until(lambda: len(follower.seqs) >= 8)
    await follower.end()
    assert follower.seqs == [event["seq"] for event in bridge.events(session)]
    assert isinstance(follower.signals[0], Connected)


async def test_cut_again_and_again_it_hears_everything_once(server, wire, bridge, session):
    follower = Follower(server, session)
    for number in range(5):
        await follower.until(lambda: follower.count(Connected) > follower.count(Disconnected))
        wire.cut()
        await say(bridge, session, f"silent {number}")
    await follower.until(lambda: follower.seqs[-1:] == [len(bridge.events(session))])
    await follower.end()
    assert follower.seqs == list(range(1, len(follower.seqs) + 1))
    assert follower.count(Disconnected) >= 3


async def test_it_waits_for_a_bridge_that_is_away(server, wire, bridge, session):
    follower = Follower(server, session)
    await follower.until(lambda: follower.count(Connected))
    await wire.down()
    await follower.until(lambda: follower.count(Disconnected) >= 2)
    await say(bridge, session, "silent meanwhile")
    await wire.up()
    await follower.until(lambda: follower.seqs[-1:] == [len(bridge.events(session))])
    await follower.end()
    assert follower.seqs == list(range(1, len(follower.seqs) + 1))


async def test_what_is_being_written_passes_beside_the_log(server, bridge, session):
    follower = Follower(server, session)
    await follower.until(lambda: follower.count(Connected))
    await say(bridge, session, "long")

    def glimpsed():
        frames = (signal.frame for signal in follower.signals if isinstance(signal, Glimpsed))
        return any(preview.text for frame in frames for preview in frame.previews)

    await follower.until(glimpsed)
    await follower.end()


async def test_the_last_events_end_where_following_goes_on(server, bridge, session):
    for number in range(3):
        await say(bridge, session, f"silent {number}")
        await until(lambda: bridge.events(session)[-1]["type"] == "run_finished")
    known = [event["seq"] for event in bridge.events(session)]
    stretch = await last(server, session, limit=3)
    assert [event.seq for event in stretch.events] == known[-3:]
    before = await last(server, session, before=known[-3])
    assert [event.seq for event in before.events] == known[:-3]
    assert (stretch.more, before.more) == (True, False)
    (heard,) = [page async for page in since(server, session, before.offset)]
    assert heard.events == stretch.events
    follower = Follower(server, session, stretch.offset)
    await say(bridge, session, "silent last")
    await follower.until(lambda: follower.seqs)
    await follower.end()
    assert follower.seqs[0] == known[-1] + 1


@pytest.mark.parametrize("ask", [last, view])
async def test_a_session_that_is_not_there_ends_it(server, ask):
    with pytest.raises(CommandError, match="no such session"):
        await ask(server, "s_nowhere")
    with pytest.raises(CommandError, match="no such session"):
        await Follower(server, "s_nowhere").until(lambda: False)


async def test_an_offset_of_a_log_that_was_restored_means_starting_over(server, bridge, session):
    """Whoever follows gets the end of the log, as one that is new, and what comes then."""
    await say(bridge, session, "silent one")
    await until(lambda: bridge.events(session)[-1]["type"] == "run_finished")
    follower = Follower(server, session, "0000000000000001_0000000000000001")
    await follower.until(lambda: follower.count(Restored))
    restored = next(each for each in follower.signals if isinstance(each, Restored))
    assert [event.seq for event in restored.stretch.events] == [
        event["seq"] for event in bridge.events(session)
    ]
    assert follower.seqs == []
    await say(bridge, session, "silent two")
    await follower.until(lambda: follower.seqs)
    await follower.end()
    assert follower.seqs[0] == restored.stretch.events[-1].seq + 1
