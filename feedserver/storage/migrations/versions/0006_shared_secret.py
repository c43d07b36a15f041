"""The secret that signs forms, where every machine finds it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("secret", sa.Text(), nullable=True))
