"""The first tables.

Revision ID: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of version 0001, as it stood then."""
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("open_run", sa.Text(), nullable=True),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("sessions_due", "sessions", ["due_at"], **_where("due_at IS NOT NULL"))
    op.create_index("sessions_touched", "sessions", ["touched_at"])
    op.create_index("sessions_unsettled", "sessions", ["session_id"], **_where("settled <> head"))
    op.create_table(
        "events",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
    )
    op.create_index(
        "events_key", "events", ["session_id", "key"], unique=True, **_where("key IS NOT NULL")
    )
    op.create_table(
        "inbox",
        sa.Column("account", sa.Text(), primary_key=True, nullable=False),
        sa.Column("external_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("seqs", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "producers",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("producer", sa.Text(), primary_key=True, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshots",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "schedules",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("schedule_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("next_slot", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("schedules_next", "schedules", ["next_slot"])
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("room", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("conversations_place", "conversations", ["channel", "place"], unique=True)
    op.create_index(
        "conversations_session", "conversations", ["session_id"], **_where("session_id IS NOT NULL")
    )
    op.create_table(
        "lanes",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("conversation_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("lanes_conversation", "lanes", ["conversation_id"], unique=True)
    op.create_table(
        "receipts",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("conversation_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("part", sa.Text(), primary_key=True, nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("span_start", sa.BigInteger(), nullable=False),
        sa.Column("span_end", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "receipts_message",
        "receipts",
        ["conversation_id", "message"],
        **_where("message IS NOT NULL"),
    )
    op.create_index("receipts_source", "receipts", ["session_id", "conversation_id", "source"])
    op.create_index(
        "receipts_unsettled",
        "receipts",
        ["session_id", "conversation_id", "state"],
        **_where("state IN ('attempted', 'owed')"),
    )
    op.create_table(
        "facts",
        sa.Column("scope", sa.Text(), primary_key=True, nullable=False),
        sa.Column("key", sa.Text(), primary_key=True, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "participants",
        sa.Column("participant_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identities",
        sa.Column("realm", sa.Text(), primary_key=True, nullable=False),
        sa.Column("user_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.Text(), primary_key=True, nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("tokens_participant", "tokens", ["participant_id", "label"])


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
