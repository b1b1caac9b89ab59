"""Which version a database is of, and how it gets to ours.

A new database is made from the tables at once. An older one is brought up by alembic, which is
imported only then. A newer one, or one that is not ours, is left alone.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
    update,
)

from bridge.domain.errors import ConfigError
from storage.sql.tables import METADATA

_alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The revisions there are, oldest first, and the folder of their migrations."""

    revisions: tuple[str, ...]
    migrations: Path


SCHEMA = Schema(revisions=("0001", "0002"), migrations=Path(__file__).parents[1] / "migrations")


def version_of(connection: Connection, schema: Schema) -> str | None:
    """Return the database's version, None for an empty one.

    Raises `ConfigError` when it is from a newer bridge, or no database of a bridge.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables or "sessions" not in tables:
        raise ConfigError("this is a database of something else: name one that is empty")
    version: str | None = connection.execute(select(_alembic_version.c.version_num)).scalar()
    if version not in schema.revisions:
        raise ConfigError(
            f"the database is of version {version}, from a newer bridge"
            f" (this one knows up to {schema.revisions[-1]}): upgrade Bridgehead"
        )
    return version


def look(connection: Connection) -> None:
    """Read something small, to see whether reading works."""
    connection.execute(select(_alembic_version.c.version_num)).scalar()


def touch(connection: Connection) -> None:
    """Write something small, to see whether writing works."""
    same = update(_alembic_version).values(version_num=_alembic_version.c.version_num)
    connection.execute(same)


def create(connection: Connection, schema: Schema) -> None:
    """Make the tables in an empty database."""
    METADATA.create_all(connection)
    _alembic_version.create(connection, checkfirst=False)
    connection.execute(insert(_alembic_version).values(version_num=schema.revisions[-1]))


def upgrade(connection: Connection, schema: Schema) -> None:
    """Bring an older database up to our version, in the connection's own transaction."""
    from alembic import command  # noqa: PLC0415 - slow to import, and needed once per upgrade
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(schema.migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, schema.revisions[-1])
