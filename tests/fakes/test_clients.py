"""The fakes behave as the platforms do for whoever calls: other people's clients prove it.

The clients come from npm, where node is; `TEST_NODE_CLIENTS` names a folder in which they are
installed already (`npm install` of tests/fakes/clients/package.json).
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.demo.discord.fake import FakeDiscord
from bridge.demo.slack.server import FakeSlack
from bridge.demo.telegram.server import FakeTelegram
from bridge.demo.whatsapp.twilio import running
from tests.waiting import PATIENCE

SCRIPTS = Path(__file__).parent / "clients"
CLIENTS = os.environ.get("TEST_NODE_CLIENTS", "")

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        not (CLIENTS and shutil.which("node")),
        reason="TEST_NODE_CLIENTS names no folder with the clients of npm, or there is no node",
    ),
]


class Script:
    """A node program that is running; `lines` are what it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []

    async def until(self, condition: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise TimeoutError(f"the script has said only {self.lines}") from None

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode().rstrip())


@asynccontextmanager
async def script(name: str, *given: str) -> AsyncIterator[Script]:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPTS / name),
        *given,
        env={**os.environ, "NODE_PATH": str(Path(CLIENTS) / "node_modules")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    run = Script(process)
    listening = asyncio.create_task(run.listen())
    try:
        yield run
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


async def test_grammy_talks_to_the_fake_telegram() -> None:
    """It writes JSON, names its file by attach://, and asks for the usual updates by []."""
    async with FakeTelegram.open() as fake:
        bot, ada = fake.bot("pong_bot"), fake.person("Ada")
        chat = bot.dm(ada)
        async with script("grammy.js", fake.url, bot.token) as run:
            await run.until(lambda: "ready" in run.lines)
            said = ada.says(chat, "ping")
            await run.until(lambda: said.reactions.get(bot.id) == ["👍"])
            await run.until(lambda: "400" in run.lines)
        assert chat.shown()[0] == "pong"
        assert chat.seen()[-1].file.body == b"hello"
        assert "private" in run.lines


async def test_telegraf_talks_to_the_fake_telegram() -> None:
    async with FakeTelegram.open() as fake:
        bot, ada = fake.bot("pong_bot"), fake.person("Ada")
        chat = bot.dm(ada)
        async with script("telegraf.js", fake.url, bot.token) as run:
            await run.until(lambda: "ready" in run.lines)
            ada.says(chat, "ping")
            await run.until(lambda: "404" in run.lines)
        assert [each.text for each in chat.seen()[1:]] == ["pong", "", ""]
        assert {each.file.body for each in chat.seen()[2:]} == {b"hello"}


async def test_discord_js_talks_to_the_fake_discord() -> None:
    with FakeDiscord.serving() as fake:
        ada = fake.person("Ada")
        room = fake.direct(ada)
        base = fake.url.removesuffix("/v10")
        async with script("discord.js", base, fake.bot.token) as run:
            await run.until(lambda: "ready" in run.lines)
            said = ada.says(room, "ping")
            await run.until(lambda: "404 0" in run.lines)
        assert [each.content for each in fake.messages(room)] == ["ping", "pong!"]
        assert list(said.reactions) == ["👍"]
        fake.checker.faults.clear()  # it sends what Discord ignores and ours never would


async def test_bolt_talks_to_the_fake_slack() -> None:
    async with FakeSlack() as fake:
        fake.scopes |= {"reactions:write", "im:write"}
        ada = fake.person("Ada")
        room = fake.dm(ada)
        async with script("bolt.js", fake.api_url, fake.bot_token, fake.app_token) as run:
            await run.until(lambda: "ready" in run.lines)
            said = ada.says(room, "ping")
            await run.until(lambda: "unknown_method" in run.lines)
        assert [each.text for each in fake.shown(room)] == ["pong"]
        assert [each.text for each in fake.shown(room, said.ts)] == ["one two"]
        assert [name for name, people in said.reactions.items() if people] == ["white_check_mark"]
        assert [line for line in run.lines if line in {"im", "true"}] == ["im", "true"]
        fake.checks.problems.remove("no.such is in no table")
        fake.checks.problems.clear()  # a Bolt of its own may send what ours never does


async def test_twilios_own_client_talks_to_the_fake_twilio() -> None:
    async with running() as fake:
        ada = fake.person("Ada")
        fake.says(ada, "ping", webhook=False)
        given = (fake.account.sid, fake.account.token, fake.sender.place, ada.place)
        async with script("twilio.js", fake.base, *given) as run:
            await run.until(lambda: "done" in run.lines)
        assert run.lines == ["pong", "true", "20404", "404 20404", "done"]
