"""When the site was last backed up."""

import sqlalchemy as sa
from alembic import op

revision = "1034"
down_revision = "1033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("backed_up_at", sa.DateTime(timezone=True)))
