"""What was imported, the thoughts that others answer, and changes of feeds that are an import's."""

import sqlalchemy as sa
from alembic import op

revision = "1033"
down_revision = "1032"
branch_labels = None
depends_on = None

_ANSWERS = sa.text("parent_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("parent_id", sa.BigInteger()))
    op.create_index(
        op.f("ix_thoughts_parent_id"),
        "thoughts",
        ["parent_id"],
        unique=False,
        sqlite_where=_ANSWERS,
        postgresql_where=_ANSWERS,
    )
    op.add_column("websub_topics", sa.Column("quiet_revision", sa.BigInteger()))
    op.create_table(
        "imported",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("our_id", sa.BigInteger()),
        sa.Column("media", sa.Text()),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lacking", sa.Text()),
        sa.PrimaryKeyConstraint("origin", "kind", "key", name=op.f("pk_imported")),
    )
    op.create_index(op.f("ix_imported_kind_our_id"), "imported", ["kind", "our_id"], unique=False)
