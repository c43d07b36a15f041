"""When the time of a job was set: so that a clock that was ahead delays none until it comes round."""

import sqlalchemy as sa
from alembic import op

revision = "1023"
down_revision = "1022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("planned_at", sa.DateTime(timezone=True)))
