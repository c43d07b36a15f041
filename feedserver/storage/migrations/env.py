"""What Alembic runs: migrations on the connection it was handed, inside the caller's transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
