"""The command line itself: every error is one message and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process import ROOT, command


def test_the_version_is_told():
    done = command("version", environ={})
    assert done.code == 0
    assert done.out.startswith("bridgehead 0.")
    assert command("--version", environ={}) == done


def test_the_shell_completes_commands():
    asked = {"_BRIDGE_COMPLETE": "complete_bash", "COMP_WORDS": "bridge re", "COMP_CWORD": "1"}
    done = subprocess.run(
        [Path(sys.executable).with_name("bridge")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **asked},
        check=False,
    )
    assert done.stdout.split() == ["remove", "restore"]


def test_bash_itself_completes_what_the_command_prints_for_it(tmp_path):
    words = (
        'COMP_WORDS=(bridge onb); COMP_CWORD=1; _bridge_completion bridge; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", f'eval "$(bridge completion bash)"; {words}'],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("onboard", "")


def test_other_shells_have_their_scripts_and_an_unknown_one_is_told_which():
    told = command("completion", "ksh", environ={})
    assert told.code == 2
    assert "bash, zsh, fish" in told.err
    for shell, mark in (("zsh", "#compdef bridge"), ("fish", "complete --command bridge")):
        assert mark in command("completion", shell, environ={}).out


def test_it_runs_as_a_module_too():
    told = subprocess.run(
        [sys.executable, "-m", "bridge", "version"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert told.stdout == command("version", environ={}).out


def test_every_command_has_its_line_of_help():
    out = command("--help", environ={}).out
    for name in (
        "run", "chat", "sessions", "send", "check-config", "doctor", "backup", "restore", "version",
        "add", "list", "remove", "onboard", "completion",
    ):  # fmt: skip
        assert f"  {name} " in out
        assert command(name, "--help", environ={}).code == 0


@pytest.mark.parametrize(
    "arguments",
    [("chat",), ("send", "x"), ("sessions", "list"), ("sessions", "tail"), ("backup", "b.db")],
)
def test_without_a_bridge_every_command_says_so_in_one_line_and_ends_with_3(tmp_path, arguments):
    environ = {"BRIDGE_DATA": str(tmp_path), "HOME": str(tmp_path)}
    done = command(*arguments, environ=environ)
    assert (done.code, done.out) == (3, "")
    told = f"bridge: no bridge is running with its data in {tmp_path}; start it with: bridge run\n"
    assert done.err == told


def test_a_misused_command_ends_with_2():
    assert command("send", environ={}).code == 2
    assert command("fly", environ={}).code == 2


def test_a_reader_that_has_seen_enough_is_no_error(bridge, session):
    bridge.say(session, "silent")
    tail = f"{sys.executable} -m bridge sessions tail {session} -n 1000 --json | head -c 1"
    done = subprocess.run(
        ["sh", "-c", tail], env=bridge.environ, capture_output=True, cwd=ROOT, check=True
    )
    assert (done.stdout, done.stderr) == (b"{", b"")


def test_bytes_that_are_no_text_lose_a_character_and_nothing_else(bridge, session):
    for arguments, given in (
        (["send", "-s", session, "-"], b"caf\xe9"),
        (["chat", session], b"\xff"),
    ):
        subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            env={**bridge.environ, "PYTHONUTF8": "1"},
            input=given,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    said = [event for event in bridge.events(session) if "content" in event]
    assert [event["content"]["text"] for event in said][:2] == ["caf\ufffd", "\ufffd"]
