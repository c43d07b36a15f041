"""When the content of a thought last changed (null: never), and whole seconds for when it was received."""

import sqlalchemy as sa
from alembic import op

revision = "1002"
down_revision = "1001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    whole = "substr(received_at, 1, 19) || '.000000'" if is_sqlite else "date_trunc('second', received_at)"
    op.execute(f"UPDATE thoughts SET received_at = {whole}")  # noqa: S608 - no value from outside
