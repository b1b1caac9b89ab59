"""Run by alembic. The connection, with its transaction, is given by `storage.sql.schema`."""

from alembic import context

from storage.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
