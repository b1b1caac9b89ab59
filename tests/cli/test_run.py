"""`bridge run`: what it prints, how it ends, and that what it starts cannot look into it."""

import asyncio
import gc
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.app import Running
from bridge.cli import run as module
from bridge.cli.run import _command, announcement, close_to_others
from tests.process import BridgeProcess, command
from tests.waiting import until

BUSY = re.compile("loop_held|machine_busy")
"""What the log says only of the machine that the tests run on."""

HELPER = "{type: litellm, model: openai/some}"

SPY = r"""
import ctypes, os, pwd, subprocess
from bridge.cli.run import close_to_others
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


def test_it_says_where_to_talk_and_nothing_else_and_stops_without_a_trace(own_bridge):
    assert (own_bridge.data / "server.json").exists()
    assert own_bridge.stop() == 0
    assert not (own_bridge.data / "server.json").exists()
    out = own_bridge.log.read_text()
    assert re.search(
        r"browser   http://127\.0\.0\.1:\d+  \(the token to sign in is in \S+\)\n", out
    )
    assert (own_bridge.data / "owner-token").read_text().strip() not in out
    assert re.search(r"terminal  BRIDGE_DATA=\S+ .*-m bridge chat\n", out)
    assert f"Its data is in {own_bridge.data}." in out
    assert "the agent is echo" in out
    said = [line for line in out.splitlines() if not BUSY.search(line)]
    assert re.search(r"set up    BRIDGE_DATA=\S+ .*-m bridge onboard  ", out)
    assert len(said) == 9, out


async def test_an_agent_without_a_key_is_told_at_the_start_and_to_whoever_writes(tmp_path):
    """It starts all the same: everything but that agent works."""
    config = f"agents: {{helper: {HELPER}}}\n"
    bridge = BridgeProcess(tmp_path / "data", config)
    bridge.start()
    try:
        await until(lambda: "Its data is in" in bridge.log.read_text())
        out = bridge.log.read_text()
        assert "ATTENTION: this does not work yet:\n  agent helper: openai/some has no" in out
        assert "set OPENAI_API_KEY where the bridge starts" in out
        said = (
            await asyncio.to_thread(command, "chat", environ=bridge.environ, given="hello\n")
        ).out
        assert "the agent 'helper' has no API key: the owner has to set OPENAI_API_KEY" in said
        assert "litellm" not in said
    finally:
        bridge.stop()


async def test_a_program_that_is_not_there_is_told_at_the_start_by_the_doctor_and_to_whoever_writes(
    tmp_path,
):
    """So is a model without a key beside it: each with what to do about it."""
    script = "{type: process, command: [/no/such/agent.sh]}"
    config = f"agent: script\nagents: {{script: {script}, helper: {HELPER}}}\n"
    bridge = BridgeProcess(tmp_path / "data", config)
    bridge.start()
    try:
        await until(lambda: "Its data is in" in bridge.log.read_text())
        out = " ".join(bridge.log.read_text().split())
        assert "agent script: the program /no/such/agent.sh is not there" in out
        assert "put it there, or correct command" in out
        assert "agent helper: openai/some has no API key" in out
        assert "set OPENAI_API_KEY where the bridge starts" in out
        doctor = await asyncio.to_thread(command, "doctor", "--json", environ=bridge.environ)
        found = {each["name"]: each for each in json.loads(doctor.out)["checks"]}
        for name, fix in (("script", "put it there"), ("helper", "OPENAI_API_KEY")):
            check = found[f"agent {name}"]
            assert (check["ok"], fix in check["fix"]) == (False, True)
        assert doctor.code == 1
        chat = await asyncio.to_thread(command, "chat", environ=bridge.environ, given="hello\n")
        assert "agent.sh" in chat.out
        assert "Traceback" not in chat.out
    finally:
        bridge.stop()


async def test_a_chat_app_that_cannot_be_used_is_told_at_the_start(tmp_path):
    """Nothing listens at these addresses; the page and the terminal work all the same."""
    nowhere = "http://127.0.0.1:9"
    tokens = {"T": "123:abc", "D": "x", "SB": "xoxb-1", "SA": "xapp-1", "W": "x"}
    config = (
        f"channels:\n  tele: {{type: telegram, token: '${{T}}', api_url: '{nowhere}'}}\n"
        f"  disc: {{type: discord, token: '${{D}}', api_url: '{nowhere}'}}\n"
        "  work: {type: slack, bot_token: '${SB}', app_token: '${SA}',"
        f" api_url: '{nowhere}/'}}\n"
        f"  what: {{type: whatsapp, account_sid: AC{'0' * 32}, auth_token: '${{W}}',"
        f" number: '+14155238886', api_url: '{nowhere}'}}\n"
    )
    bridge = Tokens(tmp_path / "data", config, tokens)
    bridge.start()
    try:
        await until(lambda: "Its data is in" in bridge.log.read_text())
        out = bridge.log.read_text()
        for app in ("tele", "disc", "work", "what"):
            assert re.search(rf"^  {app}: .*\n    → \S", out, re.MULTILINE), app
        assert "Error" not in out.split("ATTENTION")[1].split("Its data")[0]
    finally:
        bridge.stop()


class Tokens(BridgeProcess):
    """A bridge that has secrets in its environment."""

    def __init__(self, data, config, secrets):
        super().__init__(data, config)
        self.secrets = secrets

    @property
    def environ(self):
        return {**super().environ, **self.secrets}


def test_a_wrong_configuration_is_told_whole_and_ends_with_2(tmp_path):
    (tmp_path / "config.yaml").write_text("grace: soon\nhtpp: {}\n")
    environ = {"BRIDGE_DATA": str(tmp_path), "HOME": str(tmp_path)}
    done = command("run", "--config", str(tmp_path / "config.yaml"), environ=environ)
    assert (done.code, done.out) == (2, "")
    assert ":1: grace: " in done.err
    assert ":2: htpp: " in done.err
    assert "Traceback" not in done.err


def test_a_start_that_fails_leaves_the_garbage_collector_running(tmp_path):
    environ = {"BRIDGE_DATA": str(tmp_path), "HOME": str(tmp_path)}
    assert command("run", "--config", str(tmp_path / "none.yaml"), environ=environ).code
    assert gc.isenabled()


def test_a_second_bridge_on_the_same_data_is_refused_by_name(own_bridge):
    done = command("run", "--port", "0", environ=own_bridge.environ)
    assert done.code in {1, 2}
    assert str(own_bridge.data) in done.err
    assert "Traceback" not in done.err
    assert own_bridge.events("main"), "the first one goes on"


def test_a_port_that_is_taken_is_told(own_bridge, tmp_path):
    port = own_bridge.url.rsplit(":", 1)[1]
    environ = {**own_bridge.environ, "BRIDGE_DATA": str(tmp_path / "other")}
    done = command("run", "--port", port, environ=environ)
    assert done.code == 2
    assert port in done.err
    assert "Traceback" not in done.err


def test_the_command_for_the_terminal_finds_this_bridge(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    bridge = str(tmp_path / ".venv" / "bin" / "bridge")
    assert _command("chat", None, {}, bridge) == ".venv/bin/bridge chat"
    assert _command("chat", Path("my config.yaml"), {"BRIDGE_DATA": "/d"}, bridge) == (
        "BRIDGE_DATA=/d .venv/bin/bridge chat --config 'my config.yaml'"
    )
    assert _command("chat", None, {}, "/x/bridge/__main__.py") == f"{sys.executable} -m bridge chat"


def test_a_link_has_its_token_where_no_browser_sends_it():
    running = Running(url="http://h:1/", token="t0ken", data=Path("/d"), agent="echo")
    said = announcement(running, "bridge chat", secrets=True)
    assert "http://h:1/#token=t0ken\n" in said


def test_a_phone_opens_the_page_by_a_code_where_it_can_reach_it():
    """What it reads is the link: a decoder is not needed to see that it is drawn from it."""
    home = Running(url="http://127.0.0.1:1/", token="t0ken", data=Path("/d"), agent="echo")
    assert "phone" not in announcement(home, "bridge chat", secrets=True)
    out = replace(home, url="http://192.168.1.20:8787")
    said = announcement(out, "bridge chat", secrets=True)
    drawn = re.findall(r"^    ([█▀▄ ]+)$", said, re.MULTILINE)
    assert len(drawn) > 15
    assert len({len(row) for row in drawn}) == 1
    assert "not encrypted" in said
    assert drawn != re.findall(
        r"^    ([█▀▄ ]+)$",
        announcement(replace(out, token="other"), "", secrets=True),
        re.MULTILINE,
    )
    safe = announcement(replace(home, url="https://chat.example"), "bridge chat", secrets=True)
    assert "point its camera here" in safe
    assert "not encrypted" not in safe
    assert "█" not in announcement(out, "bridge chat", secrets=False)


def test_who_listens_everywhere_is_told_by_which_addresses_and_that_nothing_is_encrypted():
    running = Running(url="http://127.0.0.1:87", token="t0ken", data=Path("/d"), agent="echo")
    said = announcement(running, "bridge chat", secrets=True, reached=["http://10.0.0.7:87"])
    assert "others    http://10.0.0.7:87\n" in said
    assert said.count("not encrypted") == 1
    assert "█" in said, "a phone gets there"
    logged = announcement(running, "bridge chat", secrets=False, reached=["http://10.0.0.7:87"])
    assert logged.count("not encrypted") == 1
    assert "t0ken" not in logged


def test_what_is_printed_to_a_log_holds_neither_token_nor_code():
    """Who reads a log is told where they are: in files that only their owner can read."""
    running = Running(
        url="http://h:1/", token="t0ken", data=Path("/d"), agent="echo", code="c0de-c0de"
    )
    said = announcement(running, "bridge chat", secrets=False)
    assert "t0ken" not in said
    assert "c0de" not in said
    assert "/d/owner-token" in said
    assert "/d/owner-code" in said
