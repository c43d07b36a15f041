"""Pictures and files, their smaller copies, and the posts that name them."""

import sqlalchemy as sa
from alembic import op

revision = "1032"
down_revision = "1031"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "media",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("hash", "name", "type")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("given", "alt")),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_media"),
    )
    op.create_index("ix_media_name", "media", ["name"])
    op.create_index("ix_media_given", "media", ["given"])
    op.create_table(
        "media_copies",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("media", "hash", "name", "type")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("width", "height")),
        sa.PrimaryKeyConstraint("media", "hash", name="pk_media_copies"),
        sa.ForeignKeyConstraint(["media"], ["media.hash"], name="fk_media_copies_media"),
    )
    op.create_index("ix_media_copies_hash", "media_copies", ["hash"])
    op.create_table(
        "post_media",
        sa.Column("post_id", _ID, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "reference", name="pk_post_media"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_post_media_post_id"),
        sa.ForeignKeyConstraint(["media"], ["media.hash"], name="fk_post_media_media"),
    )
    op.create_index("ix_post_media_media", "post_media", ["media"])
