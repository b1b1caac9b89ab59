"""A package outside the tree adds a channel and an agent: the very ones of the documentation."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent
OUTSIDE = Path(__file__).parent / "outside"

USE = """
import json, pathlib, sys
from bridge.plugins import available, load
from bridge.ports.channel import Channel
from tests.feeding import surrounded

plugin = load("channels", "letterbox")
config = plugin.config.model_validate({"folder": sys.argv[1]})
surroundings = surrounded(pathlib.Path(sys.argv[1]), "letters")
channel = plugin.create("letters", config, surroundings)
agent = load("agents", "backwards")
print(json.dumps([available("channels"), plugin.title, channel.name, agent.config.__name__]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> dict[str, str]:
    """The environment of a process in which the package is installed beside the bridge."""
    folder = tmp_path_factory.mktemp("outside")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=OUTSIDE, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(ROOT)])}


def test_an_installed_package_is_found_by_its_types_and_created(installed, tmp_path):
    command = [sys.executable, "-c", USE, str(tmp_path)]
    done = subprocess.run(command, env=installed, capture_output=True, text=True, check=True)
    types, title, name, config = json.loads(done.stdout)
    assert {"letterbox", "memory"} <= set(types)
    assert (title, name, config) == ("Letterbox", "letters", "BackwardsConfig")


def test_what_is_not_installed_is_not_found():
    command = [sys.executable, "-c", USE, "."]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no channel type 'letterbox'" in done.stderr


def test_the_whole_bridge_runs_with_it_and_answers_a_letter_once(installed, tmp_path):
    box = tmp_path / "letters" / "ada"
    box.mkdir(parents=True)
    (box / "one.txt").write_text("Good morning")
    with running(installed, tmp_path):
        answer = wait_for(box, "*.md")
        assert answer.read_text() == "gninrom dooG"
        wait_for(box, "*.txt", count=0)
    assert [each.name for each in box.iterdir()] == [answer.name]
    with running(installed, tmp_path):
        (box / "two.txt").write_text("again")
        wait_for(box, "*.md", count=2)
        wait_for(box, "*.txt", count=0)
    assert sorted(each.read_text() for each in box.iterdir()) == ["gninrom dooG", "niaga"]


@pytest.mark.parametrize("page", ["adding-a-channel.md", "adding-an-agent.md"])
def test_the_documentation_shows_the_package_as_it_is(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    code = {"adding-a-channel.md": "letterbox.py", "adding-an-agent.md": "backwards.py"}[page]
    for language, file in (("python", code), ("toml", "pyproject.toml")):
        source = (OUTSIDE / file).read_text(encoding="utf-8")
        assert f"```{language}\n{source}```" in text


@contextmanager
def running(env: dict[str, str], folder: Path):
    config = folder / "config.yaml"
    config.write_text(f"""
data: {folder / "data"}
http: {{port: 0}}
agents: {{mirror: {{type: backwards, delay: 0}}}}
agent: mirror
channels:
  letters:
    {{type: letterbox, folder: {folder / "letters"}, every: 0.05, allow: [ada], welcome: false}}
""")
    command = [sys.executable, "-m", "bridge", "run", "--config", str(config)]
    bridge = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield
    finally:
        bridge.send_signal(signal.SIGTERM)
        output, _ = bridge.communicate(timeout=PATIENCE)
    assert bridge.returncode == 0, output


def wait_for(box: Path, pattern: str, *, count: int = 1) -> Path:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = sorted(box.glob(pattern))
        if len(found) == count:
            return found[-1] if found else box
        time.sleep(0.05)
    raise TimeoutError(f"in the box: {[each.name for each in box.iterdir()]}")
