"""Saved texts of posts, when a post was deleted, previews, and the forms that posts were sent with."""

import sqlalchemy as sa
from alembic import op

revision = "1040"
down_revision = "1039"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The present text of each post; that of one that was erased is gone.
_FIRST = """
INSERT INTO revisions (post_id, number, at, via, title, source)
SELECT id, 1, updated_at,
    CASE WHEN id IN (SELECT our_id FROM imported WHERE kind = 'post') THEN 'import' ELSE 'cli' END, title, source
FROM posts WHERE source <> ''
"""


def upgrade() -> None:
    op.add_column("posts", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("posts", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.create_table(
        "revisions",
        sa.Column("post_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("via", "title", "source")),
        sa.PrimaryKeyConstraint("post_id", "number", name="pk_revisions"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_revisions_post_id"),
    )
    op.create_table(
        "submissions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("post_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_submissions"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_submissions_post_id"),
    )
    op.create_index("ix_submissions_post_id", "submissions", ["post_id"])
    op.create_table(
        "previews",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("post_id", _ID, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_previews"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_previews_post_id"),
    )
    op.create_index("ix_previews_post_id", "previews", ["post_id"])
    op.execute(_FIRST)
