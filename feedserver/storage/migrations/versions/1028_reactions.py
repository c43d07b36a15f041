"""Likes, reposts and bookmarks stand in lines of names: who reacted, and what the counts of readers' pages need."""

import sqlalchemy as sa
from alembic import op

revision = "1028"
down_revision = "1027"
branch_labels = None
depends_on = None

_IS_NUMBERED = sa.text("state = 'shown' AND position > 0 AND person IS NULL")
_IS_REACTION = sa.text("state = 'shown' AND person IS NOT NULL")


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("person", sa.Text()))
    for columns, which in (
        (("post_id", "position", "received_at", "person", "state"), _IS_NUMBERED),
        (("post_id", "response", "person", "state"), _IS_REACTION),
        (("post_id", "response", "id"), _IS_REACTION),
    ):
        name = "_".join(("ix_thoughts", *columns))
        op.create_index(name, "thoughts", list(columns), sqlite_where=which, postgresql_where=which)
