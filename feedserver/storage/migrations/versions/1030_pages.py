"""Pages of the site that are no posts, and the Atom ids of posts that keep another system's ids."""

import sqlalchemy as sa
from alembic import op

revision = "1030"
down_revision = "1029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("page", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("posts", sa.Column("menu", sa.Text()))
    op.add_column("posts", sa.Column("atom_id", sa.Text()))
    op.create_index(op.f("ix_posts_page"), "posts", ["page"], unique=False)
