"""What waits to be pushed to readers, and which feeds were looked at for it."""

import sqlalchemy as sa
from alembic import op

revision = "1029"
down_revision = "1028"
branch_labels = None
depends_on = None

_WAITS = sa.text("next_push_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("websub_subscriptions", sa.Column("waiting_etag", sa.Text()))
    op.add_column("websub_subscriptions", sa.Column("failing_since", sa.DateTime(timezone=True)))
    op.add_column("websub_subscriptions", sa.Column("next_push_at", sa.DateTime(timezone=True)))
    op.add_column("websub_subscriptions", sa.Column("push_seconds", sa.Float()))
    op.create_index(
        op.f("ix_websub_subscriptions_next_push_at"),
        "websub_subscriptions",
        ["next_push_at"],
        unique=False,
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    op.create_table(
        "websub_topics",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger()),
        sa.Column("etag", sa.Text()),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_websub_topics")),
    )
