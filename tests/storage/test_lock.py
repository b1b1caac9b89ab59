"""One process per database file, and the next one is told which it is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError
from storage.sql.sqlite_files import locked
from tests.stores import AT, opened

HOLD = """
import sys
from pathlib import Path
from storage.sql.sqlite_files import locked
from tests.stores import AT

with locked(Path(sys.argv[1]), now=AT):
    print("held", flush=True)
    sys.stdin.read()
"""


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught, locked(path, now=AT):
        pass
    return str(caught.value)


def holder(path: Path) -> subprocess.Popen[str]:
    """Return another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_holds_the_file(tmp_path):
    path = tmp_path / "bridge.db"
    with holder(path) as process:
        assert refusal(path) == (
            f"{path} is in use by bridge process {process.pid}"
            " (started 2026-01-02 03:04:05 UTC): stop it first"
        )
        process.communicate("")


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "bridge.db"
    with holder(path) as process:
        process.kill()
        process.communicate()
    with locked(path, now=AT):
        assert f"bridge process {os.getpid()}" in refusal(path)


def test_a_lock_that_was_let_go_can_be_taken_again(tmp_path):
    path = tmp_path / "bridge.db"
    for _ in range(2):
        with locked(path, now=AT):
            pass


def test_a_lock_that_cannot_be_made_says_why(tmp_path):
    assert "No such file or directory" in refusal(tmp_path / "nowhere" / "bridge.db")


async def test_a_store_that_is_open_is_not_opened_again(tmp_path):
    async with opened("sqlite", tmp_path):
        with pytest.raises(ConfigError) as caught:
            async with opened("sqlite", tmp_path):
                pass
        assert re.search(
            rf"bridge\.db is in use by bridge process {os.getpid()} ", str(caught.value)
        )
    async with opened("sqlite", tmp_path):
        pass


async def test_the_same_file_by_another_name_is_still_in_use(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    async with opened("sqlite", tmp_path / "data"):
        with pytest.raises(ConfigError, match="is in use by"):
            async with opened("sqlite", tmp_path / "link"):
                pass
