"""The network of each client of today, so that one network cannot use up what a day has room for."""

import sqlalchemy as sa
from alembic import op

revision = "1012"
down_revision = "1011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reader_hashes", sa.Column("network", sa.Text()))
    op.create_index(op.f("ix_reader_hashes_day_network"), "reader_hashes", ["day", "network"])
