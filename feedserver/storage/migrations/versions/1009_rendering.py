"""Which version of the program has rendered a post: HTML of the first schema holds frozen absolute URLs."""

import sqlalchemy as sa
from alembic import op

revision = "1009"
down_revision = "1008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("rendering", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_posts_rendering"), "posts", ["rendering"], unique=False)
