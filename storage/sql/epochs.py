"""Which epoch a database is in, and how a copy that was put back by hand is known.

The rules:

- The epoch stands in the database. `bridge restore` begins a new one in what it puts back.
- A file beside the database, the mark, says which epoch the database was in and how often it was
  opened, closed or copied. The database counts the same, first. So a database that has counted
  less than its mark is an older one: it was put back by hand, and a new epoch begins too.
- A database that has counted more was used elsewhere meanwhile, and one without a mark was brought
  here: neither is known to be older, and it goes on as it is.
"""

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bridge.domain.epoch import Epoch
from storage.sql.directory import find_fact, write_fact
from storage.sql.ops import KeepFact
from storage.sql.rows import micros, micros_or_none, moment_or_none

SCOPE = "store"
EPOCH, COUNT = "epoch", "count"
_KEPT = f"SELECT key, value FROM facts WHERE scope = '{SCOPE}'"  # noqa: S608 - our own word
"""Literal: to build the query took longer than to ask it."""

DIGITS = 16
LATER = timedelta(minutes=1)
"""A message heard last may have been said a little later, by the platform's clock, than we heard
it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochMark:
    """`began` is in microseconds, 0 for an epoch that no restore began."""

    epoch: str = ""
    began: int = 0
    count: int = 0

    def is_older_than(self, other: "EpochMark") -> bool:
        return (self.began, self.count) < (other.began, other.count)


def fresh(now: datetime | None = None, heard: datetime | None = None) -> Epoch:
    """Return an epoch that there never was; with a time, one that a restore begins."""
    return Epoch(id=f"{secrets.randbelow(10**DIGITS - 1) + 1:0{DIGITS}d}", began=now, heard=heard)


# -- in the database ------------------------------------------------------------------------------


def epoch_of(connection: Connection) -> Epoch:
    return parsed(find_fact(connection, SCOPE, EPOCH))


def mark_of(connection: Connection) -> EpochMark:
    """Return what the database says of itself, by one statement: it is asked before each commit."""
    kept = {row.key: row.value for row in connection.exec_driver_sql(_KEPT)}
    epoch, count = parsed(kept.get(EPOCH)), int(kept.get(COUNT, 0))
    return EpochMark(epoch=epoch.id, began=micros(epoch.began) if epoch.began else 0, count=count)


def begin(connection: Connection, epoch: Epoch) -> None:
    write_fact(connection, KeepFact(scope=SCOPE, key=EPOCH, value=written(epoch)))


def counted(connection: Connection) -> EpochMark:
    """Count once more; return the mark that the file beside it is to have."""
    count = mark_of(connection).count + 1
    write_fact(connection, KeepFact(scope=SCOPE, key=COUNT, value=str(count)))
    return mark_of(connection)


def is_put_back(connection: Connection, beside: EpochMark | None) -> bool:
    """Say whether the database is older than the one that its mark was made for.

    One that was just made, and never counted, is none that was put back.
    """
    mine = mark_of(connection)
    is_new = bool(mine.epoch) and not mine.count
    return beside is not None and not is_new and mine.is_older_than(beside)


def written(epoch: Epoch) -> str:
    began, heard = micros_or_none(epoch.began), micros_or_none(epoch.heard)
    return json.dumps({"id": epoch.id, "began": began, "heard": heard})


def parsed(text: str | None) -> Epoch:
    """Return the epoch as it was written; one without a name for a database older than epochs."""
    if text is None:
        return Epoch()
    kept = json.loads(text)
    began, heard = moment_or_none(kept["began"]), moment_or_none(kept["heard"])
    return Epoch(id=kept["id"], began=began, heard=heard)


# -- beside it ------------------------------------------------------------------------------------


def read_mark(file: Path) -> EpochMark | None:
    """Return what the file says; None where there is none, or none that can be read."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(file.read_text())
        return EpochMark(
            epoch=str(kept["epoch"]), began=int(kept["began"]), count=int(kept["count"])
        )
    return None


def write_mark(file: Path, mark: EpochMark) -> None:
    """Keep a mark. Where that fails the older one stays, which suspects nothing."""
    body = json.dumps({"epoch": mark.epoch, "began": mark.began, "count": mark.count})
    whole = file.with_name(f"{file.name}.new")
    with suppress(OSError):
        whole.write_text(body)
        whole.chmod(0o600)
        whole.replace(file)
