"""Redirects from old addresses."""

import sqlalchemy as sa
from alembic import op

revision = "1031"
down_revision = "1030"
branch_labels = None
depends_on = None

_HAS_PARAMETERS = sa.text("parameters IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "redirects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("new_key", sa.Text()),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        sa.Column("parameters", sa.Text()),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_redirects_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redirects")),
        sa.UniqueConstraint("key", name=op.f("uq_redirects_key")),
    )
    op.create_index(op.f("ix_redirects_new_key"), "redirects", ["new_key"], unique=False)
    op.create_index(op.f("ix_redirects_post_id"), "redirects", ["post_id"], unique=False)
    op.create_index(
        op.f("ix_redirects_parameters"),
        "redirects",
        ["parameters"],
        unique=False,
        sqlite_where=_HAS_PARAMETERS,
        postgresql_where=_HAS_PARAMETERS,
    )
