"""The server notes its address, where other processes read it if no setting says `site.url`."""

import sqlalchemy as sa
from alembic import op

revision = "1019"
down_revision = "1018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("url", sa.Text))
