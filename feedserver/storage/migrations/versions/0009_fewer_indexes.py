"""Without the indexes that no question asks for any more: posts are found by tag and author in their lists."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("post_tags", "post_authors"):
        op.drop_index(op.f(f"ix_{table}_name_post_id"), table_name=table)
