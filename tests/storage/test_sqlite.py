"""SQLite as the embedded database: how it is set up, and what happens when it cannot be written."""

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.domain.errors import BridgeError, ConfigError, Refused, StoreUnavailable
from storage.sql import sqlite
from storage.sql.sqlite import SqliteDatabase
from tests.stores import AT, S1, log_of, opened, put, said, texts

LARGE = "x" * 50_000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "bridge.db")
    yield database
    await database.close()


async def refusal(folder: Path) -> str:
    """Return what is said when the store in this folder is opened."""
    with pytest.raises((ConfigError, StoreUnavailable)) as caught:
        async with opened("sqlite", folder):
            pass
    return str(caught.value)


# -- how it is set up -----------------------------------------------------------------------------


async def test_the_file_and_its_folder_are_for_their_owner_only(tmp_path):
    folder = tmp_path / "new" / "folder"
    async with opened("sqlite", folder) as store:
        await store.create_session(S1, at=AT)
        for name in ("bridge.db", "bridge.db-wal", "bridge.db-shm", "bridge.db.lock"):
            assert (folder / name).stat().st_mode & 0o777 == 0o600, name
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_commits_are_written_through_to_the_disk(database):
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2)):
        found = await database.write(
            lambda connection, name=pragma: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        )
        assert found == value


async def test_readers_cannot_write(database):
    with pytest.raises(BridgeError):
        await database.read(lambda connection: connection.exec_driver_sql("CREATE TABLE t (a)"))


async def test_a_write_that_fails_leaves_nothing(database):
    def half(connection):
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        raise Refused("no")

    await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE t (a)"))
    with pytest.raises(Refused):
        await database.write(half)
    count = "SELECT count(*) FROM t"
    assert await database.read(lambda found: found.exec_driver_sql(count).scalar()) == 0


async def test_what_was_kept_is_there_when_it_is_opened_again(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("a"), said("b"))
    async with opened("sqlite", tmp_path) as store:
        assert texts(await log_of(store)) == ["a", "b"]
        assert await store.head(S1) == 2


async def test_nothing_but_the_file_its_lock_and_its_mark_is_left_when_it_is_closed(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "bridge.db",
        "bridge.db.lock",
        "bridge.db.mark",
    ]


# -- what cannot be opened ------------------------------------------------------------------------


async def test_what_is_no_database_is_named(tmp_path):
    (tmp_path / "bridge.db").write_text("Dear diary, " * 1000)
    said_ = await refusal(tmp_path)
    assert f"{tmp_path}/bridge.db" in said_
    assert "not a SQLite database" in said_


async def test_a_database_of_something_else_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "bridge.db") as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()
    assert "of something else" in await refusal(tmp_path)


async def test_a_damaged_database_asks_for_a_backup(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        for n in range(50):
            await put(store, S1, said(f"{n} {LARGE}"))
    file = tmp_path / "bridge.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    said_ = await refusal(tmp_path)
    assert "damaged: restore a backup" in said_


async def test_a_folder_is_no_database(tmp_path):
    (tmp_path / "bridge.db").mkdir()
    assert "cannot be written" in await refusal(tmp_path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert f"{tmp_path}/file/deeper" in await refusal(tmp_path / "file" / "deeper")


OPEN = """
import asyncio, sys
from pathlib import Path
from bridge.domain.errors import BridgeError
from tests.stores import AT, S1, S2, log_of, opened, put, said

async def main():
    async with opened("sqlite", Path(sys.argv[1])) as store:
        {work}

try:
    asyncio.run(main())
except BridgeError as error:
    print(type(error).__name__, error)
"""


def in_another_process(folder: Path, work: str = "pass", **how) -> str:
    script = OPEN.format(work=work)
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, **how)
    return done.stdout


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anyone can reach and write."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user whom permissions bind, if we are root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


async def test_a_file_that_may_not_be_written_is_said_to_be_so(open_folder):
    async with opened("sqlite", open_folder) as store:
        await store.create_session(S1, at=AT)
    (open_folder / "bridge.db").chmod(0o444)
    (open_folder / "bridge.db.lock").chmod(0o666)
    with as_nobody():
        said_ = await refusal(open_folder)
    assert "bridge.db cannot be written: Permission denied" in said_


async def test_a_folder_that_may_not_be_written_is_said_to_be_so(open_folder):
    folder = open_folder / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    with as_nobody():
        said_ = await refusal(folder)
    assert "Permission denied" in said_


# -- a full disk ----------------------------------------------------------------------------------


def limit_pages(pages: int):
    """Return work that makes the writing connection's disk this large, in pages of 4 KiB."""
    return lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").all()


async def fill(store) -> tuple[int, str]:
    """Append until it fails; return how many were acknowledged, and what was said then."""
    for kept in range(1000):
        try:
            await put(store, S1, said(f"{kept} {LARGE}"))
        except StoreUnavailable as error:
            return kept, str(error)
    raise AssertionError("the disk is never full")


async def test_a_full_disk_is_said_and_loses_nothing_that_was_acknowledged(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        await store._database.write(limit_pages(100))
        kept, why = await fill(store)
        assert kept > 0
        assert "the disk is full: free some space" in why
        assert len(await log_of(store)) == kept
        await store._database.write(limit_pages(100_000))
        await store.check()
        await put(store, S1, said("goes on"))
        await store.check()
    async with opened("sqlite", tmp_path) as store:
        events = await log_of(store)
        assert [event.seq for event in events] == list(range(1, kept + 2))


async def test_only_what_is_too_large_for_the_disk_fails(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        await store._database.write(limit_pages(100))
        words = ["a", "x" * 2_000_000, "b"]
        results = await asyncio.gather(
            *[put(store, S1, said(each)) for each in words], return_exceptions=True
        )
        assert [isinstance(each, StoreUnavailable) for each in results] == [False, True, False]
        assert texts(await log_of(store)) == ["a", "b"]


FILL = """await store.create_session(S1, at=AT)
        kept = 0
        try:
            while kept < 1000:
                await put(store, S1, said("x" * 20_000))
                kept += 1
        except BridgeError as error:
            print(kept, type(error).__name__, error)"""


async def test_a_file_that_may_not_grow_loses_nothing_that_was_acknowledged(tmp_path):
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    said_ = in_another_process(tmp_path, FILL, preexec_fn=limited)
    kept, error, *_ = said_.split()
    assert (0 < int(kept) < 1000, error) == (True, "StoreUnavailable")
    async with opened("sqlite", tmp_path) as store:
        assert len(await log_of(store)) >= int(kept)


# -- another program ------------------------------------------------------------------------------


async def test_a_file_that_another_program_holds_is_said_to_be_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.05)
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        shell = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another program holds the database locked"):
            await put(store, S1, said("a"))
        with pytest.raises(StoreUnavailable, match="another program"):
            await store.check()
        shell.execute("COMMIT")
        shell.close()
        await store.check()
        await put(store, S1, said("b"))
        assert texts(await log_of(store)) == ["b"]


async def test_a_value_that_is_too_large_for_a_column_is_refused(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        calls = [store.settle(S1, head=2**70, due_at=None), put(store, S1, said("a"))]
        refused, kept = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(refused, Refused)
        assert len(kept) == 1


KEEP_ON = """await store.create_session(S1, at=AT)
        for n in range(100_000):
            await put(store, S1, said(f"{n}.a"), said(f"{n}.b"))
            print(n, flush=True)"""


def killed_while_it_writes(folder: Path) -> int:
    """Return the last append that a killed process saw acknowledged."""
    command = [sys.executable, "-c", OPEN.format(work=KEEP_ON), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(30)]
        process.kill()
        seen += process.stdout.readlines()
    return int(seen[-1])


async def test_a_kill_in_mid_write_leaves_whole_appends(tmp_path):
    acknowledged = killed_while_it_writes(tmp_path)
    async with opened("sqlite", tmp_path) as store:
        found = texts(await log_of(store))
    assert found == [f"{n}.{half}" for n in range(len(found) // 2) for half in "ab"]
    assert len(found) >= 2 * (acknowledged + 1)


async def test_a_copy_of_the_file_made_by_hand_is_a_database(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(tmp_path / "bridge.db", tmp_path / "elsewhere")
    async with opened("sqlite", tmp_path / "elsewhere") as store:
        assert await store.head(S1) == 0
