"""An earlier copy put back under a real `bridge run` with four chat apps and an open reader."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bridge import texts
from bridge.cli.follow import Restored, follow, last
from bridge.cli.server import Server
from bridge.demo.apps import App, shown
from bridge.domain.events import MessageReceived
from bridge.domain.ids import SessionId
from tests.agents.outside import HEAD, PYTHON
from tests.scenarios.standing import Standing, standing

APPS = ("telegram", "discord", "slack", "whatsapp")
MAIN = SessionId("main")

WORKING = (
    HEAD
    + """
turn = hear()
said = [each["text"] for each in turn["messages"]][-1]
with open(os.environ["DONE"], "a") as done: done.write(said + chr(10))
say("ended", text="answer to " + said)
"""
)
"""Its work leaves a trace outside, as that of a tool does."""


def works(data: Path) -> dict[str, Any]:
    command = [*PYTHON, "-c", WORKING]
    done = str(data.with_name("done"))
    return {"worker": {"type": "process", "command": command, "env": {"DONE": done}}}


def again(story: Standing, words: str) -> None:
    """Deliver again what was said in the one app that shows no history: the others are read."""
    telegram = story.apps.telegram.bot
    for update in list(telegram.confirmed):
        if words in json.dumps(update):
            telegram.redeliver(update)


@asynccontextmanager
async def reading(server: Server) -> AsyncIterator[asyncio.Task[Restored]]:
    """Read on from the end of the log, as `bridge chat` does; done when it begins anew."""
    offset = (await last(server, MAIN)).offset

    async def read() -> Restored:
        async for signalled in follow(server, MAIN, offset, place="terminal"):
            if isinstance(signalled, Restored):
                return signalled
        raise AssertionError("it never ends")

    task = asyncio.create_task(read())
    try:
        yield task
    finally:
        task.cancel()


def lines(app: App, words: str) -> list[str]:
    return [each for each in shown(app) if words in each]


async def test_what_was_said_since_the_copy_is_context_until_someone_asks(tmp_path: Path) -> None:
    """No work is done twice, nothing is shown again unmarked, and what is new shows everywhere."""
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    done = tmp_path / "done"
    async with standing(data, only=APPS, agents=works(data)) as story:
        await story.start()
        await story.gather()
        story.apps.slack.says("first")
        await story.until_everywhere("answer to first")
        await story.settle()
        made = await story.command("backup", str(copy))
        assert made.code == 0, made.err
        for app in story.apps.all:
            app.says(f"since {app.name}")
            await story.until(lambda app=app: lines(app, f"answer to since {app.name}"))
        for name in APPS:
            await story.until_everywhere(f"answer to since {name}")
        worked = done.read_text().splitlines()
        await story.until_ready()
        server = Server(url=story.url, token=story.token, data=data)
        async with reading(server) as reader:
            before = {app.name: shown(app) for app in story.apps.all}
            await story.end(signal.SIGTERM)
            restored = await story.command("restore", str(copy))
            assert restored.code == 0, restored.err
            told = " ".join(restored.out.split())
            assert "does not answer them: ask again" in told
            await asyncio.sleep(1.1)  # Telegram tells whole seconds
            await story.start()
            again(story, "since")
            await story.until_heard_again(4)
            await story.settle(0.5)
            assert done.read_text().splitlines() == worked, "nothing was done again"
            whole = await asyncio.wait_for(reader, 20)
        heard = [
            each.body for each in whole.stretch.events if isinstance(each.body, MessageReceived)
        ]
        assert heard[-1].content.text in {"first", *(f"since {name}" for name in APPS)}
        for app in story.apps.all:
            fresh = shown(app)[len(before[app.name]) :]
            assert not [each for each in fresh if "since" in each and texts.REPEATED not in each], (
                app.name
            )
        story.apps.discord.says("fresh")
        await story.until_everywhere("answer to fresh")
        assert done.read_text().splitlines() == [*worked, "fresh"]
        for app in story.apps.all:
            assert len(lines(app, "answer to fresh")) == 1, app.name
            for name in APPS:
                assert len(lines(app, f"answer to since {name}")) == 1, app.name
