"""`bridge backup` while it runs, and `bridge restore` once it is stopped."""

import stat

import pytest

from tests.process import command


def run(bridge, *arguments):
    return command(*arguments, environ=bridge.environ)


def said(bridge):
    return [e["content"]["text"] for e in bridge.events("main") if e["type"] == "message_received"]


def test_what_was_said_before_the_backup_comes_back_and_what_came_after_is_kept_aside(
    own_bridge, tmp_path
):
    own_bridge.say("main", "silent before")
    done = run(own_bridge, "backup", str(tmp_path / "kept.db"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{tmp_path / 'kept.db'}: ")
    assert "does not contain the files that were sent. Now copy their folder too" in done.out
    own_bridge.say("main", "silent after")

    refused = run(own_bridge, "restore", str(tmp_path / "kept.db"))
    assert (refused.code, "stop it" in refused.err) == (1, True)
    assert said(own_bridge) == ["silent before", "silent after"]

    assert own_bridge.stop() == 0
    restored = run(own_bridge, "restore", str(tmp_path / "kept.db"))
    assert restored.code == 0, restored.err
    assert "The files that were sent stay as they are" in restored.out
    own_bridge.start()
    assert said(own_bridge) == ["silent before"]


def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_else(run_here, tmp_path):
    assert run_here("backup", str(tmp_path / "b.db")).code == 0
    assert stat.S_IMODE((tmp_path / "b.db").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["b.db"]


def test_a_file_that_is_there_is_kept_unless_told_otherwise(run_here, tmp_path):
    (tmp_path / "b.db").write_text("mine")
    refused = run_here("backup", str(tmp_path / "b.db"))
    assert (refused.code, "--force replaces it" in refused.err) == (1, True)
    assert (tmp_path / "b.db").read_text() == "mine"
    assert run_here("backup", "--force", str(tmp_path / "b.db")).code == 0
    assert (tmp_path / "b.db").read_bytes().startswith(b"SQLite format 3\x00")


@pytest.mark.parametrize("name", ["", "not/there/b.db"])
def test_a_place_that_cannot_be_written_is_told(run_here, tmp_path, name):
    done = run_here("backup", str(tmp_path / name))
    assert done.code == 1
    assert str(tmp_path) in done.err


def test_a_backup_refused_by_the_bridge_leaves_no_file(bridge, tmp_path):
    environ = {**bridge.environ, "BRIDGE_TOKEN": "wrong"}
    assert command("backup", str(tmp_path / "b.db"), environ=environ).code == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_backup_is_refused_and_nothing_is_changed(own_bridge, tmp_path):
    own_bridge.say("main", "silent")
    own_bridge.stop()
    (tmp_path / "bad.db").write_text("no database")
    for name in ("bad.db", "gone.db"):
        done = run(own_bridge, "restore", str(tmp_path / name))
        assert done.code in {1, 2}
        assert name in done.err
    own_bridge.start()
    assert said(own_bridge) == ["silent"]


@pytest.fixture
def run_here(bridge):
    return lambda *arguments: run(bridge, *arguments)
