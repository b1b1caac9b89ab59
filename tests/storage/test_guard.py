"""A database file that is deleted, moved, replaced or written over while it is open."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError, StoreUnavailable
from bridge.ports.store import Store
from storage.sql.sqlite_files import FileGuard
from storage.sql.store import SqliteSection, sqlite
from tests.stores import AT, S1, log_of, opened, put, said, surroundings, texts

COMPANIONS = ("-wal", "-shm")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "bridge.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[Store]:
    async with opened("sqlite", file.parent) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("before"))
        yield store


async def refusal(store: Store) -> str:
    """Return why nothing is taken in now; the check says the same."""
    with pytest.raises(StoreUnavailable) as caught:
        await put(store, S1, said("lost"))
    with pytest.raises(StoreUnavailable) as checked:
        await store.check()
    assert str(checked.value) == str(caught.value)
    return str(caught.value)


async def test_nothing_is_taken_into_a_deleted_file(store: Store, file: Path) -> None:
    file.unlink()
    assert "is not there any more" in await refusal(store)
    assert not file.exists()


async def test_what_was_kept_can_still_be_copied_out_of_a_deleted_file(
    store: Store, file: Path, tmp_path: Path
) -> None:
    """The process has it open: that copy is the last one there will be."""
    file.unlink()
    with pytest.raises(StoreUnavailable):
        await store.sessions()
    assert not file.exists(), "reading makes none in its place"
    await store.backup(tmp_path / "rescued.db")
    assert sqlite.restore is not None
    sqlite.restore(SqliteSection(), surroundings(tmp_path / "new"), tmp_path / "rescued.db")
    async with opened("sqlite", tmp_path / "new") as found:
        assert texts(await log_of(found)) == ["before"]


async def test_a_file_that_was_moved_away_and_back_goes_on(store: Store, file: Path) -> None:
    """What was refused meanwhile is not there, what comes then is."""
    aside = file.with_name("aside.db")
    file.rename(aside)
    await refusal(store)
    aside.rename(file)
    await store.check()
    await put(store, S1, said("after"))
    assert texts(await log_of(store)) == ["before", "after"]


async def test_a_folder_that_was_moved_away_and_back_goes_on(store: Store, file: Path) -> None:
    away = file.parent.with_name("away")
    file.parent.rename(away)
    assert "is not there any more" in await refusal(store)
    away.rename(file.parent)
    await put(store, S1, said("after"))
    assert texts(await log_of(store)) == ["before", "after"]


async def test_nothing_is_written_to_another_file_in_its_place(store: Store, file: Path) -> None:
    other = file.with_name("other.db")
    shutil.copy(file, other)
    was = other.read_bytes()
    other.replace(file)
    assert "was replaced by another file" in await refusal(store)
    assert file.read_bytes() == was


@pytest.mark.parametrize("suffix", COMPANIONS)
async def test_nothing_is_taken_in_without_the_companions(
    store: Store, file: Path, suffix: str
) -> None:
    """What stands in the `-wal` alone would be lost with the process."""
    file.with_name(f"bridge.db{suffix}").unlink()
    assert f"bridge.db{suffix} was deleted or replaced" in await refusal(store)


@pytest.mark.parametrize("suffix", COMPANIONS)
async def test_what_was_taken_in_before_is_there_after_an_orderly_stop(
    file: Path, suffix: str
) -> None:
    async with opened("sqlite", file.parent) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("before"))
        file.with_name(f"bridge.db{suffix}").unlink()
        await refusal(store)
    async with opened("sqlite", file.parent) as store:
        assert texts(await log_of(store)) == ["before"]


async def test_a_file_that_was_cut_is_noticed(store: Store, file: Path) -> None:
    with file.open("r+b") as cut:
        cut.truncate(0)
    assert "was cut from" in await refusal(store)


async def test_a_file_that_is_cut_while_a_commit_is_made_is_noticed(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the commit left is not taken for what it should have left."""
    looked = FileGuard.look

    def cutting(guard: FileGuard) -> None:
        looked(guard)
        monkeypatch.undo()
        os.truncate(file, 0)

    monkeypatch.setattr(FileGuard, "look", cutting)
    assert "was cut from" in await refusal(store)


async def test_a_file_that_was_written_over_is_noticed(
    store: Store, file: Path, tmp_path: Path
) -> None:
    """`cp` of a backup onto it keeps the file's number."""
    await store.backup(tmp_path / "copy.db")
    number = file.stat().st_ino
    shutil.copyfile(tmp_path / "copy.db", file)
    assert file.stat().st_ino == number
    assert "written over" in await refusal(store) or "was cut" in await refusal(store)


async def test_a_file_that_was_only_touched_goes_on(store: Store, file: Path) -> None:
    os.utime(file)
    await put(store, S1, said("after"))
    await store.check()


async def test_what_cannot_be_read_is_not_taken_for_written_over(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be looked into is not known to be another."""

    def failing(*_: object, **__: object) -> bytes:
        raise OSError(5, "Input/output error")

    os.utime(file)
    monkeypatch.setattr(os, "pread", failing)
    assert "cannot be looked into just now" in await refusal(store)
    monkeypatch.undo()
    await put(store, S1, said("after"))
    monkeypatch.setattr(os, "pread", failing)
    await put(store, S1, *(said("x" * 100_000) for _ in range(60)))  # enough for a checkpoint
    monkeypatch.undo()
    os.utime(file)
    await put(store, S1, said("last"))
    await store.check()


async def test_at_the_limit_of_open_files_it_goes_on(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look takes no further file."""

    def full(*_: object, **__: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "open", full)
    os.utime(file)
    await put(store, S1, *(said("x" * 100_000) for _ in range(60)))
    await put(store, S1, said("last"))
    monkeypatch.undo()
    await store.check()


async def test_others_may_read_it_and_copies_may_be_taken(
    store: Store, file: Path, tmp_path: Path
) -> None:
    """Neither changes anything, however much is written meanwhile, checkpoints included."""

    def read() -> int:
        connection = sqlite3.connect(file)
        try:
            return len(connection.execute("SELECT * FROM events").fetchall())
        finally:
            connection.close()

    for number in range(30):
        await asyncio.gather(*(put(store, S1, said("x" * 20_000)) for _ in range(10)))
        assert await asyncio.to_thread(read)
        if number % 10 == 0:
            await store.backup(tmp_path / f"{number}.db")
    await store.check()


async def test_an_emptied_file_is_said_at_the_next_start(file: Path) -> None:
    """Whatever cut it off: SQLite would take it for a new one."""
    async with opened("sqlite", file.parent) as store:
        await store.create_session(S1, at=AT)
    file.write_bytes(b"")
    with pytest.raises(ConfigError, match=r"is gone: put it back, or put a backup back"):
        async with opened("sqlite", file.parent):
            pass
    assert file.read_bytes() == b""


async def test_a_lost_file_is_said_at_the_next_start(file: Path) -> None:
    """An empty log in its place would let the first one who comes be the owner."""
    async with opened("sqlite", file.parent) as store:
        await store.create_session(S1, at=AT)
    file.unlink()
    with pytest.raises(ConfigError, match=r"is gone: put it back, or put a backup back"):
        async with opened("sqlite", file.parent):
            pass
    assert not file.exists()
    file.with_name("bridge.db.mark").unlink()
    async with opened("sqlite", file.parent) as store:
        assert await store.sessions() == []


async def test_another_program_may_look_into_the_file(store: Store, file: Path) -> None:
    """It would delete the `-wal` when it is done, if nobody else seemed to have the file open."""
    for number in range(400):
        await put(store, S1, said(f"{number} " + "x" * 20_000))  # so that the file itself grows
    reads = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('pragma user_version')"
    for _ in range(3):
        done = await asyncio.create_subprocess_exec(sys.executable, "-c", reads, file)
        assert await done.wait() == 0
    await put(store, S1, said("after"))
    assert (await log_of(store))[-1].body == said("after").body
