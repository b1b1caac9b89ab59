"""What the bridge's database says, read past the bridge: logs, places, lanes and receipts."""

import asyncio
import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg

from bridge.delivery.shown_receipts import is_loss
from bridge.domain.ids import PartId
from tests.chaos.ledger import Entry, Kind, Log, Message, Place, Recap

QUERIES = {
    "sessions": "SELECT session_id, head, open_run FROM sessions",
    "events": "SELECT session_id, seq, type, body FROM events ORDER BY session_id, seq",
    "conversations": "SELECT conversation_id, channel, place, room, session_id FROM conversations",
    "lanes": "SELECT session_id, conversation_id, cursor, suspended, tries, last_error FROM lanes",
    "receipts": "SELECT session_id, conversation_id, part, source, upto, state, code FROM receipts",
}
SHOWN = frozenset({"sent", "submitted", "delivered", "read"})
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Book:
    """The rows as they stood at one moment."""

    rows: Mapping[str, Sequence[Row]]

    @cached_property
    def bodies(self) -> Sequence[tuple[Row, Mapping[str, Any]]]:
        return [(row, json.loads(row["body"])) for row in self.rows["events"]]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The places by the ids of their conversations."""
        known = self.rows["conversations"]
        return {row["conversation_id"]: f"{row['channel']}:{row['place']}" for row in known}

    def following(self) -> Mapping[str, str]:
        """Return which session each place follows."""
        rows = [row for row in self.rows["conversations"] if row["session_id"]]
        return {self.names[row["conversation_id"]]: row["session_id"] for row in rows}

    def entries(self) -> list[Entry]:
        return [entry for row, body in self.bodies if (entry := self._entry(row, body))]

    def _entry(self, row: Row, body: Mapping[str, Any]) -> Entry | None:
        place, kind = "", "answer"
        match row["type"]:
            case "message_received":
                kind, place = "word", self.names.get(body["conversation"], "?")
                text = body["content"].get("text", "")
            case "message_composed":
                kind = "notice" if body.get("kind") == "notice" else "answer"
                text = body["content"].get("text", "")
            case "question_asked":
                kind, text = "card", body["text"]
            case _:
                return None
        shape: Kind = kind  # type: ignore[assignment]
        return Entry(session=row["session_id"], seq=row["seq"], kind=shape, text=text, place=place)

    def open_questions(self) -> int:
        asked = {body["question"] for row, body in self.bodies if row["type"] == "question_asked"}
        over = {body["question"] for row, body in self.bodies if row["type"] == "question_closed"}
        return len(asked - over)

    def logs(self) -> list[Log]:
        seqs: dict[str, list[int]] = defaultdict(list)
        for row in self.rows["events"]:
            seqs[row["session_id"]].append(row["seq"])
        return [
            Log(
                session=row["session_id"],
                head=row["head"],
                seqs=seqs[row["session_id"]],
                open_run=row["open_run"] or "",
            )
            for row in self.rows["sessions"]
        ]

    def state(self) -> object:
        """Return something that changes whenever anything here does."""
        rows = [self.rows[name] for name in ("sessions", "lanes", "receipts")]
        return [[tuple(each) for each in found] for found in rows]

    # -- the places

    def places(self, shown: Mapping[str, Sequence[Message]]) -> list[Place]:
        """Return every place that follows a session; `shown` is what each shows."""
        left, since, following = self.left(), self._since(), self.following()
        receipts: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows["receipts"]:
            receipts[row["conversation_id"]].append(row)
        found = []
        for conversation in self.rows["conversations"]:
            identity = conversation["conversation_id"]
            name = self.names[identity]
            if name not in following or name not in shown:
                continue
            mine = [each for each in receipts[identity] if each["session_id"] == following[name]]
            place = Place(
                name=name,
                session=following[name],
                since=since.get(identity, 0),
                room=bool(conversation["room"]),
                messages=shown[name],
                recaps=[
                    Recap(first=each["source"], upto=each["upto"])
                    for each in mine
                    if is_recap(each["part"]) and each["state"] in SHOWN
                ],
                left=left.get(name, ""),
                said=_said(mine),
            )
            found.append(place)
        return found

    def _since(self) -> Mapping[str, int]:
        linked = [(row, body) for row, body in self.bodies if row["type"] == "conversation_linked"]
        return {body["conversation"]: row["seq"] for row, body in linked}

    def left(self) -> Mapping[str, str]:
        """Return what each lane has still to do, if anything."""
        heads = {row["session_id"]: row["head"] for row in self.rows["sessions"]}
        found: dict[str, list[str]] = defaultdict(list)
        for row in self.rows["lanes"]:
            name = self.names.get(row["conversation_id"], "?")
            behind = heads.get(row["session_id"], 0) - row["cursor"]
            if behind:
                tries = f"{row['tries']} tries: {row['last_error']}"
                found[name].append(f"{behind} behind, {tries}")
            if row["suspended"]:
                found[name].append("suspended")
        for row in self.rows["receipts"]:
            if row["state"] in {"attempted", "owed"}:
                name = self.names.get(row["conversation_id"], "?")
                found[name].append(f"{row['part']} {row['state']}")
        return {name: "; ".join(each[:4]) for name, each in found.items()}


def is_recap(part: str) -> bool:
    """Say whether a part is a recap, and not the line which tells that one may be missing."""
    return part.startswith("recap:") and not is_loss(PartId(part))


def _said(receipts: Sequence[Row]) -> Mapping[int, str]:
    found: dict[int, list[str]] = defaultdict(list)
    for row in receipts:
        code = f" ({row['code']})" if row["code"] else ""
        found[row["source"]].append(f"{row['part']} {row['state']}{code}")
    return {seq: ", ".join(each[:3]) for seq, each in found.items()}


async def read(where: str) -> Book:
    """Read a database, at a PostgreSQL's URL or in an SQLite file."""
    if where.startswith("postgresql:"):
        return await _postgres(where)
    return await asyncio.to_thread(_sqlite, Path(where))


async def _postgres(url: str) -> Book:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return Book({name: await connection.fetch(each) for name, each in QUERIES.items()})
    finally:
        await connection.close()


def _sqlite(path: Path) -> Book:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        return Book({name: connection.execute(each).fetchall() for name, each in QUERIES.items()})
