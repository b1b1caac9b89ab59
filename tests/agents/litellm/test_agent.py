"""The agent as the bridge has it: made from its config, warmed, closed, and explained."""

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

from agents.litellm.agent import help_of
from agents.litellm.config import LitellmConfig
from bridge.ports import Closing, Warming
from tests.agents.litellm.rig import section, told
from tests.fakes.models import Answers, calls
from tests.waiting import lives, until_dead

PROGRAM = str(Path(__file__).parents[2] / "fakes" / "mcp_program.py")
ROOT = Path(__file__).parents[3]


def test_neither_litellm_nor_an_mcp_client_is_imported_before_it_is_used():
    script = (
        "import sys; from agents.litellm import plugin; plugin.config(model='x/y');"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert not imported & {"litellm", "mcp", "openai", "httpx", "httpx2", "tiktoken"}


def test_it_is_installed_under_its_name():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["entry-points"]["bridgehead.agents"]["litellm"]
    plugin = EntryPoint(name="litellm", value=named, group="bridgehead.agents").load()
    assert plugin.config is LitellmConfig


async def test_it_can_be_warmed_and_closed(bench):
    agent = bench.agent()
    assert isinstance(agent, Warming)
    assert isinstance(agent, Closing)
    await agent.warm()
    assert "litellm" in sys.modules


async def test_closing_it_ends_its_servers(bench):
    mcp = {"files": {"command": sys.executable, "args": ["-S", PROGRAM]}}
    agent = bench.agent(tools={"mcp": mcp})
    story = told()
    bench.models.replies = [calls("files__pid"), Answers(text="Done.")]
    items = await story.answer(agent)
    pid = next(int(item.result) for item in items if hasattr(item, "result"))
    assert lives(pid)
    await agent.close()
    await until_dead(pid)


def test_help_says_what_it_is_and_can(models_at_rest):
    text = help_of(section(models_at_rest, choices={"fast": "a/b"}))
    assert "openai/gpt-4o-mini" in text
    assert "fetch_url" in text
    assert "`fast`" in text
