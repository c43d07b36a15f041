"""When the site was restored from a backup, until the operator says that the copy is the real one."""

import sqlalchemy as sa
from alembic import op

revision = "1021"
down_revision = "1020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("restored_at", sa.DateTime(timezone=True)))
