"""`bridge onboard`, as a newcomer has it: a terminal, an empty folder, and what is on loopback."""

import asyncio
import re
import stat
import threading

import pytest

from bridge.cli.exits import INTERRUPTED, MISUSED, MisusedError
from bridge.cli.onboard import FIRST_PUSH, settings_by_kind
from bridge.demo.telegram.server import FakeTelegram
from tests.fakes.models import FakeModels
from tests.process import ROOT, command
from tests.screen import CTRL_C, Screen

KEY = "sk-nobody-sees-this"

PROMPT = re.compile(r"API Token\s+Bot token:")


class Outside:
    """Telegram and a model's provider on this machine, in a loop of their own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.telegram = self.run(self._made())
        self.models = self.run(FakeModels().start())

    async def _made(self):
        fake = FakeTelegram()
        await fake.up()
        return fake

    def run(self, doing):
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(30)

    def says(self, person, room, text):
        async def say():
            person.says(room, text)

        self.run(say())

    def close(self):
        self.run(self.telegram.down())
        self.run(self.models.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def outside():
    made = Outside()
    yield made
    made.close()


@pytest.fixture
def environ(tmp_path):
    """Nothing of this machine: no key, no model at home."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "BRIDGE_DATA": str(tmp_path / "data"),
        "OLLAMA_HOST": "127.0.0.1:9",
    }


@pytest.fixture
def onboard(environ, tmp_path):
    opened = []

    def onboard(*arguments, **more):
        asked = ["onboard", "--port", "0", *arguments]
        opened.append(Screen(asked, {**environ, **more}, tmp_path, size=(100, 100)))
        return opened[-1]

    yield onboard
    for screen in opened:
        screen.close()


def answer(screen, question, words=""):
    screen.until(question)
    screen.type(words + "\r")


def number(screen, choice):
    """Return the number that a choice has on the screen."""
    return re.search(rf"(\d)  {choice}\n", screen.text)[1]


def left(screen):
    """Leave; the bridge that it started is gone then."""
    screen.type(CTRL_C)
    return screen.end()


def test_from_an_empty_folder_to_a_phone_that_rings(onboard, outside, environ, tmp_path):
    bot, ada = outside.telegram.bot("ada_bot"), outside.telegram.person("Ada")
    room = bot.dm(ada)
    screen = onboard(
        "--set",
        f"telegram.api_url={outside.telegram.url}",
        OPENAI_API_KEY=KEY,
        OPENAI_API_BASE=outside.models.base("openai"),
    )
    answer(screen, "What are you called in the chats [Owner]", "Ada")
    screen.until("because OPENAI_API_KEY is in the environment")
    answer(screen, "Which [1]")
    answer(screen, "Keep the key of OPENAI_API_KEY in the data folder")
    screen.until("assistant answers from now on")
    assert len(outside.models.asked) == 1, "it was tried for a word"
    screen.until("Which [6]")
    answer(screen, "Which [6]", number(screen, "Telegram"))
    answer(screen, "Bot token", bot.token)
    screen.until("Point your phone's camera here, or open https://t.me/ada_bot?start=")
    screen.until("Enter skips this.")
    code = screen.text.rpartition("in private: /link ")[2].split()[0]
    outside.says(ada, room, f"/start {code}")
    screen.until("You are there: telegram.")
    answer(screen, "Let it ring there now")
    screen.until("That is all.")
    assert FIRST_PUSH in room.notified(), "it rang"
    assert left(screen) == INTERRUPTED
    assert bot.token not in screen.text
    assert KEY not in screen.text
    kept = tmp_path / "data" / "secrets" / "telegram-token"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert command("check-config", environ=environ).code == 0
    assert not (tmp_path / "data" / "server.json").exists(), "the bridge ended with it"


def test_every_step_can_be_skipped_and_what_is_done_is_known(onboard):
    first = onboard()
    answer(first, "What are you called in the chats [Owner]", "Ada")
    answer(first, "Which [2]")
    answer(first, "Which [6]")
    first.until("No chat app is connected")
    first.until("That is all.")
    assert left(first) == INTERRUPTED
    again = onboard()
    answer(again, "Done: You are called Ada.")
    again.until("Which [2]")


def test_what_is_wrong_is_asked_again_and_ctrl_c_leaves_nothing_broken(onboard, environ, tmp_path):
    screen = onboard()
    answer(screen, "What are you called in the chats [Owner]", "Bridge")
    screen.until(lambda: screen.text.count("What are you called") == 2)
    assert "A model" not in screen.text
    screen.type("Ada\r")
    answer(screen, "Which [2]")
    screen.until("Which [6]")
    screen.type(number(screen, "Telegram") + "\r")
    for tries in range(1, 4):
        screen.until(lambda tries=tries: len(PROMPT.findall(screen.text)) == tries)
        screen.type("xoxb-1-2-3\r")
    screen.until(lambda: screen.text.count("none for now") == 2)
    assert left(screen) == INTERRUPTED
    assert "what was done stays" in screen.text
    assert "xoxb-1-2-3" not in screen.text
    assert not (tmp_path / "data" / "config.yaml").exists()
    assert command("check-config", environ=environ).code == 0


def test_hanging_up_ends_the_bridge_that_it_started(onboard, tmp_path):
    screen = onboard()
    screen.until("What are you called")
    noted = tmp_path / "data" / "server.json"
    assert noted.exists()
    screen.hang_up()
    assert screen.end() == INTERRUPTED
    assert not noted.exists()


def test_without_a_terminal_it_says_what_to_do_instead(environ):
    done = command("onboard", environ=environ)
    assert done.code == MISUSED
    assert "bridge add APP --set token=@FILE" in done.err
    assert done.out == ""


def test_answers_are_given_by_what_they_are_for():
    assert settings_by_kind(["telegram.token=@-", "model.model=a.b=c"]) == {
        "telegram": {"token": "@-"},
        "model": {"model": "a.b=c"},
    }
    with pytest.raises(MisusedError, match=r"KIND\.KEY=VALUE"):
        settings_by_kind(["token=@-"])
