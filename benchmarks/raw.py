"""sqlite3 by itself, doing what the store does for a batch of plain appends."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bridge.domain.codec import encode, kind_of
from bridge.domain.events import Body
from bridge.domain.ids import SessionId


class Raw:
    """Appends one body over and over to a database that our store has made."""

    def __init__(self, path: Path, body: Body) -> None:
        self._kind, self._body = kind_of(body), encode(body)
        self._thread = ThreadPoolExecutor(1)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")

    async def grouped(self, sessions: Sequence[SessionId], times: int) -> None:
        """Append to each of the sessions in one transaction, so many times."""
        loop = asyncio.get_running_loop()
        for _ in range(times):
            await loop.run_in_executor(self._thread, self._append, sessions)

    def close(self) -> None:
        self._thread.shutdown()
        self._connection.close()

    def _append(self, sessions: Sequence[SessionId]) -> None:
        run, now = self._connection, time.time_ns() // 1000
        run.execute("BEGIN IMMEDIATE")
        marks = ",".join("?" * len(sessions))
        rows = run.execute(
            f"SELECT session_id, head, open_run FROM sessions WHERE session_id IN ({marks})"
            " ORDER BY session_id",
            sessions,
        ).fetchall()
        run.executemany(
            "UPDATE sessions SET head = ?, open_run = ?, touched_at = ? WHERE session_id = ?",
            [(head + 1, open_run, now, session) for session, head, open_run in rows],
        )
        run.executemany(
            "INSERT INTO events (session_id, seq, at, type, body, key) VALUES (?, ?, ?, ?, ?, ?)",
            [(session, head + 1, now, self._kind, self._body, None) for session, head, _ in rows],
        )
        run.execute("COMMIT")
