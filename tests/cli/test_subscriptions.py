"""`bridge subscriptions`: events are sent somewhere, what is owed there is told and let go."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from tests.http.receiver import Receiver, receiving
from tests.process import BridgeProcess, Done, command


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@pytest.fixture
async def bridge(tmp_path) -> AsyncIterator[BridgeProcess]:
    process = BridgeProcess(tmp_path / "data", networks="127.0.0.0/8")
    await asyncio.to_thread(process.start)
    yield process
    await asyncio.to_thread(process.kill)


async def run(bridge: BridgeProcess, *arguments: str) -> Done:
    """Run a command beside the receiver, which it may make the bridge call."""
    return await asyncio.to_thread(command, "subscriptions", *arguments, environ=bridge.environ)


async def listed(bridge: BridgeProcess) -> list[dict]:
    found: list[dict] = json.loads((await run(bridge, "list", "--json")).out)["subscriptions"]
    return found


async def added(bridge: BridgeProcess, receiver: Receiver, *more: str) -> str:
    made = await run(bridge, "add", receiver.url, *more)
    assert made.code == 0, made.err
    words = made.out.split()
    receiver.secrets = [words[words.index("secret") + 1]]
    return words[words.index("id") + 1]


async def test_events_are_sent_and_after_a_kill_the_same_ones_under_the_same_names(
    bridge, receiver
):
    number = await added(bridge, receiver, "--session", "main", "--kind", "message_received")
    assert receiver.secrets[0] not in (await run(bridge, "list")).out
    receiver.held.clear()
    await asyncio.to_thread(bridge.say, "main", "one")
    await receiver.was_asked(1)
    await asyncio.to_thread(bridge.kill)  # it was taken, and the bridge does not know
    receiver.held.set()
    await receiver.has(1)
    await asyncio.to_thread(bridge.start)
    await asyncio.to_thread(bridge.say, "main", "two")
    await receiver.has(3)
    assert receiver.texts == ["one", "one", "two"]
    assert receiver.names[0] == receiver.names[1] != receiver.names[2]
    assert "Nothing more" in (await run(bridge, "remove", number)).out
    assert await listed(bridge) == []
    assert "No events are sent anywhere" in (await run(bridge, "list")).out


async def test_what_is_owed_is_told_dropped_and_tried_again(bridge, receiver):
    number = await added(bridge, receiver, "-s", "main", "--kind", "message_received")
    receiver.status = 503
    await asyncio.to_thread(bridge.say, "main", "one")
    await receiver.was_asked(1)
    while not (await listed(bridge))[0]["owed"]:
        await asyncio.sleep(0.01)
    told = await run(bridge, "show", number)
    assert "behind" in told.out
    assert "it answered 503" in " ".join(told.out.split())
    owed = await asyncio.to_thread(command, "deliveries", environ=bridge.environ)
    assert "127.0.0.1" in owed.out
    assert (await run(bridge, "drop", number)).code == 1
    assert "dropped" in (await run(bridge, "drop", number, "--yes")).out
    receiver.status = 200
    assert "tried again" in (await run(bridge, "retry", number)).out
    before = receiver.secrets[0]
    rotated = (await run(bridge, "rotate", number)).out.split()
    receiver.secrets.append(rotated[rotated.index("secret") + 1])
    assert receiver.secrets[1] != before
    await asyncio.to_thread(bridge.say, "main", "two")
    await receiver.has(1)
    assert receiver.texts == ["two"]
