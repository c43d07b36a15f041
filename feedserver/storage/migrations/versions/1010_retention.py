"""How many bytes a thought takes, and hashes of removed pairs."""

import sqlalchemy as sa
from alembic import op

revision = "1010"
down_revision = "1009"
branch_labels = None
depends_on = None

_TEXTS = ("source", "target", "author_name", "author_url", "title", "excerpt", "pending_content")


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    length = "coalesce(length(CAST({} AS BLOB)), 0)" if is_sqlite else "coalesce(octet_length({}), 0)"
    terms = [f"2 * {length.format(name)}" for name in _TEXTS] + [f"9 * {length.format('source_key')}"]
    op.execute(f"UPDATE thoughts SET size = 1500 + {' + '.join(terms)}")  # noqa: S608 - no value from outside
    op.create_index(op.f("ix_thoughts_state_size"), "thoughts", ["state", "size"])
    op.create_table(
        "removed_pairs",
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pair", name=op.f("pk_removed_pairs")),
        sqlite_with_rowid=False,
    )
