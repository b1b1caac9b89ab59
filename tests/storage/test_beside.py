"""What may take long is read beside the hot path, and keeps nobody waiting."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from bridge.domain.errors import StoreError
from storage.sql.sqlite import SqliteDatabase

SLOW = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000)
SELECT count(*) FROM n"""

CUT_OFF = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import text
from storage.sql.sqlite import SqliteDatabase
async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    await database.write(lambda c: c.execute(text("CREATE TABLE t (i INTEGER)")))
    await database.browse(lambda c: c.execute(text("SELECT * FROM t")).all())
    raise SystemExit(3)  # nothing is closed
asyncio.run(main())
"""


async def test_long_reads_hold_up_neither_reads_nor_writes(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "bridge.db")
    await database.write(lambda c: c.execute(text("CREATE TABLE t (i INTEGER)")))
    long = [
        asyncio.create_task(database.browse(lambda c: c.execute(text(SLOW)).scalar()))
        for _ in range(4)
    ]
    await asyncio.sleep(0.05)
    await database.write(lambda c: c.execute(text("INSERT INTO t VALUES (1)")))
    assert await database.read(lambda c: c.execute(text("SELECT i FROM t")).scalar()) == 1
    assert not any(each.done() for each in long)
    assert await asyncio.gather(*long) == [3_000_000] * 4
    assert await database.browse(lambda c: c.execute(text("SELECT i FROM t")).scalar()) == 1
    await database.close()


async def test_nothing_is_written_beside_the_hot_path(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "bridge.db")
    await database.write(lambda c: c.execute(text("CREATE TABLE t (i INTEGER)")))
    with pytest.raises(StoreError):
        await database.browse(lambda c: c.execute(text("INSERT INTO t VALUES (1)")))
    await database.close()


def test_a_process_that_closes_nothing_does_not_hang(tmp_path: Path) -> None:
    """The threads of aiosqlite would keep it."""
    command = [sys.executable, "-c", CUT_OFF, str(tmp_path / "bridge.db")]
    assert subprocess.run(command, check=False, timeout=30).returncode == 3
