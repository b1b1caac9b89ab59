"""Backups of a SQLite database, taken while it is in use, and put back."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError, Refused, StoreUnavailable
from storage.sql.store import SqliteSection, sqlite
from tests.stores import AT, S1, log_of, opened, put, said, surroundings, texts


def restore(folder: Path, backup: Path) -> str:
    assert sqlite.restore is not None
    return sqlite.restore(SqliteSection(), surroundings(folder), backup)


def refusal(folder: Path, backup: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        restore(folder, backup)
    return str(caught.value)


async def kept_in(folder: Path) -> list[str]:
    async with opened("sqlite", folder) as store:
        return texts(await log_of(store))


async def fill(folder: Path, *words: str) -> None:
    async with opened("sqlite", folder) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, *[said(each) for each in words])


async def backup_of(folder: Path, to: Path) -> None:
    async with opened("sqlite", folder) as store:
        await store.backup(to)


# -- taking one -----------------------------------------------------------------------------------


async def test_a_backup_is_one_file_with_everything_in_it_for_its_owner_only(tmp_path):
    await fill(tmp_path / "data", "a", "b")
    await backup_of(tmp_path / "data", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "data"]
    (tmp_path / "new").mkdir()
    (tmp_path / "copy.db").rename(tmp_path / "new" / "bridge.db")
    assert await kept_in(tmp_path / "new") == ["a", "b"]


async def test_a_backup_taken_while_it_is_written_is_whole(tmp_path):
    async with opened("sqlite", tmp_path) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, *[said(str(n)) for n in range(500)])
        writing = [
            asyncio.create_task(put(store, S1, said("pair"), said("pair"))) for _ in range(300)
        ]
        await store.backup(tmp_path / "copy.db")
        await asyncio.gather(*writing)
    restore(tmp_path / "new", tmp_path / "copy.db")
    found = await kept_in(tmp_path / "new")
    assert found[:500] == [str(n) for n in range(500)]
    assert len(found) % 2 == 0
    assert set(found[500:]) <= {"pair"}


async def test_a_backup_replaces_no_file(tmp_path):
    (tmp_path / "copy.db").write_text("mine")
    async with opened("sqlite", tmp_path / "data") as store:
        with pytest.raises(Refused, match=r"copy\.db is there already: name a new file"):
            await store.backup(tmp_path / "copy.db")
        with pytest.raises(Refused, match="there already"):
            await store.backup(tmp_path / "data" / "bridge.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


async def test_a_backup_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path):
    async with opened("sqlite", tmp_path / "data") as store:
        with pytest.raises(StoreUnavailable, match="could not be written"):
            await store.backup(tmp_path / "nowhere" / "copy.db")
        await store.check()
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


# -- putting it back ------------------------------------------------------------------------------


async def test_a_restored_backup_is_what_the_store_holds_then(tmp_path):
    await fill(tmp_path / "data", "a")
    await backup_of(tmp_path / "data", tmp_path / "copy.db")
    await fill(tmp_path / "data", "b")
    done = restore(tmp_path / "data", tmp_path / "copy.db")
    aside = tmp_path / "data" / "bridge.db.replaced-20260102T030405Z"
    assert f"what was there before is {aside}" in done
    assert await kept_in(tmp_path / "data") == ["a"]
    assert (tmp_path / "copy.db").exists()


async def test_what_was_there_before_is_kept_aside_and_whole(tmp_path):
    await fill(tmp_path / "data", "a")
    await backup_of(tmp_path / "data", tmp_path / "copy.db")
    await fill(tmp_path / "data", "b")
    restore(tmp_path / "data", tmp_path / "copy.db")
    (tmp_path / "old").mkdir()
    aside = tmp_path / "data" / "bridge.db.replaced-20260102T030405Z"
    aside.rename(tmp_path / "old" / "bridge.db")
    assert await kept_in(tmp_path / "old") == ["a", "b"]


async def test_a_backup_is_restored_where_nothing_was(tmp_path):
    await fill(tmp_path / "data", "a")
    await backup_of(tmp_path / "data", tmp_path / "copy.db")
    done = restore(tmp_path / "new", tmp_path / "copy.db")
    assert "before" not in done
    assert await kept_in(tmp_path / "new") == ["a"]
    assert (tmp_path / "new" / "bridge.db").stat().st_mode & 0o777 == 0o600


async def test_a_store_in_use_is_not_replaced(tmp_path):
    await fill(tmp_path / "data", "a")
    await backup_of(tmp_path / "data", tmp_path / "copy.db")
    async with opened("sqlite", tmp_path / "data") as store:
        assert "is in use by bridge process" in refusal(tmp_path / "data", tmp_path / "copy.db")
        await put(store, S1, said("b"))
    assert await kept_in(tmp_path / "data") == ["a", "b"]


@pytest.mark.parametrize("words", ["", "not a database at all" * 1000])
async def test_what_is_no_backup_is_not_restored(tmp_path, words):
    await fill(tmp_path / "data", "a")
    (tmp_path / "copy.db").write_text(words)
    assert "is not a backup of a bridge" in refusal(tmp_path / "data", tmp_path / "copy.db")
    assert await kept_in(tmp_path / "data") == ["a"]


async def test_a_backup_that_is_not_there_is_not_restored(tmp_path):
    assert "is not a backup" in refusal(tmp_path / "data", tmp_path / "nowhere.db")
    assert not (tmp_path / "nowhere.db").exists()


async def test_a_database_of_something_else_is_not_restored(tmp_path):
    other = sqlite3.connect(tmp_path / "copy.db")
    other.execute("CREATE TABLE recipes (name)")
    other.close()
    assert "is not a backup of a bridge" in refusal(tmp_path / "data", tmp_path / "copy.db")


async def test_a_damaged_backup_is_not_restored(tmp_path):
    await fill(tmp_path / "data", *[str(n) * 3000 for n in range(50)])
    await backup_of(tmp_path / "data", tmp_path / "copy.db")
    whole = (tmp_path / "copy.db").read_bytes()
    half = len(whole) // 2
    (tmp_path / "copy.db").write_bytes(whole[:half] + b"\xff" * 8192 + whole[half + 8192 :])
    refused = refusal(tmp_path / "data", tmp_path / "copy.db")
    assert "damaged" in refused or "is not a backup" in refused
    assert len(await kept_in(tmp_path / "data")) == 50


async def test_a_backup_from_a_newer_bridge_is_not_restored(tmp_path):
    await fill(tmp_path / "data", "a")
    await backup_of(tmp_path / "data", tmp_path / "copy.db")
    newer = sqlite3.connect(tmp_path / "copy.db")
    with newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    refused = refusal(tmp_path / "data", tmp_path / "copy.db")
    assert "version 9999, from a newer bridge: upgrade Bridgehead first" in refused


async def test_the_database_itself_is_not_restored_over_itself(tmp_path):
    await fill(tmp_path, "a")
    assert "is the database itself" in refusal(tmp_path, tmp_path / "bridge.db")
    assert await kept_in(tmp_path) == ["a"]


async def test_a_database_that_was_killed_is_kept_aside_with_what_it_had_not_merged(tmp_path):
    data = tmp_path / "data"
    await fill(data, "a")
    await backup_of(data, tmp_path / "copy.db")
    for companion in ("-wal", "-shm"):
        (data / f"bridge.db{companion}").write_bytes(b"")
    restore(data, tmp_path / "copy.db")
    names = sorted(each.name for each in data.iterdir())
    aside = "bridge.db.replaced-20260102T030405Z"
    assert names == [
        "bridge.db",
        "bridge.db.lock",
        "bridge.db.mark",
        aside,
        f"{aside}-shm",
        f"{aside}-wal",
    ]
