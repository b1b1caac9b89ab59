"""A real `bridge run` with a Slack account, killed with -9 at the three worst moments."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from bridge.demo.slack.server import FakeSlack
from bridge.demo.slack.workspace import Room
from tests.waiting import until

CONFIG = """
data: {data}
http: {{port: 0}}
grace: 0
agents: {{echo: {{type: echo, delay: 0.1}}}}
channels:
  work: {{type: slack, bot_token: "${{BOT}}", app_token: "${{APP}}", api_url: "{api}", allow: "*"}}
"""


@dataclass
class Process:
    """A bridge over a folder; killed, it starts again over the same one."""

    fake: FakeSlack
    folder: Path
    running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        file = self.folder / "bridge.yaml"
        file.write_text(CONFIG.format(data=self.folder / "data", api=self.fake.api_url))
        secrets = {"BOT": self.fake.bot_token, "APP": self.fake.app_token}
        before = self.fake.sockets.connections
        self.running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge", "run", "--config", str(file),
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, **secrets},
        )  # fmt: skip
        await until(lambda: self.fake.sockets.connections > before)

    async def kill(self) -> None:
        assert self.running is not None
        self.running.send_signal(signal.SIGKILL)
        await self.running.wait()
        await until(lambda: not self.fake.sockets.connected)


def copies(fake: FakeSlack, room: Room, words: str) -> int:
    return len([each for each in fake.shown(room) if each.shown.endswith(words)])


async def test_killed_at_the_worst_moments_it_shows_every_answer_once(tmp_path):
    async with FakeSlack() as fake:
        ada = fake.person("Ada")
        room, process = fake.dm(ada), Process(fake, tmp_path)
        await process.start()

        # kept, and never acknowledged
        fake.sockets.deaf = True
        ada.says(room, "apples")
        await until(lambda: copies(fake, room, "apples"))

        # and while an answer is being written
        many = " ".join(f"word{number}" for number in range(60))
        ada.says(room, f"{many} pears")
        await until(lambda: any("word1" in each.shown and each.edits for each in fake.shown(room)))
        await process.kill()
        assert copies(fake, room, "pears") == 0
        fake.sockets.deaf = False
        await process.start()
        await until(lambda: fake.sockets.deliveries[0].acknowledged)
        await until(lambda: copies(fake, room, "pears"))

        # after Slack took it, and before it said so
        fake.fault("chat.postMessage", applied=True, silent=True)
        ada.says(room, "plums")
        await until(lambda: copies(fake, room, "plums"))
        await process.kill()
        await process.start()
        ada.says(room, "figs")
        await until(lambda: copies(fake, room, "figs"))
        await process.kill()

        fruits = ("apples", "pears", "plums", "figs")
        assert {fruit: copies(fake, room, fruit) for fruit in fruits} == dict.fromkeys(fruits, 1)
        written = [each.shown for each in fake.shown(room) if "word1" in each.shown]
        assert len(written) == 1, "a half-written answer was left behind"


async def test_killed_at_any_moment_of_a_stream_an_answer_is_one_message(tmp_path):
    """After Slack began it, after it ended it, and after it changed the message to the answer."""
    moments = ("chat.startStream", "chat.stopStream", "chat.update")
    async with FakeSlack() as fake:
        ada = fake.person("Ada")
        room, process = fake.room("general", ada), Process(fake, tmp_path)
        await process.start()
        threads = {}
        for moment in moments:
            words = " ".join(f"word{number}" for number in range(30))
            done = len(fake.called(moment))
            fake.fault(moment, applied=True, silent=True)
            said = ada.says(room, f"<@{fake.workspace.bot_user}> {words} {moment[5:]}")
            await until(lambda: len(fake.called(moment)) > done)  # noqa: B023 - it is awaited here
            fake.faults.clear()
            await process.kill()
            await process.start()
            end = f"word29 {moment[5:]}"
            await until(lambda: any(each.shown.endswith(end) for each in fake.shown(room, said.ts)))  # noqa: B023
            threads[moment] = said.ts
        await until(lambda: all(each.status == "active" for each in room.sessions.values()))
        await process.kill()
        for moment, thread in threads.items():
            written = [each for each in fake.shown(room, thread) if "word1" in each.shown]
            assert len(written) == 1, f"{moment}: a half-written answer, or a second one"
            assert not written[0].streaming
