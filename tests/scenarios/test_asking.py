"""docs/agents.md, followed: a model with an MCP server whose tool is asked about before it acts."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.fakes.models import Answers, FakeModels, calls
from tests.running import running_bridge
from tests.waiting import PATIENCE, until_dead

PROGRAM = Path(__file__).parents[1] / "fakes" / "mcp_program.py"
LOG = "/v1/stream/sessions/main"


def model(models: FakeModels) -> str:
    """Return the section of an agent on top of these models, as far as it goes."""
    return f"""\
    type: litellm
    model: openai/gpt-4o-mini
    api_base: {models.base("openai")}
    api_key: of-a-test"""


def config(models: FakeModels) -> str:
    return f"""
agents:
  helper:
{model(models)}
    tools:
      mcp:
        files:
          command: {sys.executable}
          args: ["-S", "{PROGRAM}"]
"""


class Browser:
    """Follows the log as it grows: what was read once is not read again."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._events: list[dict[str, Any]] = []
        self._offset = "-1"

    async def input(self, **body: Any) -> None:
        answer = await self._client.post(f"{LOG}/inbox", json=body)
        assert answer.status_code == 200, answer.text

    async def events(self, kind: str) -> list[dict[str, Any]]:
        caught_up = False
        while not caught_up:
            answer = await self._client.get(LOG, params={"offset": self._offset})
            self._events += answer.json()
            self._offset = answer.headers["Stream-Next-Offset"]
            caught_up = "Stream-Up-To-Date" in answer.headers
        return [each for each in self._events if each["type"] == kind]

    async def until(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE):
            while len(found := await self.events(kind)) < count:
                await asyncio.sleep(0.05)
        return found


def browsing(models: FakeModels, data: Path) -> AbstractAsyncContextManager[Browser]:
    return browsing_with(config(models), data)


@asynccontextmanager
async def browsing_with(config: str, data: Path) -> AsyncIterator[Browser]:
    """Run the bridge, with a browser on it."""
    async with running_bridge(data, config) as bridge:
        headers = {"Authorization": f"Bearer {bridge.token}"}
        async with httpx.AsyncClient(
            base_url=bridge.url, headers=headers, trust_env=False, timeout=PATIENCE
        ) as client:
            yield Browser(client)


async def test_an_approval_outlives_two_restarts_and_the_approved_call_runs_once(models, tmp_path):
    noted, data = tmp_path / "noted", tmp_path / "data"
    before = set(psutil.Process().children(recursive=True))  # the tests' own database, perhaps
    models.replies = [
        calls("files__add", a=1, b=2),
        calls("files__note", text=str(noted), saying="I will note it."),
        Answers(text="It is noted."),
    ]
    async with browsing(models, data) as browser:
        await browser.input(type="message", text="Add one and two, and note it.")
        (asked,) = await browser.until("question_asked")
        (added,) = await browser.until("tool_returned")
        await browser.until("run_finished")
        children = set(psutil.Process().children(recursive=True)) - before
        assert children
    assert added["result"] == "3", "what only reads was not asked about"
    assert asked["call"]["name"] == "files__note"
    assert str(noted) in asked["call"]["arguments"]
    assert not noted.exists()
    await until_dead(*(child.pid for child in children))
    async with browsing(models, data):
        pass
    async with browsing(models, data) as browser:
        await browser.input(type="answer", question=asked["question"], answer="approve")
        finished = await browser.until("run_finished", 2)
        said = [each["content"]["text"] for each in await browser.events("message_composed")]
    assert said == ["I will note it.", "It is noted."]
    assert noted.read_text() == "ran\n"
    assert finished[-1]["usage"]["model"] == "openai/gpt-4o-mini"
    assert finished[-1]["usage"]["cost"] > 0


async def test_stopping_hangs_up_on_a_model_that_stalls(models, tmp_path):
    models.replies = [Answers(text="Once upon a time", stalls=True)]
    async with browsing(models, tmp_path / "data") as browser:
        await browser.input(type="message", text="Tell me a story.")
        await models.until(lambda: len(models.asked) == 1)
        await browser.input(type="stop")
        (finished,) = await browser.until("run_finished")
        assert finished["outcome"] == "cancelled"
        await models.until(lambda: models.hung_up == 1)


async def test_stopping_leaves_no_child_of_a_tool_that_hangs(models, tmp_path):
    started = tmp_path / "started"
    models.replies = [calls("files__block", text=str(started))]
    async with browsing(models, tmp_path / "data") as browser:
        await browser.input(type="message", text="Hang.")
        await models.until(lambda: started.exists() and started.read_text())
        pids = [int(pid) for pid in started.read_text().split()]
        await browser.input(type="stop")
        await browser.until("run_finished")
        await until_dead(*pids)
