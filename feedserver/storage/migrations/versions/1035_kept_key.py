"""The key of the hashes of what was removed, and of the checks of receipts, apart from the secret."""

import sqlalchemy as sa
from alembic import op

revision = "1035"
down_revision = "1034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("kept_key", sa.Text()))
