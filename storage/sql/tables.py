"""The tables, the same on SQLite and PostgreSQL.

Times are integer microseconds since 1970 in UTC. Every primary key of session data begins with
`session_id`, so that partitioning by session needs no rewrite. A change here comes with a
migration in `storage/migrations/versions`; a test holds the two against each other.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    Index,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

from storage.text_cleaning import clean_or_none

METADATA = MetaData()


class Words(TypeDecorator[str]):
    """Text, cleaned of what no database takes on its way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return clean_or_none(value)


def _table(name: str, *parts: Column[object] | Index) -> Table:
    return Table(name, METADATA, *parts, sqlite_with_rowid=False)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[object]:
    return Column(name, Words, primary_key=key, nullable=null)


def _number(name: str, *, key: bool = False, null: bool = False) -> Column[object]:
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _flag(name: str) -> Column[object]:
    return Column(name, Boolean, nullable=False)


PARTIAL: list[tuple[Index, str]] = []
"""The partial indexes; PostgreSQL is told of the condition only where it is used, as its dialect
takes long to import."""


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    index = Index(name, *columns, unique=unique, sqlite_where=text(where))
    PARTIAL.append((index, where))
    return index


# -- the log --------------------------------------------------------------------------------------

sessions = _table(
    "sessions",
    _text("session_id", key=True),
    _number("head"),
    _text("open_run", null=True),
    _number("settled"),
    _number("due_at", null=True),
    _text("title"),
    _flag("archived"),
    _number("created_at"),
    _number("touched_at"),
    _number("generation"),
    Index("sessions_touched", "touched_at"),
    _partial("sessions_unsettled", "session_id", where="settled <> head"),
    _partial("sessions_due", "due_at", where="due_at IS NOT NULL"),
)

events = Table(
    "events",
    METADATA,
    _text("session_id", key=True),
    _number("seq", key=True),
    _number("at"),
    _text("type"),
    _text("body"),
    _text("key", null=True),
    _partial("events_key", "session_id", "key", where="key IS NOT NULL", unique=True),
)

inbox = _table(
    "inbox",
    _text("account", key=True),
    _text("external_id", key=True),
    _text("session_id"),
    _text("seqs"),
    _text("reply", null=True),
    _flag("refused"),
    _number("at"),
)

producers = _table(
    "producers",
    _text("session_id", key=True),
    _text("producer", key=True),
    _number("epoch"),
    _number("seq"),
)

snapshots = Table(
    "snapshots", METADATA, _text("session_id", key=True), _number("seq"), _text("body")
)

schedules = _table(
    "schedules",
    _text("session_id", key=True),
    _text("schedule_id", key=True),
    _number("next_slot"),
    Index("schedules_next", "next_slot"),
)

usage = _table(
    "usage",
    _text("session_id", key=True),
    _text("run_id", key=True),
    _text("day"),
    _text("participant_id", null=True),
    _text("agent"),
    _text("model"),
    _number("input_tokens"),
    _number("output_tokens"),
    Column("cost", Double, nullable=True),
    Index("usage_day", "day"),
)

# -- places and what they were shown --------------------------------------------------------------

conversations = _table(
    "conversations",
    _text("conversation_id", key=True),
    _text("channel"),
    _text("place"),
    _flag("room"),
    _text("title"),
    _text("session_id", null=True),
    _number("created_at"),
    Index("conversations_place", "channel", "place", unique=True),
    _partial("conversations_session", "session_id", where="session_id IS NOT NULL"),
)

lanes = _table(
    "lanes",
    _text("session_id", key=True),
    _text("conversation_id", key=True),
    _number("cursor"),
    _number("due_at", null=True),
    _number("tries"),
    _text("last_error"),
    _flag("suspended"),
    Index("lanes_conversation", "conversation_id", unique=True),
)

receipts = Table(  # with rowids: clustered by its key, SQLite would not use the indexes below
    "receipts",
    METADATA,
    _text("session_id", key=True),
    _text("conversation_id", key=True),
    _text("part", key=True),
    _number("source"),
    _number("upto"),
    _number("span_start"),
    _number("span_end"),
    _text("state"),
    _number("at"),
    _text("message", null=True),
    _text("why"),
    _text("code"),
    _number("tries"),
    Index("receipts_source", "session_id", "conversation_id", "source"),
    _partial("receipts_message", "conversation_id", "message", where="message IS NOT NULL"),
    _partial(
        "receipts_unsettled",
        "session_id",
        "conversation_id",
        "state",
        where="state IN ('attempted', 'owed')",
    ),
)

facts = _table("facts", _text("scope", key=True), _text("key", key=True), _text("value"))

# -- people ---------------------------------------------------------------------------------------

participants = _table(
    "participants", _text("participant_id", key=True), _text("name"), _number("created_at")
)

identities = _table(
    "identities",
    _text("realm", key=True),
    _text("user_id", key=True),
    _text("participant_id"),
    _number("created_at"),
)

tokens = _table(
    "tokens",
    _text("digest", key=True),
    _text("participant_id"),
    _text("label"),
    _number("created_at"),
    Index("tokens_participant", "participant_id", "label"),
)
