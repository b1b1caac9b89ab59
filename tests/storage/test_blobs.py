"""What is the folder's own; the rest is in the conformance suite."""

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError, NoRoom, StoreUnavailable
from storage.blobs import INCOMING, FolderBlobs, FolderSection, plugin
from tests.stores import StillClock, surroundings

CLOCK = StillClock()
ROOT = Path(__file__).parent.parent.parent


async def one(body: bytes) -> AsyncIterator[bytes]:
    yield body


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_files_are_for_their_owner_only(tmp_path):
    blobs = FolderBlobs(tmp_path / "media", clock=CLOCK)
    blob = await blobs.put(one(b"private"))
    assert stat.S_IMODE((tmp_path / "media").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "media" / blob.media).stat().st_mode) == 0o600


async def test_after_a_restart_all_is_there_and_counted(tmp_path):
    kept = await FolderBlobs(tmp_path, clock=CLOCK).put(one(b"x" * 700))
    again = FolderBlobs(tmp_path, clock=CLOCK, quota_bytes=1000)
    assert await again.size(kept.media) == 700
    with pytest.raises(NoRoom):
        await again.put(one(b"y" * 301))
    await again.put(one(b"y" * 300))


KILLED = """
import asyncio, os, sys
from pathlib import Path
from storage.blobs import FolderBlobs
from tests.stores import StillClock

async def endless():
    while True:
        yield b"x" * 100_000
        print("more", flush=True)

asyncio.run(FolderBlobs(Path(sys.argv[1]), clock=StillClock()).put(endless()))
"""


def kill_in_mid_put(folder):
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        for _ in range(2):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)


async def test_what_a_killed_process_left_is_gone_after_the_next_start(tmp_path):
    kept = await FolderBlobs(tmp_path, clock=CLOCK).put(one(b"kept"))
    kill_in_mid_put(tmp_path)
    (left,) = [name for name in names(tmp_path) if name.startswith(INCOMING)]
    assert (tmp_path / left).stat().st_size > 0
    FolderBlobs(tmp_path, clock=CLOCK)
    assert names(tmp_path) == [kept.media]


async def test_what_else_lies_in_the_folder_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    blobs = FolderBlobs(tmp_path, clock=CLOCK, keep=timedelta(0))
    await blobs.sweep()
    assert names(tmp_path) == ["notes.txt"]


async def test_files_removed_by_hand_make_room_at_the_next_sweep(tmp_path):
    blobs = FolderBlobs(tmp_path, clock=CLOCK, quota_bytes=1000)
    kept = await blobs.put(one(b"x" * 1000))
    (tmp_path / kept.media).unlink()
    with pytest.raises(NoRoom):
        await blobs.put(one(b"y"))
    await blobs.sweep()
    await blobs.put(one(b"y"))


@pytest.mark.parametrize(
    ("code", "told", "words"),
    [
        (errno.ENOSPC, NoRoom, "disk for files is full"),
        (errno.EDQUOT, NoRoom, "disk for files is full"),
        (errno.EIO, StoreUnavailable, "Input/output error"),
    ],
)
async def test_a_disk_that_cannot_take_it_is_told_and_keeps_nothing(
    tmp_path, monkeypatch, code, told, words
):
    blobs = FolderBlobs(tmp_path, clock=CLOCK)

    def full(descriptor):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr("storage.blobs.os.fsync", full)
        with pytest.raises(told, match=words):
            await blobs.put(one(b"x" * 1000))
    assert names(tmp_path) == []
    await blobs.put(one(b"x" * 1000))


async def test_a_folder_that_goes_away_is_told(tmp_path):
    blobs = FolderBlobs(tmp_path / "media", clock=CLOCK)
    (tmp_path / "media").rmdir()
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        await blobs.put(one(b"x"))


def test_a_folder_that_cannot_be_used_is_told_before_anything_runs(tmp_path):
    (tmp_path / "media").write_text("not a folder")
    with pytest.raises(ConfigError, match=r"media: .*/media cannot be used: .*media\.path"):
        plugin.create(FolderSection(), surroundings(tmp_path))


async def test_the_plugin_keeps_files_in_the_data_folder_or_where_it_is_told(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    default = plugin.create(FolderSection(), surroundings(tmp_path / "data"))
    told = plugin.create(
        FolderSection(path=elsewhere, max_bytes=10, quota_bytes=15, keep_days=1),
        surroundings(tmp_path / "data"),
    )
    blob = await default.put(one(b"here"))
    assert names(tmp_path / "data" / "media") == [blob.media]
    await told.put(one(b"there"))
    await told.put(one(b"0123456789"))
    with pytest.raises(NoRoom):
        await told.put(one(b"!"))
    assert len(names(elsewhere)) == 2
