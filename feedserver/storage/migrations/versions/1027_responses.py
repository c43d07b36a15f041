"""What a source is to the post, and when it was published, as its microformats say.

In columns of their own, beside JSON too, as the program before reads the JSON with exactly the names that it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "1027"
down_revision = "1026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("response", sa.Text()))
    op.add_column("thoughts", sa.Column("published_at", sa.DateTime(timezone=True)))
    op.add_column("thoughts", sa.Column("pending_entry", sa.Text()))
    op.add_column("moderation_undo", sa.Column("entries", sa.Text()))
