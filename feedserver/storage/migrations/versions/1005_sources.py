"""Sources by a hash of their key, and what they say on posts that they were not pinged for in a table of its own.

What was read at sources is forgotten: each is read whole the next time.
"""

import sqlalchemy as sa
from alembic import op

revision = "1005"
down_revision = "1004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("sources")
    op.create_table(
        "sources",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_expires_at"), "sources", ["expires_at"])
    op.create_table(
        "read_ahead",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_read_ahead")),
    )
    op.create_index(op.f("ix_read_ahead_fetched_at"), "read_ahead", ["fetched_at"])
