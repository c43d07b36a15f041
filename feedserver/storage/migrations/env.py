"""What Alembic runs: migrations on the connection it was handed, inside the caller's transaction."""

from alembic import context

from feedserver.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
