"""`bridge run`: what it prints, and how it ends."""

import gc
import re
import sys
from pathlib import Path

from bridge.app import Running
from bridge.cli.run import _chat_command, announcement
from tests.process import BridgeProcess, command


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
    said = [line for line in out.splitlines() if "loop_held" not in line]  # a busy machine
    assert len(said) == 8, out


def test_an_agent_without_a_key_is_told_at_the_start_and_to_whoever_writes(tmp_path):
    """It starts all the same: everything but that agent works."""
    config = "agents: {helper: {type: litellm, model: openai/some}}\n"
    bridge = BridgeProcess(tmp_path / "data", config)
    bridge.start()
    try:
        out = bridge.log.read_text()
        assert (
            "ATTENTION, nobody will get an answer from\n  agent helper: openai/some has no" in out
        )
        assert "set OPENAI_API_KEY where the bridge starts" in out
        said = command("chat", environ=bridge.environ, given="hello\n").out
        assert "the agent 'helper' has no API key: the owner has to set OPENAI_API_KEY" in said
        assert "litellm" not in said
    finally:
        bridge.stop()


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
    assert _chat_command(None, {}, bridge) == ".venv/bin/bridge chat"
    assert _chat_command(Path("my config.yaml"), {"BRIDGE_DATA": "/d"}, bridge) == (
        "BRIDGE_DATA=/d .venv/bin/bridge chat --config 'my config.yaml'"
    )
    assert _chat_command(None, {}, "/x/bridge/__main__.py") == f"{sys.executable} -m bridge chat"


def test_a_link_has_its_token_where_no_browser_sends_it():
    running = Running(url="http://h:1/", token="t0ken", data=Path("/d"), agent="echo")
    said = announcement(running, "bridge chat", secrets=True)
    assert "http://h:1/#token=t0ken\n" in said


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
