"""Places of posts in their lists, for archives; what stood in each version of a feed, for deltas."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The posts that readers have seen so far, numbered within each list by their dates. The list of the site's author,
# who wrote the posts that name nobody, is made when the site opens: only the settings know the name.
_SEEN = "state IN ('published', 'deleted') AND published_at <= CURRENT_TIMESTAMP"
_FILL = """
    INSERT INTO places (list, position, post_id)
    SELECT list, ROW_NUMBER() OVER (PARTITION BY list ORDER BY published_at, post_id), post_id FROM (
        SELECT 'site' AS list, id AS post_id, published_at FROM posts WHERE {seen}
        UNION SELECT 'tag/' || post_tags.name, posts.id, published_at
            FROM post_tags JOIN posts ON posts.id = post_tags.post_id WHERE {seen}
        UNION SELECT 'author/' || post_authors.name, posts.id, published_at
            FROM post_authors JOIN posts ON posts.id = post_authors.post_id WHERE {seen}
    ) AS seen
"""


def upgrade() -> None:
    op.add_column("site", sa.Column("author", sa.Text(), nullable=True))
    op.add_column("feed_versions", sa.Column("entries", sa.Text(), nullable=True))
    op.create_table(
        "places",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_places_post_id")),
        sa.PrimaryKeyConstraint("list", "position", name=op.f("pk_places")),
        sa.UniqueConstraint("list", "post_id", name=op.f("uq_places_list_post_id")),
    )
    op.create_index(op.f("ix_places_post_id"), "places", ["post_id"], unique=False)
    op.execute(_FILL.format(seen=_SEEN))
