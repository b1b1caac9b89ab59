"""What the bridge starts cannot look into it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli import run as module
from bridge.cli.shield import close_to_others

SPY = r"""
import ctypes, os, pwd, subprocess
from bridge.cli.shield import close_to_others
if os.geteuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as it is of a process that began as this user
look = "cat /proc/$PPID/environ; head -c 1 /proc/$PPID/mem; ls /proc/$PPID/fd; echo looked"
for shielded in (False, True):
    if shielded:
        assert close_to_others()
    shown = subprocess.run(["/bin/sh", "-c", look], capture_output=True, text=True, cwd="/").stdout
    print(shielded, "the-canary" in shown, shown.count("\n"))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that can do this")


def test_a_program_of_the_same_user_reads_neither_environment_nor_memory():
    """Without the shield it reads them: so the test would notice."""
    done = subprocess.run(
        [sys.executable, "-c", SPY],
        env={**os.environ, "SECRET": "the-canary", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    before, after = done.stdout.splitlines()
    assert before.startswith("False True ")
    assert after == "True False 1"


@pytest.mark.parametrize(("config", "closed"), [("", True), ("log: {debugger: true}\n", False)])
def test_a_bridge_shields_itself_unless_it_is_to_be_debugged(tmp_path, monkeypatch, config, closed):
    calls = []
    monkeypatch.setattr(module, "close_to_others", lambda: calls.append("closed"))
    monkeypatch.setattr(module.logs, "configure", lambda *_, **__: None)
    monkeypatch.setattr(module.asyncio, "run", lambda serving: serving.close())
    file = tmp_path / "bridge.yaml"
    file.write_text(f"data: {tmp_path}\n{config}")
    module.run(file, {}, host=None, port=None)
    assert bool(calls) is closed


def test_elsewhere_it_does_nothing(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert close_to_others() is False
