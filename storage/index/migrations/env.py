"""Alembic's environment: it runs on the connection that the index hands over, never from a configuration file."""

from alembic import context

from storage.index.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
