"""Each account undoes its own moderation actions, and rules for places are undone like others."""

import sqlalchemy as sa
from alembic import op

revision = "1037"
down_revision = "1036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("moderation_actions", sa.Column("account", sa.Text()))
    op.add_column("moderation_actions", sa.Column("rules", sa.Text()))
