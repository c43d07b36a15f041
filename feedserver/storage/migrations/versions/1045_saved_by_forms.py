"""Which text of its post the form of a new one has saved last: the first, as far as older releases have noted."""

import sqlalchemy as sa
from alembic import op

revision = "1045"
down_revision = "1044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submissions", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
