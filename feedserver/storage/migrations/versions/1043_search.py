"""What search goes by. The index itself is made of it at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "1043"
down_revision = "1042"
branch_labels = None
depends_on = None

_HAS_NO_ENTRIES = sa.text("entries IS NULL")


def upgrade() -> None:
    op.create_table(
        "search_texts",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("cutting", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Text()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_search_texts_post_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_search_texts")),
    )
    op.create_index(
        op.f("ix_search_texts_post_id"),
        "search_texts",
        ["post_id"],
        unique=False,
        sqlite_where=_HAS_NO_ENTRIES,
        postgresql_where=_HAS_NO_ENTRIES,
    )
    op.create_index(
        op.f("ix_search_texts_cutting_updated_at_post_id"),
        "search_texts",
        ["cutting", "updated_at", "post_id"],
        unique=False,
    )
    op.create_index(op.f("ix_posts_state_updated_at_id"), "posts", ["state", "updated_at", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":  # texts beside the rows: else questions would read them too
        op.execute("ALTER TABLE search_texts SET (toast_tuple_target = 128)")
