"""Jobs know whom they burden and which process holds them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("holder", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("party", sa.Text(), nullable=True))
    op.create_index(op.f("ix_jobs_party"), "jobs", ["party"], unique=False)
