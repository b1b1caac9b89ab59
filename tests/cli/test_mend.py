"""`bridge doctor --fix`: what it mends, what it says, and what it leaves alone."""

import json
import os
import stat
import subprocess
import sys

import pytest

from tests.process import command


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "secrets").mkdir(parents=True)
    return folder


def fix(data, *arguments, config=""):
    file = data.with_suffix(".yaml")
    file.write_text(config)
    environ = {"HOME": str(data.parent), "BRIDGE_DATA": str(data), "BRIDGE_CONFIG": str(file)}
    return command("doctor", "--fix", *arguments, environ=environ)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def dead_process():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_folder_that_is_missing_is_made_for_its_owner_alone(tmp_path):
    data = tmp_path / "none" / "data"
    data.parent.mkdir()
    done = fix(data)
    assert mode(data) == 0o700
    assert f"{data} was made" in done.out


def test_secrets_that_others_can_read_are_closed_and_each_is_named(data):
    mine, named = data / "secrets" / "telegram-token", data.parent / "key"
    for file in (mine, named, data / "owner-token"):
        file.write_text("s3cret")
        file.chmod(0o644)
    data.chmod(0o755)
    config = f"agents: {{a: {{type: litellm, model: openai/x, api_key: {{file: {named}}}}}}}\n"
    done = fix(data, "--json", config=config)
    told = " ".join(json.loads(done.out)["mended"])
    for path in (mine, named, data / "owner-token", data):
        assert not mode(path) & 0o077, path
        assert f"{path} was open to others" in told
    assert mine.read_text() == "s3cret"
    assert "s3cret" not in done.out
    assert json.loads(fix(data, "--json", config=config).out)["mended"] == [], "all is mended"


def test_the_note_of_a_dead_bridge_goes_and_that_of_a_live_one_stays(data):
    note = data / "server.json"
    for process, stays in ((dead_process(), False), (os.getpid(), True)):
        note.write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": process}))
        done = fix(data)
        assert note.exists() is stays
        assert ("is dead" in done.out) is not stays


def test_what_only_people_can_mend_is_told_and_left(data, monkeypatch):
    words = data / "bridge.db"
    words.write_bytes(b"words")
    done = fix(data, config="channels: {telegram: {type: telegram, token: x}}\n")
    assert done.code == 1
    assert "FAULT" in done.out
    assert words.read_bytes() == b"words"


def test_without_fix_nothing_is_changed(data):
    data.chmod(0o755)
    environ = {"HOME": str(data.parent), "BRIDGE_DATA": str(data)}
    command("doctor", environ=environ)
    assert mode(data) == 0o755
