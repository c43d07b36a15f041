"""An index of the pings that wait for their verification, for the shares of networks and source sites."""

import sqlalchemy as sa
from alembic import op

revision = "1016"
down_revision = "1015"
branch_labels = None
depends_on = None

_IS_RECEIVED = sa.text("state = 'received'")


def upgrade() -> None:
    op.create_index(
        "ix_thoughts_state_sender_network_source_site_size",
        "thoughts",
        ["state", "sender_network", "source_site", "size"],
        sqlite_where=_IS_RECEIVED,
        postgresql_where=_IS_RECEIVED,
    )
