"""In which language the posts are that name none; null until the next start has looked."""

import sqlalchemy as sa
from alembic import op

revision = "1044"
down_revision = "1043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("language", sa.Text()))
