"""What runs used, by day, session, person and agent."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "usage",
        sa.Column("session_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("run_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_index("usage_day", "usage", ["day"])
