"""From nothing to the first answer, in each app, without opening a configuration file."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from bridge.config import load
from bridge.demo.apps import App, four, shown
from tests.fakes.models import FakeModels
from tests.waiting import PATIENCE, soon, until

SECRETS = {"token", "bot_token", "app_token", "auth_token", "api_key"}

HOST = ["--host", "127.0.0.1", "--port", "0"]


async def run(*arguments: str, data: Path) -> tuple[int, str]:
    """Run a command to its end; return its exit code and all that it printed."""
    process = await begun(*arguments, data=data)
    out, _ = await soon(process.communicate())
    return process.returncode or 0, out.decode()


async def begun(*arguments: str, data: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=data.parent,
        env={**os.environ, "BRIDGE_DATA": str(data), "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


async def printed(process: asyncio.subprocess.Process, pattern: str) -> str:
    """Wait until a process prints something."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stdout:
            if found := re.search(pattern, line.decode()):
                return found[1]
    raise AssertionError(f"it never printed {pattern}")


def answers(app: App) -> dict[str, str]:
    return {key: value for key, value in app.section().items() if key != "type"}


def options(given: dict[str, str], folder: Path) -> list[str]:
    """Return them as a command line has them: secrets stand in files."""
    written = []
    for key, value in given.items():
        if key in SECRETS:
            (folder / key).write_text(f"{value}\n")
        written += ["--set", f"{key}=@{folder / key}" if key in SECRETS else f"{key}={value}"]
    return written


@pytest.mark.parametrize("name", ["telegram", "discord", "slack", "whatsapp"])
async def test_adding_an_app_starting_and_sending_the_code_is_all_it_takes(tmp_path, name):
    async with four() as apps:
        app: App = getattr(apps, name)
        data = tmp_path / "data"
        code, out = await run("add", name, *options(answers(app), tmp_path), data=data)
        assert code == 0, out
        assert "://" in out, "a link to open first"
        bridge = await begun("run", *HOST, data=data)
        try:
            file = await printed(bridge, r"owner: it is in (\S+)")
            owner = await asyncio.to_thread(lambda: Path(file).read_text().strip())
            if name == "discord":  # which never tells of a first direct message from before
                await until(apps.discord.fake.gateway.sockets)
                await asyncio.sleep(0.5)
            app.says("hello?")
            await until(lambda: any("I only talk to people I know." in text for text in shown(app)))
            app.says(owner)
            await until(lambda: any("You are now the owner" in text for text in shown(app)))
            app.says("hello!")
            await until(lambda: any("said: hello!" in text for text in shown(app)))
        finally:
            bridge.terminate()
            await bridge.wait()


async def test_a_wrong_token_is_told_before_anything_is_written(tmp_path):
    async with four() as apps:
        given = {**answers(apps.telegram), "token": "1:wrong"}
        code, out = await run("add", "telegram", *options(given, tmp_path), data=tmp_path / "data")
    assert code == 2, out
    assert "BotFather" in out
    assert not (tmp_path / "data" / "config.yaml").exists()


async def test_adding_a_model_makes_it_the_agent(tmp_path):
    fake = await FakeModels().start()
    try:
        given = {"model": "openai/some", "api_key": "sk-secret", "api_base": f"{fake.url}/openai"}
        code, out = await run("add", "model", *options(given, tmp_path), data=tmp_path / "data")
    finally:
        await fake.stop()
    assert code == 0, out
    config = load(tmp_path / "data" / "config.yaml", {})
    assert (config.agent, config.agents["assistant"].options.model) == (
        "assistant",
        "openai/some",
    )
    assert "sk-secret" not in (tmp_path / "data" / "config.yaml").read_text()
