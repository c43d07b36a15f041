"""Lists of posts with places for archives; what stood in each version of a feed, for deltas."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Posts that readers have seen are numbered within each list by their dates; those to come have no number yet. The list
# of the site's author, who wrote the posts that name nobody, is made when the site opens: only the settings know who.
_FILL = """
    INSERT INTO listed (list, post_id, published_at, position)
    SELECT list, id, CASE WHEN state = 'published' THEN published_at END,
           CASE WHEN seen THEN ROW_NUMBER() OVER (PARTITION BY list, seen ORDER BY published_at, id) END
    FROM (
        SELECT list, id, state, published_at, published_at <= CURRENT_TIMESTAMP AS seen
        FROM posts JOIN (
            SELECT 'site' AS list, id AS post_id FROM posts
            UNION SELECT 'tag/' || name, post_id FROM post_tags
            UNION SELECT 'author/' || name, post_id FROM post_authors
        ) AS memberships ON memberships.post_id = posts.id
        WHERE state = 'published' OR (state = 'deleted' AND published_at <= CURRENT_TIMESTAMP)
    ) AS standing
"""
_COUNT = """
    INSERT INTO lists (list, members)
    SELECT list, COUNT(published_at) FROM listed GROUP BY list
"""


def upgrade() -> None:
    op.add_column("site", sa.Column("author", sa.Text(), nullable=True))
    op.add_column("site", sa.Column("archive_size", sa.Integer(), nullable=True))
    op.add_column("feed_versions", sa.Column("entries", sa.Text(), nullable=True))
    op.create_table(
        "lists",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list", name=op.f("pk_lists")),
    )
    op.create_table(
        "listed",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_listed_post_id")),
        sa.PrimaryKeyConstraint("list", "post_id", name=op.f("pk_listed")),
        sa.UniqueConstraint("list", "position", name=op.f("uq_listed_list_position")),
    )
    op.create_index(
        op.f("ix_listed_list_published_at_post_id"), "listed", ["list", "published_at", "post_id"], unique=False
    )
    op.create_index(op.f("ix_listed_post_id"), "listed", ["post_id"], unique=False)
    op.execute(_FILL)
    op.execute(_COUNT)
