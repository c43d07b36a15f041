"""The pages elsewhere that a post is about, and whether they are told of it."""

import sqlalchemy as sa
from alembic import op

revision = "1024"
down_revision = "1023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("reply_to", "like_of", "repost_of", "bookmark_of"):
        op.add_column("posts", sa.Column(name, sa.Text()))
    op.add_column("posts", sa.Column("tells", sa.Boolean(), server_default=sa.true(), nullable=False))
