"""Numbers of tags, by which writing apps know them."""

import sqlalchemy as sa
from alembic import op

revision = "1039"
down_revision = "1038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_categories",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_categories")),
        sa.UniqueConstraint("folded", name=op.f("uq_app_categories_folded")),
    )
