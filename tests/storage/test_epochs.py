"""The epoch of a database: kept in it, made anew by a restore, and when a copy is put back."""

import asyncio
import json
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.epoch import Epoch
from bridge.ports.surroundings import Surroundings
from storage.sql import epochs
from storage.sql.store import SqliteSection, sqlite
from tests.stores import AT, S1, opened, put, said

HOUR = timedelta(hours=1)


@dataclass
class At:
    """A clock that stands still at some time."""

    at: object = AT

    def now(self):
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


async def epoch_in(folder: Path, *words: str, copy: Path | None = None) -> Epoch:
    """Open the store in a folder, say something, perhaps copy it; return its epoch."""
    async with opened("sqlite", folder) as store:
        await store.create_session(S1, at=AT)
        if words:
            await put(store, S1, *map(said, words))
        if copy is not None:
            await store.backup(copy)
        return await store.epoch()


def restore(folder: Path, backup: Path, at: object = AT + HOUR) -> str:
    assert sqlite.restore is not None
    around = Surroundings(clock=At(at), data=folder)  # type: ignore[arg-type]
    return sqlite.restore(SqliteSection(), around, backup)


async def test_a_new_log_has_an_epoch_that_stays(tmp_path: Path) -> None:
    first = await epoch_in(tmp_path / "a")
    assert len(first.id) == epochs.DIGITS
    assert (first.began, first.heard) == (None, None)
    assert await epoch_in(tmp_path / "a") == first
    assert (await epoch_in(tmp_path / "b")).id != first.id


async def test_a_restore_begins_another_epoch(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    first = await epoch_in(tmp_path / "data", "a", copy=copy)
    await epoch_in(tmp_path / "data", "b")
    restore(tmp_path / "data", copy)
    second = await epoch_in(tmp_path / "data")
    assert second.id != first.id
    assert second.began == AT + HOUR
    assert await epoch_in(tmp_path / "data") == second, "it stays when it is opened again"
    restore(tmp_path / "data", copy)
    assert (await epoch_in(tmp_path / "data")).id not in {first.id, second.id}


async def test_people_may_have_been_heard_until_the_last_event_of_the_log_that_goes(
    tmp_path: Path,
) -> None:
    """What was said while the bridge was off before the restore was heard by nobody."""
    copy = tmp_path / "copy.db"
    await epoch_in(tmp_path / "data", "a", copy=copy)
    await epoch_in(tmp_path / "data", "b")
    restore(tmp_path / "data", copy)
    assert (await epoch_in(tmp_path / "data")).heard == AT + epochs.LATER


async def test_what_an_earlier_epoch_may_have_heard_stays_heard(tmp_path: Path) -> None:
    """Restoring a second, older copy at once does not forget the log that went first."""
    old, newer = tmp_path / "old.db", tmp_path / "newer.db"
    await epoch_in(tmp_path / "data", "a", copy=old)
    await epoch_in(tmp_path / "data", "b", copy=newer)
    (tmp_path / "data" / "bridge.db").write_bytes(b"")
    restore(tmp_path / "data", newer, at=AT + HOUR)
    restore(tmp_path / "data", old, at=AT + 2 * HOUR)
    heard = (await epoch_in(tmp_path / "data")).heard
    assert heard == AT + HOUR + epochs.LATER


async def test_where_nothing_is_known_of_the_log_before_it_may_have_heard_everything(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy.db"
    await epoch_in(tmp_path / "data", "a", copy=copy)
    (tmp_path / "data" / "bridge.db").write_bytes(b"this is no database at all" * 100)
    restore(tmp_path / "data", copy)
    assert (await epoch_in(tmp_path / "data")).heard == AT + HOUR


# -- a copy that was put back by hand -------------------------------------------------------------


async def test_a_backup_that_is_put_back_by_hand_begins_another_epoch(tmp_path: Path) -> None:
    """It is known by its mark, also where the bridge was not started since it was taken."""
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    first = await epoch_in(data, "a", copy=copy)
    shutil.copy(copy, data / "bridge.db")
    second = await epoch_in(data)
    assert second.id != first.id
    assert second.began == second.heard == AT
    assert await epoch_in(data) == second


async def test_a_file_that_was_copied_while_the_bridge_was_off_is_known_once_it_ran(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    first = await epoch_in(data, "a")
    shutil.copy(data / "bridge.db", tmp_path / "mine.db")
    shutil.copy(tmp_path / "mine.db", data / "bridge.db")
    assert await epoch_in(data) == first, "put back at once it is the same"
    shutil.copy(tmp_path / "mine.db", data / "bridge.db")
    assert (await epoch_in(data)).id != first.id


async def test_a_log_that_was_moved_here_or_ran_elsewhere_goes_on(tmp_path: Path) -> None:
    """Nothing says that it is older: a new epoch would leave questions unanswered."""
    data, other = tmp_path / "data", tmp_path / "other"
    first = await epoch_in(data, "a")
    other.mkdir()
    shutil.copy(data / "bridge.db", other / "bridge.db")
    assert await epoch_in(other) == first
    assert await epoch_in(other) == first
    shutil.copy(other / "bridge.db", data / "bridge.db")
    assert await epoch_in(data) == first


async def test_a_log_without_an_epoch_is_from_before_there_were_any(tmp_path: Path) -> None:
    """Its parts and offsets keep the names they have."""
    await epoch_in(tmp_path, "a")
    with sqlite3.connect(tmp_path / "bridge.db") as connection:
        connection.execute("DELETE FROM facts WHERE scope = 'store'")
    connection.close()
    (tmp_path / "bridge.db.mark").unlink()
    assert await epoch_in(tmp_path) == Epoch()
    assert await epoch_in(tmp_path) == Epoch()


@pytest.mark.parametrize("body", ["", "?", "[]", '{"epoch": 1}', json.dumps({"count": "x"})])
async def test_a_mark_that_cannot_be_read_suspects_nothing(tmp_path: Path, body: str) -> None:
    first = await epoch_in(tmp_path, "a")
    (tmp_path / "bridge.db.mark").write_text(body)
    assert await epoch_in(tmp_path) == first


async def test_a_mark_is_for_its_owner_only(tmp_path: Path) -> None:
    await epoch_in(tmp_path, "a")
    mode = await asyncio.to_thread((tmp_path / "bridge.db.mark").stat)
    assert mode.st_mode & 0o777 == 0o600
