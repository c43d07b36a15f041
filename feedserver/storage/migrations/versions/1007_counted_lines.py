"""How many equal lines a line of a timeline stands for."""

import sqlalchemy as sa
from alembic import op

revision = "1007"
down_revision = "1006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("thought_events", sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
