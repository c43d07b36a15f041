"""What pages elsewhere are told of our posts."""

import sqlalchemy as sa
from alembic import op

revision = "1026"
down_revision = "1025"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "outgoing_pings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("post_id", _ID, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("page", "target")),
        *(sa.Column(name, sa.Text()) for name in ("source", "protocol", "endpoint")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_at", _TIME),
        sa.Column("receipt", sa.Text()),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("asks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_version", sa.Text()),
        sa.Column("due_version", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_pings"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_outgoing_pings_post_id"),
        sa.UniqueConstraint("post_id", "page", name="uq_outgoing_pings_post_id_page"),
    )
    op.create_table(
        "told_posts",
        sa.Column("post_id", _ID, nullable=False),
        sa.Column("links_before", sa.Text()),
        sa.PrimaryKeyConstraint("post_id", name="pk_told_posts"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_told_posts_post_id"),
    )
