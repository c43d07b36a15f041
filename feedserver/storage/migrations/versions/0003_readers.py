"""Who reads the feeds, a day at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reader_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("readers", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "reader", name=op.f("pk_reader_counts")),
    )
    op.create_table(
        "reader_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("not_modified", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("subscribers", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("day", "reader", "feed", name=op.f("pk_reader_days")),
    )
    op.create_table(
        "reader_keys",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_reader_keys")),
    )
    op.create_table(
        "reader_marks",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "mark", name=op.f("pk_reader_marks")),
    )


def downgrade() -> None:
    op.drop_table("reader_marks")
    op.drop_table("reader_keys")
    op.drop_table("reader_days")
    op.drop_table("reader_counts")
