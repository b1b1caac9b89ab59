"""A script reaches people, and waits for them, with the real clients and the real command."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.demo.apps import four, shown
from bridge.demo.page import Four
from tests.scenarios.test_night import LaterClock
from tests.scenarios.test_one_ring import LeapingClock
from tests.scenarios.test_troubled_platforms import SENDING, TROUBLES, Trouble
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
TWO_HOURS = timedelta(hours=2)


@contextmanager
def plain() -> Iterator[dict[str, str]]:
    """Yield the environment of a script: nothing of this test's own bridge settings."""
    yield {key: value for key, value in os.environ.items() if not key.startswith("BRIDGE_")}


async def script(story: Four, *words: str) -> asyncio.subprocess.Process:
    """Start the command `bridge` as a script does."""
    with plain() as environ:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
            env={**environ, "BRIDGE_DATA": str(story.data), "BRIDGE_CONFIG": str(story.file)},
        )  # fmt: skip


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    async with asyncio.timeout(2 * PATIENCE):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def begin(story: Four, *names: str) -> None:
    """Let the person write from these apps once, so that each follows the session."""
    for name in names:
        app = next(each for each in story.mine if each.name == name)
        app.says("hello")
        await story.until(lambda app=app: story.count(app, "said: hello"))


async def test_what_a_script_asks_is_answered_from_whatsapp_two_hours_later_across_a_restart(
    tmp_path: Path,
) -> None:
    async with four() as apps:
        story = Four(apps=apps, data=tmp_path / "data", only=["telegram", "whatsapp"])
        async with story.serving():
            await begin(story, "telegram", "whatsapp")
            asking = await script(
                story, "ask", "Deploy build 17?", "--to", "main", "--options", "yes,no",
                "--timeout", "3h", "--key", "build-17",
            )  # fmt: skip
            await story.until(lambda: all(story.count(app, "Deploy") for app in story.mine))
        assert asking.returncode is None, "it waits while no bridge is there"
        async with story.serving(LaterClock(TWO_HOURS)):
            assert story.count(apps.whatsapp, "Deploy build 17?") == 1, "asked once"
            apps.whatsapp.says("2")
            code, out, err = await ended(asking)
            assert (code, out) == (11, "no\n"), err
            assert "answered by Ada" in err
            await story.until(lambda: any("Ada" in text for text in _cards(story)))
            again = await script(
                story, "ask", "Deploy build 17?", "--to", "main", "--options", "yes,no",
                "--key", "build-17",
            )  # fmt: skip
            assert (await ended(again))[:2] == (11, "no\n"), "a job that runs again is told"
        assert story.count(apps.telegram, "Deploy build 17?") == 1


def _cards(story: Four) -> list[str]:
    return [text for text in shown(story.apps.telegram) if "Deploy build 17?" in text]


async def test_what_a_script_asks_is_over_with_its_time(tmp_path: Path) -> None:
    async with four() as apps:
        story = Four(apps=apps, data=tmp_path / "data", only=["telegram"])
        clock = LeapingClock()
        async with story.serving(clock):
            await begin(story, "telegram")
            asking = await script(
                story, "ask", "Deploy?", "--to", "main", "--options", "yes,no", "--timeout", "2h"
            )
            await story.until(lambda: story.count(apps.telegram, "Deploy?"))
            clock.leap(TWO_HOURS + timedelta(minutes=1))
            code, out, err = await ended(asking)
            assert (code, out, err) == (5, "", "nobody answered in time\n")


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
async def test_a_push_while_every_place_is_down_is_told_to_the_sender_and_comes_once_later(
    tmp_path: Path,
) -> None:
    async with four() as apps:
        story = Four(apps=apps, data=tmp_path / "data", only=["telegram", "whatsapp"])
        clock = LeapingClock()
        async with story.serving(clock):
            await begin(story, "telegram", "whatsapp")
            for app in story.mine:
                TROUBLES[app.name](apps, Trouble(), SENDING, None)
            sending = await script(
                story, "send", "-s", "main", "--wait", "shown", "--timeout", "3s", "It burns."
            )
            code, out, _ = await ended(sending)
            assert code == 4, out
            lines = sorted(line.partition(", tried again")[0] for line in out.splitlines())
            assert lines == [
                "Telegram: not shown yet, the app could not be reached",
                "WhatsApp: not shown yet, the app could not be reached",
            ]
            assert not any(story.count(app, "It burns.") for app in story.mine)
            apps.telegram.fake.recover()
            apps.whatsapp.fake.faults.recover()
            while not all(story.count(app, "It burns.") for app in story.mine):
                clock.leap(timedelta(minutes=1))
                await asyncio.sleep(0.1)
            waiting = await script(story, "deliveries")
            code, out, err = await ended(waiting)
            assert (code, out) == (0, "nothing is owed, and nothing failed of late\n"), err
        assert [story.count(app, "It burns.") for app in story.mine] == [1, 1]
