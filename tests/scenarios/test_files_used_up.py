"""A real `bridge run` at its limit of open files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.agents.outside import HEAD, PYTHON
from tests.scenarios.standing import Standing, standing

SPARE = 10
"""Files that the process may still open."""

HOLDING = (
    HEAD
    + """
turn = hear()
said = turn["messages"][-1]["text"]
while "hold" in said and not os.path.exists(os.environ["GATE"]):
    time.sleep(0.05)
say("ended", text="answer to " + said)
"""
)


async def in_session(story: Standing, session: str, text: str) -> httpx.Response:
    async with story.client() as client:
        said = {"type": "message", "text": text, "place": "web"}
        return await client.post(f"/v1/stream/sessions/{session}/inbox", json=said)


async def answers(story: Standing, session: str) -> list[str]:
    async with story.client() as client:
        events = (await client.get(f"/v1/stream/sessions/{session}")).json()
    return [each["content"]["text"] for each in events if each["type"] == "message_composed"]


@asynccontextmanager
async def crowd(port: int, count: int) -> AsyncIterator[None]:
    """Hold so many connections on which nothing is said."""
    held = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(count)))
    try:
        yield
    finally:
        for _, writer in held:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def test_at_the_limit_of_open_files_nothing_spins_and_everything_goes_on_afterwards(
    tmp_path: Path,
) -> None:
    """What runs goes on; what cannot begin waits; the log stays small."""
    gate = tmp_path / "gate"
    agent = {
        "type": "process",
        "command": [*PYTHON, "-c", HOLDING],
        "env": {"GATE": str(gate)},
    }
    async with standing(tmp_path / "data", agents={"helper": agent}) as story:
        await story.start()
        async with story.client() as client:
            made = [
                (await client.post("/v1/sessions", json={"title": f"s{each}"})).json()["id"]
                for each in range(8)
            ]
        story.apps.telegram.says("hold one")
        await in_session(story, made[0], "hold two")
        await asyncio.sleep(2)
        assert story.process is not None
        process = psutil.Process(story.process.pid)
        limits = process.rlimit(psutil.RLIMIT_NOFILE)
        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + SPARE, limits[1]))
        async with crowd(story.port, 60):
            for each in made[1:]:
                with suppress(httpx.HTTPError, TimeoutError):
                    await asyncio.wait_for(in_session(story, each, "hold more"), 2)
            spent = process.cpu_times()
            await asyncio.sleep(4)
            now = process.cpu_times()
            assert (now.user + now.system) - (spent.user + spent.system) < 2, "of 4 s"
            gate.touch()
            story.apps.telegram.says("three")
            await asyncio.sleep(2)
            assert len(story.log.read_text().splitlines()) < 30, story.log.read_text()
        await story.until_ready()
        await story.until_answered("one")
        await in_session(story, made[-1], "four")
        async with asyncio.timeout(20):
            while not any("four" in each for each in await answers(story, made[-1])):
                await asyncio.sleep(0.2)
            while not any("two" in each for each in await answers(story, made[0])):
                await asyncio.sleep(0.2)
        assert "hold one" in (await story.heard())
        assert not story.logged("Traceback"), story.log.read_text()
