"""A real `bridge run` whose agent's program sends files that are none, or swaps them meanwhile."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.outside import HEAD, PYTHON
from tests.process import BridgeProcess
from tests.scenarios.test_outside import config, until

SWAPPING = (
    HEAD
    + """
import threading
turn = hear()
kind = turn["messages"][-1]["text"]
out, secret = os.environ["BRIDGE_FOLDER"], os.environ["SECRET"]
def bad(path):
    if kind == "symlink": os.symlink(secret, path)
    if kind == "hardlink": os.link(secret, path)
    if kind == "fifo": os.mkfifo(path)
    if kind == "folder": os.mkdir(path)
def gone(path):
    try: os.unlink(path)
    except IsADirectoryError: os.rmdir(path)
    except FileNotFoundError: pass
def good(path):
    with open(path, "w") as file: file.write("fine")
def swap():
    while True:
        good(out + "/new")
        os.replace(out + "/new", out + "/a")
        gone(out + "/a")
        bad(out + "/a")
        gone(out + "/a")
if kind == "empty": open(out + "/a", "w").close()
elif kind == "outside": os.environ["SECRET"]
elif kind == "good": good(out + "/a")
else: threading.Thread(target=swap, daemon=True).start()
path = "../../../" + os.path.basename(secret) if kind == "outside" else "a"
for each in range(40):
    say("remark", text="here", attachments=[{"path": path}])
    time.sleep(0.005)
say("ended", text="done")
"""
)
KINDS = ("symlink", "hardlink", "fifo", "folder", "empty", "outside")


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[BridgeProcess]:
    secret = tmp_path / "secret"
    secret.write_text("the owner's secret")
    program = {"command": [*PYTHON, "-c", SWAPPING], "env": {"SECRET": str(secret)}}
    made = BridgeProcess(tmp_path / "data", config(type="process", **program))
    made.start()
    yield made
    made.kill()


def test_nothing_but_a_file_of_the_runs_own_folder_is_sent_whatever_stands_there_meanwhile(
    bridge: BridgeProcess,
) -> None:
    """Nothing of it is kept, nothing waits for a pipe, and the next run is as any other."""
    for number, kind in enumerate(KINDS, start=1):
        bridge.say("main", kind)
        ended = until(bridge, "run_finished", number)[-1]
        assert ended["outcome"] == "failed", kind
        assert "cannot be sent" in ended["reason"], kind
    bridge.say("main", "good")
    assert until(bridge, "run_finished", len(KINDS) + 1)[-1]["outcome"] == "completed"
    kept = [each.read_bytes() for each in (bridge.data / "media").iterdir()]
    assert kept == [b"fine"]
    assert list((bridge.data / "agents" / "helper").iterdir()) == []
    assert "Traceback" not in bridge.log.read_text()


@pytest.mark.skipif(os.getuid() == 0, reason="root may do everything, whatever the permissions")
def test_permissions_that_are_taken_away_are_told_and_given_back(bridge: BridgeProcess) -> None:
    bridge.data.chmod(0o000)
    try:
        with bridge.client() as client:
            assert client.get("/healthz").is_success
            assert client.get("/readyz").status_code == 503
    finally:
        bridge.data.chmod(0o700)
    bridge.say("main", "good")
    until(bridge, "run_finished")
