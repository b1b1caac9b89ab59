"""The bridge that `bridge onboard` uses: one that runs, or its own, if that starts."""

import os
import stat

import pytest

from bridge.cli.exits import CommandError
from bridge.cli.own_bridge import OwnBridge


def test_a_bridge_that_runs_is_used_and_never_ended(bridge):
    ours = OwnBridge(file=None, environ=bridge.environ)
    assert ours.begin().url == bridge.url
    assert not ours.is_own
    assert ours.renew() is None, "whoever runs it starts it anew"
    ours.stop()
    assert ours.running() is not None
    assert ours.process() is not None


def test_one_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("grace: soon\n")
    environ = {**os.environ, "BRIDGE_DATA": str(tmp_path / "data")}
    ours = OwnBridge(file=file, environ=environ)
    assert ours.running() is None
    assert ours.process() is None
    with pytest.raises(CommandError, match=r"c\.yaml:1: grace"):
        ours.begin()
    assert not ours.is_own
    assert stat.S_IMODE((tmp_path / "data" / "onboard.log").stat().st_mode) == 0o600
