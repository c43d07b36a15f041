"""Who reads our feeds through our hub."""

import sqlalchemy as sa
from alembic import op

revision = "1025"
down_revision = "1024"
branch_labels = None
depends_on = None

_IS_ASKED = sa.text("asked_mode IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "websub_subscriptions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("topic_url", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("callback_hash", sa.Text(), nullable=False),
        sa.Column("callback_site", sa.Text(), nullable=False),
        sa.Column("places", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("pushed_etag", sa.Text()),
        sa.Column("pushed_at", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("asked_mode", sa.Text()),
        sa.Column("asked_lease", sa.Integer()),
        sa.Column("asked_secret", sa.Text()),
        sa.Column("asked_token", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_websub_subscriptions")),
        sa.UniqueConstraint("topic", "callback_hash", name=op.f("uq_websub_subscriptions_topic_callback_hash")),
    )
    indexed = (
        ["callback_site", "state", "places"],
        ["state", "lease_until"],
        ["state", "ended_at", "places"],
    )
    for columns in indexed:
        name = op.f(f"ix_websub_subscriptions_{'_'.join(columns)}")
        op.create_index(name, "websub_subscriptions", columns, unique=False)
    op.create_index(
        op.f("ix_websub_subscriptions_callback_hash"),
        "websub_subscriptions",
        ["callback_hash"],
        unique=False,
        sqlite_where=_IS_ASKED,
        postgresql_where=_IS_ASKED,
    )
