"""People on a real IRC server share a session with somebody who writes letters; all of it dies.

The bridge is a process of its own, in which both channels of `tests/outside` are installed.
"""

import os
import subprocess
import sys
import zipfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from irc_world import Ngircd, Person, Services, needs_ngircd, ngircd

from bridge import texts
from channels.markdown import plain
from tests.process import ROOT, BridgeProcess
from tests.waiting import until

pytestmark = [pytest.mark.ngircd, needs_ngircd]

CONFIG = """
agents: {{mirror: {{type: backwards, delay: 0}}}}
agent: mirror
channels:
  letters: {{type: letterbox, folder: {letters}, every: 0.05, allow: [cy], welcome: false}}
  irc:
    type: irc
    server: 127.0.0.1
    port: {port}
    tls: false
    rooms: ["#tea"]
    nicks: true
    allow: ["*"]
    line_seconds: 0.02
    every: 0.3
    welcome: false
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with both packages, as an installation leaves them."""
    folder = tmp_path_factory.mktemp("installed")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    for project in (ROOT / "tests/outside", ROOT / "tests/outside/irc"):
        subprocess.run([sys.executable, "-c", build, str(folder)], cwd=project, check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(folder / "site")
    return folder / "site"


class Installed(BridgeProcess):
    site: Path

    @property
    def environ(self) -> dict[str, str]:
        paths = os.pathsep.join([str(self.site), str(ROOT)])
        return {**super().environ, "PYTHONPATH": paths}


@dataclass
class Stage:
    """Ada has an account and a query, Bob a nick, both are in the room; Cy has a letterbox."""

    server: Ngircd
    services: Services
    bridge: Installed
    box: Path
    ada: Person
    bob: Person
    letters: int = 0
    before: list[Person] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.letters += 1
        letter = self.box / f"{self.letters:03}.tmp"
        letter.write_text(text)
        letter.rename(letter.with_suffix(".txt"))

    def lines(self, nick: str, to: str) -> list[str]:
        """All that somebody read of the bridge in a place, through every connection they had."""
        people = [each for each in (*self.before, self.ada, self.bob) if each.nick == nick]
        return [line for each in people for line in each.texts(to=to)]

    def read_letters(self) -> str:
        return "\n".join(each.read_text() for each in self.box.glob("*.md"))

    async def everywhere(self, words: str) -> None:
        """Wait until words are read in the query, in the room and among the letters."""
        await until(lambda: words in "\n".join(self.lines("ada", "ada")))
        await until(lambda: words in "\n".join(self.lines("bob", "#tea")))
        await until(lambda: words in self.read_letters())

    async def come_back(self) -> None:
        """Connect again after the server died."""
        for each in (self.ada, self.bob):
            await each.end()
            self.before.append(each)
        self.ada = await Person("ada", self.server.port).come("#tea")
        self.bob = await Person("bob", self.server.port).come("#tea")


@asynccontextmanager
async def staged(folder: Path, site: Path, **more):
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ngircd(folder, **more))
        services = Services(server.port, accounts={"ada": "ada"})
        await stack.enter_async_context(services.open())
        box = folder / "letters" / "cy"
        box.mkdir(parents=True)
        config = CONFIG.format(letters=box.parent, port=services.port)
        bridge = Installed(folder / "data", config)
        bridge.site = site
        people = [await Person(nick, server.port).come("#tea") for nick in ("ada", "bob")]
        bridge.start()
        stack.callback(bridge.kill)
        stage = Stage(server, services, bridge, box, *people)
        try:
            await joined(stage)
            yield stage
        finally:
            for each in (stage.ada, stage.bob):
                await each.end()


async def joined(stage: Stage) -> None:
    await stage.bob.until_raw("JOIN :#tea")
    await until(lambda: any("bridge!" in line and " JOIN " in line for line in stage.bob.raw))


async def together(stage: Stage) -> None:
    """Let Ada become the owner by a code, and the room follow the session of her query."""
    code = (stage.bridge.data / "owner-code").read_text().strip()
    stage.ada.say("bridge", code)
    await stage.ada.reads("own", by="bridge", to="ada")
    stage.ada.say("#tea", "bridge: good evening")
    await stage.ada.reads("gnineve doog", to="#tea")
    stage.ada.say("#tea", "bridge: !follow main")
    await stage.ada.reads("yes", by="bridge", to="ada")
    stage.ada.say("#tea", "bridge: !follow main yes")
    stage.write("first letter")
    await stage.everywhere("rettel tsrif")


def assert_once(lines: list[str], words: str) -> None:
    """Assert that words were read once, or again where that is marked."""
    times = sum(words in line for line in lines)
    marked = sum(plain.render(texts.REPEATED) in line for line in lines)
    assert 1 <= times <= 1 + marked, f"{words!r} was read {times} times in {lines}"


async def test_a_query_a_room_and_letters_are_one_session_whatever_dies(installed, tmp_path):
    async with staged(tmp_path, installed) as stage:
        await together(stage)
        stage.ada.say("bridge", "alpha from ada")
        await stage.everywhere("ada morf ahpla")
        stage.bob.say("#tea", "bridge: beta from bob")
        await stage.everywhere("bob morf ateb")

        stage.bridge.kill()
        stage.write("gamma from cy")
        stage.bob.raw.clear()
        stage.bridge.start()
        await joined(stage)
        await stage.everywhere("yc morf ammag")

        await stage.server.stop()
        stage.write("delta from cy")
        await until(lambda: "yc morf atled" in stage.read_letters())
        await stage.server.start()
        await stage.come_back()
        await joined(stage)
        stage.ada.say("bridge", "epsilon from ada")
        await stage.everywhere("ada morf nolispe")

        query, room = stage.lines("ada", "ada"), stage.lines("bob", "#tea")
        said = ("gamma from cy", "delta from cy", "beta from bob")
        answers = ("ada morf ahpla", "yc morf ammag", "yc morf atled", "ada morf nolispe")
        for words in (*said, *answers):
            assert_once(query, words)
        for words in ("gamma from cy", "delta from cy", "alpha from ada", *answers):
            assert_once(room, words)
        heard = [each for each in stage.bridge.events("main") if each["type"] == "message_received"]
        assert len(heard) == len({each["content"]["text"] for each in heard}) == 6


async def test_a_long_answer_comes_whole_and_in_order_from_a_server_with_its_brake_on(
    installed, tmp_path
):
    words = " ".join(f"word{number:03}" for number in range(300))
    async with staged(tmp_path, installed, penalty=-1) as stage:
        stage.ada.say("bridge", "hello")
        await stage.ada.reads("olleh", to="ada")
        stage.write(words)
        last = "000drow"
        await until(lambda: last in " ".join(stage.ada.texts(to="ada")))
    lines = stage.ada.texts(to="ada")
    answer = " ".join(line for line in lines if "drow" in line)
    assert [each for each in answer.split() if "drow" in each] == words[::-1].split()
    assert max(len(line) for line in lines) <= 340


async def test_without_services_whoever_is_there_by_a_nick_is_a_member_and_no_code_works(
    installed, tmp_path
):
    async with staged(tmp_path, installed) as stage:
        code = (stage.bridge.data / "owner-code").read_text().strip()
        stage.bob.say("bridge", code)
        said = await stage.bob.reads("no longer works", to="bob")
        assert said.command == "NOTICE"
        stage.bob.say("bridge", "!whoami")
        await stage.bob.reads("nick:bob")
        stage.bob.say("bridge", "hello")
        await stage.bob.reads("olleh", to="bob")
        joined = [
            each["role"]
            for each in stage.bridge.events("main")
            if each["type"] == "participant_joined"
        ]
    assert joined == ["owner", "member"]
