"""What erasing, restoring posts and renewing the private feed's address need to know."""

import sqlalchemy as sa
from alembic import op

revision = "1022"
down_revision = "1021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("removed_pairs", sa.Column("thought_id", sa.BigInteger()))
    op.add_column("posts", sa.Column("deleted_from", sa.Text()))
    op.add_column("site", sa.Column("moderation_salt", sa.Text()))
